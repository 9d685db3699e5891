// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/token_lists.h"

#include <charconv>
#include <optional>
#include <system_error>

namespace gatehouse {

namespace {

/// Megabytes of numbers, read in the thread that also answers chats: so by hand, and no document is built.
class Reader
{
public:
    explicit Reader(QByteArrayView json)
        : m_at(json.begin())
        , m_end(json.end())
    {}

    [[nodiscard]] std::optional<QList<Tokens>> read()
    {
        QList<Tokens> lists;
        skipSpace();
        const char *begun = m_at;
        if (!take('['))
            return {};
        if (m_at == m_end || *m_at != '[') {
            m_at = begun;
            lists.append(Tokens());
            return readList(lists.last()) && m_at == m_end ? std::optional(lists) : std::nullopt;
        }
        do {
            lists.append(Tokens());
            if (!readList(lists.last()))
                return {};
        } while (take(','));
        return take(']') && m_at == m_end ? std::optional(lists) : std::nullopt;
    }

private:
    [[nodiscard]] bool readList(Tokens &tokens)
    {
        if (!take('['))
            return false;
        if (take(']'))
            return true;
        do {
            if (!readNumber(tokens))
                return false;
        } while (take(','));
        return take(']');
    }

    [[nodiscard]] bool readNumber(Tokens &tokens)
    {
        Token token = -1;
        const auto [next, error] = std::from_chars(m_at, m_end, token);
        if (error == std::errc::invalid_argument)
            return false;
        tokens.push_back(error == std::errc() ? token : -1);
        m_at = next;
        skipSpace();
        return true;
    }

    [[nodiscard]] bool take(char wanted)
    {
        if (m_at == m_end || *m_at != wanted)
            return false;
        ++m_at;
        skipSpace();
        return true;
    }

    void skipSpace()
    {
        while (m_at != m_end && (*m_at == ' ' || *m_at == '\n' || *m_at == '\r' || *m_at == '\t'))
            ++m_at;
    }

    const char *m_at;
    const char *m_end;
};

} // namespace

Result<QList<Tokens>> readTokenLists(QByteArrayView json)
{
    std::optional<QList<Tokens>> lists = Reader(json).read();
    if (!lists) {
        return Error{.code = ErrorCode::InvalidRequest,
                     .message =
                         QStringLiteral("'input' is no list of token numbers, and no list of such lists."),
                     .param = "input"};
    }
    return std::move(*lists);
}

} // namespace gatehouse
