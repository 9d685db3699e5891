// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/json/value.h"

#include "dialects/json/document.h"
#include "dialects/json/text.h"

#include <charconv>
#include <cmath>

namespace gatehouse::json {

const char *kindName(Kind kind)
{
    switch (kind) {
    case Kind::Null:
        return "null";
    case Kind::Boolean:
        return "a boolean";
    case Kind::Number:
        return "a number";
    case Kind::String:
        return "a string";
    case Kind::Array:
        return "an array";
    case Kind::Object:
        return "an object";
    }
    Q_UNREACHABLE();
}

Kind Value::kind() const
{
    return m_document ? m_document->m_nodes[m_node].kind : Kind::Null;
}

QByteArrayView Value::raw() const
{
    if (!m_document)
        return {};
    const Document::Node &node = m_document->m_nodes[m_node];
    return m_document->text(node.begin, node.end);
}

QByteArray Value::string() const
{
    if (!isString())
        return {};
    const QByteArrayView quoted = raw();
    const QByteArrayView inside = quoted.sliced(1, quoted.size() - 2);
    return m_document->m_nodes[m_node].escaped ? unescaped(inside) : inside.toByteArray();
}

bool Value::isTrue() const
{
    return kind() == Kind::Boolean && raw().size() == 4;
}

std::optional<double> Value::number() const
{
    if (!isNumber())
        return {};
    const QByteArrayView text = raw();
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc())
        return {};
    return value;
}

std::optional<qint64> Value::integer() const
{
    if (!isNumber())
        return {};
    const QByteArrayView text = raw();
    const char *const textEnd = text.data() + text.size();
    qint64 value = 0;
    const auto [end, error] = std::from_chars(text.data(), textEnd, value);
    if (error == std::errc() && end == textEnd)
        return value;
    const std::optional<double> real = number();
    constexpr double exactBelow =
        9007199254740992.0; // 2^53: beyond it a double no longer tells neighbours apart.
    if (real && std::trunc(*real) == *real && std::abs(*real) < exactBelow)
        return static_cast<qint64>(*real);
    return {};
}

Value Value::find(QByteArrayView name) const
{
    Value found;
    if (isObject()) {
        for (const Value member : *this) {
            if (member.isNamed(name))
                found = member;
        }
    }
    return found;
}

QByteArray Value::name() const
{
    if (!m_document || !m_document->m_nodes[m_node].isMember)
        return {};
    const Document::Node &node = m_document->m_nodes[m_node];
    const QByteArrayView inside = m_document->text(node.keyEnd - node.keySize, node.keyEnd);
    return node.keyEscaped ? unescaped(inside) : inside.toByteArray();
}

bool Value::isNamed(QByteArrayView name) const
{
    if (!m_document)
        return false;
    const Document::Node &node = m_document->m_nodes[m_node];
    if (node.keyEscaped)
        return this->name() == name;
    return node.isMember && m_document->text(node.keyEnd - node.keySize, node.keyEnd) == name;
}

Value::Iterator Value::begin() const
{
    if (!isArray() && !isObject())
        return end();
    return Iterator(Value(m_document, m_node + 1));
}

Value::Iterator Value::end() const
{
    if (!isArray() && !isObject())
        return Iterator(*this);
    return Iterator(Value(m_document, m_document->m_nodes[m_node].next));
}

bool Value::isEmpty() const
{
    return begin() == end();
}

qsizetype Value::size() const
{
    return std::distance(begin(), end());
}

Value::Iterator &Value::Iterator::operator++()
{
    m_at.m_node = m_at.m_document->m_nodes[m_at.m_node].next;
    return *this;
}

} // namespace gatehouse::json
