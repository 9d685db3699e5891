// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/json/value.h"

#include <QByteArray>

#include <vector>

namespace gatehouse::json {

/// How much a document may hold. Text beyond it is refused, whatever it says.
struct Limits
{
    qsizetype bytes = 64 * 1024 * 1024;
    qsizetype values = 1024 * 1024;
    int depth = 64; ///< Containers in one another, the outermost included.
};

/// A JSON text (RFC 8259) whose outermost value is an object or an array: a copy of its bytes, and an index
/// of where each value begins and ends. Numbers and strings are converted only when asked for, so whatever
/// nobody asks for goes on byte for byte. Reusable: memory is kept from one parse to the next. One thread at
/// a time.
class Document
{
public:
    enum class Status { Valid, NotJson, TooLarge, TooDeep };

    /// Takes in `text` in place of what was there. Everything is checked, the unread parts too: grammar,
    /// UTF-8, escapes, and that nothing follows the outermost value. Unless Valid, root() is no value.
    [[nodiscard]] Status parse(QByteArrayView text, const Limits &limits = {});

    [[nodiscard]] Value root() const { return m_nodes.empty() ? Value() : Value(this, 0); }

private:
    friend class Value;
    friend class Indexer;

    /// A value, in the order in which values begin. The children of a container follow it directly; `next`
    /// leads past them.
    struct Node
    {
        quint32 begin = 0;   ///< The value's first byte …
        quint32 end = 0;     ///< … and the one past its last.
        quint32 keyEnd = 0;  ///< Past the name's last byte, before the quotation mark.
        quint32 keySize = 0; ///< The name's bytes, escapes as they came.
        quint32 next = 0;
        Kind kind = Kind::Null;
        bool isMember = false;
        bool escaped = false;    ///< The string holds escapes.
        bool keyEscaped = false; ///< The name holds escapes.
    };

    [[nodiscard]] QByteArrayView text(quint32 begin, quint32 end) const
    {
        return {m_text.data() + begin, static_cast<qsizetype>(end - begin)};
    }

    std::vector<char> m_text; ///< The text and the padding that simdjson may read.
    std::vector<Node> m_nodes;
};

} // namespace gatehouse::json
