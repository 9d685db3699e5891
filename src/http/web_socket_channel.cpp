// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/web_socket_channel.h"

#include "moc_web_socket_channel.cpp"
