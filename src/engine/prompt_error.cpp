// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/prompt_error.h"

namespace gatehouse {

Error contextExceeded(int contextLength, const QByteArray &param, std::optional<std::size_t> tokens)
{
    const QString what = QString::fromUtf8(param);
    QString message = QStringLiteral("This model's maximum context length is %1 tokens. ").arg(contextLength);
    message += tokens ? QStringLiteral("However, your %1 resulted in %2 tokens. ").arg(what).arg(*tokens)
                      : QStringLiteral("However, your %1 are longer. ").arg(what);
    message += QStringLiteral("Please reduce the length of the %1.").arg(what);
    return {.code = ErrorCode::InvalidRequest,
            .message = message,
            .param = param,
            .reason = "context_length_exceeded"};
}

} // namespace gatehouse
