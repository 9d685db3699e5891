// SPDX-License-Identifier: GPL-3.0-or-later
// The only file that sees simdjson. Its stage 1 does what costs (UTF-8, finding strings, refusing bare
// control characters), its On-Demand iterator the grammar of containers. On-Demand leaves unread scalars
// unchecked, so the Indexer reads every one.
#include "dialects/json/document.h"

#include "dialects/json/text.h"

#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <cstring>
#include <limits>
#include <memory>

namespace gatehouse::json {

namespace ondemand = simdjson::ondemand;

namespace {

bool isSpace(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/// The parser's working memory (about six times the text) is kept by the thread for common sizes only: one
/// large body must not stay resident.
class ParserLease
{
public:
    explicit ParserLease(std::size_t size)
    {
        constexpr std::size_t keptSize = 64 * 1024;
        static thread_local ondemand::parser kept;
        if (size <= keptSize) {
            m_parser = &kept;
        } else {
            m_own = std::make_unique<ondemand::parser>();
            m_parser = m_own.get();
        }
    }
    ondemand::parser &operator*() { return *m_parser; }

private:
    std::unique_ptr<ondemand::parser> m_own;
    ondemand::parser *m_parser = nullptr;
};

} // namespace

/// Walks one text and writes the nodes. A false answer means that the text is refused; tooLarge and tooDeep
/// tell when grammar is not the reason.
class Indexer
{
public:
    Indexer(std::vector<Document::Node> &nodes, QByteArrayView text, const Limits &limits)
        : m_nodes(nodes)
        , m_text(text)
        , m_limits(limits)
    {}

    bool indexRoot(ondemand::document &document)
    {
        ondemand::value root;
        if (document.get_value().get(root) != simdjson::SUCCESS || !index(root, 1))
            return false;
        // A location past the root means that something follows it.
        return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
    }

    bool tooLarge = false;
    bool tooDeep = false;

private:
    using Node = Document::Node;

    bool index(ondemand::value value, int depth)
    {
        if (m_nodes.size() >= static_cast<std::size_t>(m_limits.values)) {
            tooLarge = true;
            return false;
        }
        const std::size_t self = m_nodes.size();
        const std::string_view token = value.raw_json_token();
        m_nodes.push_back({.begin = offset(token.data())});
        ondemand::json_type type;
        if (value.type().get(type) != simdjson::SUCCESS)
            return false;
        const bool container = type == ondemand::json_type::object || type == ondemand::json_type::array;
        if (!(container ? indexContainer(value, type, {.self = self, .depth = depth})
                        : indexScalar(token, type, m_nodes[self])))
            return false;
        // A string left unread is skipped as if it might be a name, with a colon after it: ["a":1] would
        // pass.
        if (type == ondemand::json_type::string && value.get_raw_json_string().error() != simdjson::SUCCESS)
            return false;
        m_nodes[self].next = static_cast<quint32>(m_nodes.size());
        return true;
    }

    struct Place
    {
        std::size_t self;
        int depth;
    };

    bool indexContainer(ondemand::value &value, ondemand::json_type type, Place place)
    {
        if (place.depth > m_limits.depth) {
            tooDeep = true;
            return false;
        }
        const bool isObject = type == ondemand::json_type::object;
        m_nodes[place.self].kind = isObject ? Kind::Object : Kind::Array;
        if (!(isObject ? indexMembers(value, place.depth) : indexElements(value, place.depth)))
            return false;
        m_nodes[place.self].end = endBeforeNextToken(value);
        return true;
    }

    bool indexMembers(ondemand::value &value, int depth)
    {
        ondemand::object object;
        if (value.get_object().get(object) != simdjson::SUCCESS)
            return false;
        for (auto result : object) {
            ondemand::field field;
            if (std::move(result).get(field) != simdjson::SUCCESS)
                return false;
            const std::size_t child = m_nodes.size();
            const char *key = field.key().raw();
            if (!index(field.value(), depth + 1) || !readKey(key, m_nodes[child]))
                return false;
        }
        return true;
    }

