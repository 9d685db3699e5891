// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/chat_events.h"
#include "dialects/json/document.h"
#include "dialects/json/writer.h"

#include <optional>
#include <vector>

namespace gatehouse::openai {

/// How vectors are spelled: numbers, or the bytes of 32-bit floats (little-endian, IEEE 754) in base64.
enum class VectorFormat { Float, Base64 };

inline constexpr qsizetype maxVectorValues = 65536; ///< Of one vector; the largest models have 8192.

/// What an upstream's answer with vectors may hold: it is read and written in one go, and its lane stands
/// still for that long (half a second for 2048 vectors of 1536 numbers).
inline constexpr json::Limits vectorLimits{.bytes = 64 * 1024 * 1024, .values = 4 * 1024 * 1024};

/// Reads one vector in either spelling.
/// \returns nothing for what is none: empty, too long, or not of finite 32-bit floats.
[[nodiscard]] std::optional<QList<float>> readVector(const json::Value &value);

/// Numbers are written as the shortest text that reads back as the same float.
void writeVector(json::Writer &writer, const QList<float> &values, VectorFormat format);

/// Collects the vectors of an answer, each of which must come once. All together hold no more numbers than
/// vectorLimits says, however they were spelled.
class VectorSet
{
public:
    explicit VectorSet(qsizetype expected)
        : m_vectors(static_cast<std::size_t>(expected))
    {}

    /// \returns whether `value` is a vector that there is room for, and `index` one that was still missing.
    [[nodiscard]] bool add(qint64 index, const json::Value &value);
    [[nodiscard]] bool isComplete() const;
    /// Appends an EmbeddingComputed for each, in order.
    void moveTo(ChatEvents &events);

private:
    std::vector<QList<float>> m_vectors; ///< Empty: still missing.
    qsizetype m_room = vectorLimits.values;
};

} // namespace gatehouse::openai
