// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/embeddings_reader.h"

#include "dialects/openai/upstream_error.h"

namespace gatehouse {

EmbeddingsReader::EmbeddingsReader(Decode decode, qsizetype inputs, qsizetype maxBytes)
    : m_decode(decode)
    , m_inputs(inputs)
    , m_maxBytes(maxBytes)
{}

void EmbeddingsReader::append(const QByteArray &bytes)
{
    m_overflowed = m_overflowed || bytes.size() > m_maxBytes - m_body.size();
    if (!m_overflowed)
        m_body += bytes;
}

std::optional<ChatEvents> EmbeddingsReader::next()
{
    if (!m_overflowed)
        return std::nullopt;
    return ChatEvents{AnswerFailed{openai::garbageError(QStringLiteral("the vectors are too long"))}};
}

ChatEvents EmbeddingsReader::end()
{
    return m_decode(m_body, m_inputs);
}

} // namespace gatehouse
