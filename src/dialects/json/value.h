// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <cstddef>
#include <iterator>
#include <optional>

namespace gatehouse::json {

class Document;

enum class Kind : quint8 { Null, Boolean, Number, String, Array, Object };

/// A word for a kind as error messages use it: `a string`, `an array`.
[[nodiscard]] const char *kindName(Kind kind);

/// One value of a Document, or none. A pair of words, copied freely; valid until the document parses again or
/// dies. Asking for what the value is not is answered with "nothing", never with an error, so that a chain
/// such as `usage.find("details").find("cached")` needs no checks.
class Value
{
public:
    class Iterator;

    Value() = default; ///< No value.

    [[nodiscard]] bool exists() const { return m_document != nullptr; }
    [[nodiscard]] Kind kind() const;                                   ///< Null where there is no value.
    [[nodiscard]] bool isNull() const { return kind() == Kind::Null; } ///< Also where there is none.
    [[nodiscard]] bool isNumber() const { return kind() == Kind::Number; }
    [[nodiscard]] bool isString() const { return kind() == Kind::String; }
    [[nodiscard]] bool isArray() const { return kind() == Kind::Array; }
    [[nodiscard]] bool isObject() const { return kind() == Kind::Object; }

    /// The value's text as it came, a view into the document; empty where there is none.
    [[nodiscard]] QByteArrayView raw() const;

    /// A string's characters. A lone surrogate (`\ud83d`), which UTF-8 cannot hold, becomes U+FFFD.
    [[nodiscard]] QByteArray string() const;
    [[nodiscard]] bool isTrue() const;
    /// The nearest double; nothing for a number beyond its range.
    [[nodiscard]] std::optional<double> number() const;
    /// The number, if it is whole and fits: also `3.0` and `3e2`, as some languages write whole numbers.
    [[nodiscard]] std::optional<qint64> integer() const;

    /// An object's member; of several of one name the last one, as most parsers have it.
    [[nodiscard]] Value find(QByteArrayView name) const;
    /// A member's name; empty for what is not a member.
    [[nodiscard]] QByteArray name() const;
    [[nodiscard]] bool isNamed(QByteArrayView name) const;

    /// The elements of an array or the members of an object, in the order they came.
    [[nodiscard]] Iterator begin() const;
    [[nodiscard]] Iterator end() const;
    [[nodiscard]] bool isEmpty() const;
    [[nodiscard]] qsizetype size() const; ///< Counts: linear.

private:
    friend class Document;
    Value(const Document *document, quint32 node)
        : m_document(document)
        , m_node(node)
    {}

    const Document *m_document = nullptr;
    quint32 m_node = 0;
};

class Value::Iterator
{
public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Value;
    using difference_type = std::ptrdiff_t;
    using pointer = const Value *;
    using reference = Value;

    Iterator() = default;
    Value operator*() const { return m_at; }
    Iterator &operator++();
    Iterator operator++(int)
    {
        Iterator before = *this;
        ++*this;
        return before;
    }
    bool operator==(const Iterator &other) const { return m_at.m_node == other.m_at.m_node; }

private:
    friend class Value;
    explicit Iterator(Value at)
        : m_at(at)
    {}
    Value m_at;
};

} // namespace gatehouse::json
