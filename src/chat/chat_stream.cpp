// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat/chat_stream.h"

#include "moc_chat_stream.cpp"
