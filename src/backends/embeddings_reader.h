// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/answer_reader.h"

#include <QByteArray>

namespace gatehouse {

/// An answer with vectors, which comes in one piece whatever the server.
class EmbeddingsReader final : public AnswerReader
{
public:
    /// A dialect's decodeEmbeddings().
    using Decode = ChatEvents (*)(QByteArrayView body, qsizetype inputs);

    /// `inputs` is how many vectors were asked for; `maxBytes` bounds the body.
    EmbeddingsReader(Decode decode, qsizetype inputs, qsizetype maxBytes);

    void begin(const QByteArray &) override {}
    void append(const QByteArray &bytes) override;
    [[nodiscard]] std::optional<ChatEvents> next() override;
    [[nodiscard]] ChatEvents end() override;

private:
    Decode m_decode;
    qsizetype m_inputs;
    qsizetype m_maxBytes;
    QByteArray m_body;
    bool m_overflowed = false;
};

} // namespace gatehouse
