// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/answer_head.h"

namespace gatehouse::openai {

QByteArrayView finishReasonName(FinishReason reason)
{
    switch (reason) {
    case FinishReason::Stop:
        return "stop";
    case FinishReason::Length:
        return "length";
    case FinishReason::ToolCalls:
        return "tool_calls";
    case FinishReason::ContentFilter:
        return "content_filter";
    case FinishReason::Cancelled:
        return "cancelled";
    case FinishReason::Error:
        return "error";
    }
    Q_UNREACHABLE();
}

} // namespace gatehouse::openai