    bool indexElements(ondemand::value &value, int depth)
    {
        ondemand::array array;
        if (value.get_array().get(array) != simdjson::SUCCESS)
            return false;
        for (auto result : array) {
            ondemand::value element;
            if (std::move(result).get(element) != simdjson::SUCCESS || !index(element, depth + 1))
                return false;
        }
        return true;
    }

    /// The token of a scalar reaches up to the next token, so white space may follow the value in it.
    bool indexScalar(std::string_view token, ondemand::json_type type, Node &node)
    {
        while (!token.empty() && isSpace(token.back()))
            token.remove_suffix(1);
        node.end = node.begin + static_cast<quint32>(token.size());
        switch (type) {
        case ondemand::json_type::string:
            node.kind = Kind::String;
            return readString(token, node);
        case ondemand::json_type::number:
            node.kind = Kind::Number;
            return isNumber(token);
        case ondemand::json_type::boolean:
            node.kind = Kind::Boolean;
            return token == "true" || token == "false";
        case ondemand::json_type::null:
            node.kind = Kind::Null;
            return token == "null";
        case ondemand::json_type::object:
        case ondemand::json_type::array:
            break;
        }
        Q_UNREACHABLE();
    }

    static bool readString(std::string_view token, Node &node)
    {
        if (token.size() < 2 || token.back() != '"')
            return false;
        const QByteArrayView inside(token.data() + 1, static_cast<qsizetype>(token.size()) - 2);
        node.escaped = inside.contains('\\');
        return !node.escaped || hasValidEscapes(inside);
    }

    bool readKey(const char *key, Node &node)
    {
        const char *end = key;
        for (; *end != '"'; ++end) { // Stage 1 has made sure that every string ends.
            if (*end == '\\') {
                node.keyEscaped = true;
                ++end;
            }
        }
        node.isMember = true;
        node.keyEnd = offset(end);
        node.keySize = static_cast<quint32>(end - key);
        return !node.keyEscaped || hasValidEscapes({key, end - key});
    }

    /// Just after a container, the iterator stands on what follows it; its bracket is the last byte before
    /// that is not white space.
    quint32 endBeforeNextToken(ondemand::value &value) const
    {
        const char *next = nullptr;
        if (value.current_location().get(next) != simdjson::SUCCESS)
            next = m_text.data() + m_text.size();
        while (isSpace(next[-1])) // Its opening bracket is before it at the latest.
            --next;
        return offset(next);
    }

    quint32 offset(const char *at) const { return static_cast<quint32>(at - m_text.data()); }

    std::vector<Node> &m_nodes;
    QByteArrayView m_text;
    const Limits &m_limits;
};

Document::Status Document::parse(QByteArrayView text, const Limits &limits)
{
    m_nodes.clear();
    if (text.size() > limits.bytes || text.size() > std::numeric_limits<qint32>::max())
        return Status::TooLarge;
    const auto size = static_cast<std::size_t>(text.size());
    m_text.resize(size + simdjson::SIMDJSON_PADDING);
    if (size > 0)
        std::memcpy(m_text.data(), text.data(), size);
    // The iterator looks at the byte behind the text to see that it ends there: an earlier text's would
    // mislead it.
    std::memset(m_text.data() + size, 0, simdjson::SIMDJSON_PADDING);

    ParserLease parser(size);
    ondemand::document document;
    Indexer indexer(m_nodes, {m_text.data(), text.size()}, limits);
    const bool parsed =
        (*parser).iterate(m_text.data(), size, m_text.size()).get(document) == simdjson::SUCCESS;
    if (parsed && indexer.indexRoot(document))
        return Status::Valid;
    m_nodes.clear();
    if (indexer.tooLarge)
        return Status::TooLarge;
    return indexer.tooDeep ? Status::TooDeep : Status::NotJson;
}

} // namespace gatehouse::json
