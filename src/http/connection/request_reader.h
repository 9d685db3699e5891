// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/wire/chunked_decoder.h"
#include "http/wire/request_head_parser.h"

#include <optional>

namespace gatehouse {

struct RequestLimits
{
    HeadLimits head;
    qint64 maxBodyBytes = 16 * 1024 * 1024;
};

/// Reads complete requests off a connection, one after the other. Memory grows with what has come, never with
/// what was announced. Errors are those of RequestHeadParser and ChunkedDecoder; all end the connection.
class RequestReader
{
public:
    enum class Progress {
        NeedMore,        ///< Everything was taken.
        HeadComplete,    ///< head() stands, a body follows; feed() goes on.
        RequestComplete, ///< head() and takeBody() stand, until next().
        Failed,          ///< error() says why; head() stands if hasHead().
    };

    explicit RequestReader(const RequestLimits &limits);

    /// Takes bytes off the front of `bytes`.
    [[nodiscard]] Progress feed(QByteArrayView &bytes);

    /// Makes ready for the next request.
    void next();

    [[nodiscard]] bool isIdle() const { return m_stage == Stage::Head && m_headParser.isIdle(); }
    [[nodiscard]] bool isComplete() const { return m_stage == Stage::Done; }
    [[nodiscard]] bool hasHead() const { return m_hasHead; }
    [[nodiscard]] const RequestHead &head() const { return m_head; }
    [[nodiscard]] QByteArray takeBody() { return std::exchange(m_body, {}); }
    [[nodiscard]] const Error &error() const { return m_error; }

private:
    enum class Stage { Head, Body, Done, Failed };

    Progress readHead(QByteArrayView &bytes);
    Progress readBody(QByteArrayView &bytes);
    Progress readChunks(QByteArrayView &bytes);
    Progress fail(Error error);

    const RequestLimits m_limits;
    RequestHeadParser m_headParser;
    std::optional<ChunkedDecoder> m_chunks;
    Stage m_stage = Stage::Head;
    bool m_hasHead = false;
    RequestHead m_head;
    QByteArray m_body;
    Error m_error;
};

} // namespace gatehouse
