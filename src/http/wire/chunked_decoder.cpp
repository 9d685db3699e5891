// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/wire/chunked_decoder.h"

#include "http/wire/field_syntax.h"

#include <limits>
#include <optional>

namespace gatehouse {

namespace {

constexpr qsizetype maxSizeDigits = 16;
constexpr qsizetype maxExtensionBytes = 256; // A line; nobody is known to send any.
constexpr qsizetype maxExtensionBytesInBody = 16 * 1024;
constexpr qsizetype maxTrailerBytes = 8 * 1024;

int hexValue(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<qint64> parseChunkSize(QByteArrayView digits)
{
    if (digits.isEmpty() || digits.size() > maxSizeDigits)
        return std::nullopt;
    quint64 size = 0;
    for (const char c : digits) {
        const int value = hexValue(c);
        if (value < 0)
            return std::nullopt;
        size = size << 4 | static_cast<quint64>(value);
    }
    if (size > static_cast<quint64>(std::numeric_limits<qint64>::max()))
        return std::nullopt;
    return static_cast<qint64>(size);
}

} // namespace

ChunkedDecoder::ChunkedDecoder(qint64 maxBodyBytes)
    : m_maxBodyBytes(maxBodyBytes)
{}

FeedResult ChunkedDecoder::feed(QByteArrayView bytes, QByteArray &body)
{
    const qsizetype size = bytes.size();
    while (m_stage != Stage::Done && m_stage != Stage::Failed) {
        if (!advance(bytes, body))
            return {FeedResult::State::NeedMore, size};
    }
    return {m_stage == Stage::Done ? FeedResult::State::Done : FeedResult::State::Failed,
            size - bytes.size()};
}

// False where nothing more can be done with the bytes that there are.
bool ChunkedDecoder::advance(QByteArrayView &bytes, QByteArray &body)
{
    if (m_stage != Stage::Data)
        return advanceLine(bytes);
    if (bytes.isEmpty())
        return false;
    takeData(bytes, body);
    return true;
}

bool ChunkedDecoder::advanceLine(QByteArrayView &bytes)
{
    switch (m_lines.next(bytes, lineLimit())) {
    case LineScanner::Outcome::NeedMore:
        return false;
    case LineScanner::Outcome::ControlCharacter:
        fail(ErrorCode::InvalidRequest, "Malformed chunk.");
        break;
    case LineScanner::Outcome::TooLong:
        if (m_stage == Stage::Trailers)
            fail(ErrorCode::HeadersTooLarge, "The trailers are too large.");
        else
            fail(ErrorCode::InvalidRequest, "Malformed chunk.");
        break;
    case LineScanner::Outcome::Line:
        takeLine(m_lines.line());
        break;
    }
    return true;
}

void ChunkedDecoder::takeData(QByteArrayView &bytes, QByteArray &body)
{
    const qint64 count = qMin<qint64>(bytes.size(), m_chunkRemaining);
    body.append(bytes.first(count));
    bytes = bytes.sliced(count);
    m_chunkRemaining -= count;
    if (m_chunkRemaining == 0)
        m_stage = Stage::DataEnd;
}

void ChunkedDecoder::takeLine(QByteArrayView line)
{
    if (m_stage == Stage::Size)
        takeSizeLine(line);
    else if (m_stage == Stage::DataEnd)
        m_stage = Stage::Size; // Its limit of no characters let nothing but the bare CRLF pass.
    else if (line.isEmpty())
        m_stage = Stage::Done;
    else
        takeTrailer(line);
}

void ChunkedDecoder::takeSizeLine(QByteArrayView line)
{
    const qsizetype semicolon = line.indexOf(';');
    const std::optional<qint64> size = parseChunkSize(semicolon < 0 ? line : line.first(semicolon));
    if (!size)
        return fail(ErrorCode::InvalidRequest, "Malformed chunk size.");
    m_extensionBytes += semicolon < 0 ? 0 : line.size() - semicolon;
    if (m_extensionBytes > maxExtensionBytesInBody)
        return fail(ErrorCode::InvalidRequest, "Too many chunk extensions.");
    if (*size > m_maxBodyBytes - m_bodyBytes)
        return fail(ErrorCode::PayloadTooLarge, "The request body is too large.");
    m_bodyBytes += *size;
    m_chunkRemaining = *size;
    m_stage = *size > 0 ? Stage::Data : Stage::Trailers;
}

void ChunkedDecoder::takeTrailer(QByteArrayView line)
{
    m_trailerBytes += line.size() + 2;
    if (!splitFieldLine(line))
        fail(ErrorCode::InvalidRequest, "Malformed trailer field.");
}

qsizetype ChunkedDecoder::lineLimit() const
{
    switch (m_stage) {
    case Stage::Size:
        return maxSizeDigits + maxExtensionBytes;
    case Stage::Trailers:
        return maxTrailerBytes - m_trailerBytes;
    case Stage::Data:
    case Stage::DataEnd:
    case Stage::Done:
    case Stage::Failed:
        break;
    }
    return 0;
}

void ChunkedDecoder::fail(ErrorCode code, const char *message)
{
    m_stage = Stage::Failed;
    m_error = Error{.code = code, .message = QString::fromLatin1(message)};
}

} // namespace gatehouse
