// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/response_sink.h"

#include "moc_response_sink.cpp"
