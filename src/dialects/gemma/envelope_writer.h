// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/json/writer.h"

namespace gatehouse::gemma {

/// Writes one message `{"type", "session_id", "data": {…}}`: what is written to data(), then finish().
class EnvelopeWriter
{
public:
    EnvelopeWriter(QByteArrayView type, QByteArrayView sessionId)
        : m_writer(m_text)
    {
        m_writer.beginObject().key("type").string(type).key("session_id").string(sessionId);
        m_writer.key("data").beginObject();
    }
    Q_DISABLE_COPY_MOVE(EnvelopeWriter)

    [[nodiscard]] json::Writer &data() { return m_writer; }

    [[nodiscard]] QByteArray finish()
    {
        m_writer.endObject().endObject();
        return m_text;
    }

private:
    QByteArray m_text;
    json::Writer m_writer;
};

} // namespace gatehouse::gemma
