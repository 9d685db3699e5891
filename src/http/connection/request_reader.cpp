// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/connection/request_reader.h"

namespace gatehouse {

RequestReader::RequestReader(const RequestLimits &limits)
    : m_limits(limits)
    , m_headParser(limits.head)
{}

RequestReader::Progress RequestReader::feed(QByteArrayView &bytes)
{
    switch (m_stage) {
    case Stage::Head:
        return readHead(bytes);
    case Stage::Body:
        return m_chunks ? readChunks(bytes) : readBody(bytes);
    case Stage::Done:
        return Progress::RequestComplete;
    case Stage::Failed:
        break;
    }
    return Progress::Failed;
}

RequestReader::Progress RequestReader::readHead(QByteArrayView &bytes)
{
    const FeedResult result = m_headParser.feed(bytes);
    if (result.state == FeedResult::State::Failed)
        return fail(m_headParser.error());
    bytes = bytes.sliced(result.consumed);
    if (result.state == FeedResult::State::NeedMore)
        return Progress::NeedMore;

    m_head = m_headParser.takeHead();
    m_hasHead = true;
    if (m_head.framing == RequestHead::Framing::Chunked) {
        m_chunks.emplace(m_limits.maxBodyBytes);
    } else if (m_head.contentLength > m_limits.maxBodyBytes) {
        return fail(
            {.code = ErrorCode::PayloadTooLarge,
             .message =
                 QStringLiteral("The body is over the limit of %1 bytes.").arg(m_limits.maxBodyBytes)});
    } else if (m_head.contentLength == 0) {
        m_stage = Stage::Done;
        return Progress::RequestComplete;
    }
    m_stage = Stage::Body;
    return Progress::HeadComplete;
}

RequestReader::Progress RequestReader::readBody(QByteArrayView &bytes)
{
    const qsizetype taken = qMin<qint64>(bytes.size(), m_head.contentLength - m_body.size());
    m_body.append(bytes.first(taken));
    bytes = bytes.sliced(taken);
    if (m_body.size() < m_head.contentLength)
        return Progress::NeedMore;
    m_stage = Stage::Done;
    return Progress::RequestComplete;
}

RequestReader::Progress RequestReader::readChunks(QByteArrayView &bytes)
{
    const FeedResult result = m_chunks->feed(bytes, m_body);
    if (result.state == FeedResult::State::Failed)
        return fail(m_chunks->error());
    bytes = bytes.sliced(result.consumed);
    if (result.state == FeedResult::State::NeedMore)
        return Progress::NeedMore;
    m_stage = Stage::Done;
    return Progress::RequestComplete;
}

void RequestReader::next()
{
    m_stage = Stage::Head;
    m_hasHead = false;
    m_head = {};
    m_body = {};
    m_chunks.reset();
}

RequestReader::Progress RequestReader::fail(Error error)
{
    m_stage = Stage::Failed;
    m_error = std::move(error);
    m_body = {};
    return Progress::Failed;
}

} // namespace gatehouse
