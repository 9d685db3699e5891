// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/vector_body.h"

#include <QtEndian>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace gatehouse::openai {

namespace {

std::optional<QList<float>> readNumbers(const json::Value &array)
{
    QList<float> values;
    for (const json::Value element : array) {
        // Too large a number becomes infinite.
        const auto number =
            static_cast<float>(element.number().value_or(std::numeric_limits<double>::infinity()));
        if (!std::isfinite(number) || values.size() == maxVectorValues)
            return {};
        values.append(number);
    }
    return values;
}

std::optional<QList<float>> readBase64(const json::Value &text)
{
    const QByteArray::FromBase64Result decoded =
        QByteArray::fromBase64Encoding(text.string(), QByteArray::AbortOnBase64DecodingErrors);
    const qsizetype bytes = decoded.decoded.size();
    const qsizetype count = bytes / qsizetype(sizeof(float));
    if (!decoded || bytes % qsizetype(sizeof(float)) != 0 || count == 0 || count > maxVectorValues)
        return {};
    QList<float> values(count);
    qFromLittleEndian<float>(decoded.decoded.constData(), count, values.data());
    if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); }))
        return {};
    return values;
}

} // namespace

std::optional<QList<float>> readVector(const json::Value &value)
{
    std::optional<QList<float>> values;
    if (value.isArray())
        values = readNumbers(value);
    else if (value.isString())
        values = readBase64(value);
    return values && !values->isEmpty() ? values : std::nullopt;
}

void writeVector(json::Writer &writer, const QList<float> &values, VectorFormat format)
{
    if (format == VectorFormat::Base64) {
        QByteArray bytes(values.size() * qsizetype(sizeof(float)), Qt::Uninitialized);
        if (!values.isEmpty()) // Nothing has no address that might be read.
            qToLittleEndian<float>(values.constData(), values.size(), bytes.data());
        writer.string(bytes.toBase64());
        return;
    }
    writer.beginArray();
    for (const float value : values) {
        char digits[24]; // The shortest form of a float never needs more than 16 characters.
        const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), value);
        writer.raw({digits, end});
    }
    writer.endArray();
}

bool VectorSet::add(qint64 index, const json::Value &value)
{
    if (index < 0 || index >= std::ssize(m_vectors))
        return false;
    QList<float> &place = m_vectors[static_cast<std::size_t>(index)];
    std::optional<QList<float>> values = readVector(value);
    if (!values || !place.isEmpty() || values->size() > m_room)
        return false;
    m_room -= values->size();
    place = *std::move(values);
    return true;
}

bool VectorSet::isComplete() const
{
    return std::ranges::none_of(m_vectors, &QList<float>::isEmpty);
}

void VectorSet::moveTo(ChatEvents &events)
{
    int index = 0;
    for (QList<float> &values : m_vectors)
        events.append(EmbeddingComputed{.index = index++, .values = std::move(values)});
}

} // namespace gatehouse::openai
