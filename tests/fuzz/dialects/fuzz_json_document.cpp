// SPDX-License-Identifier: GPL-3.0-or-later
// The input is JSON, or not. Every part of a valid document must be valid JSON by itself, and a string
// written again must read the same.
#include "dialects/json/text.h"
#include "fuzz/dialects/check_answer.h"

#include <QJsonDocument>

#include <cstdint>

using namespace gatehouse;

/// Qt refuses numbers beyond a double's range.
static bool allNumbersFit(const json::Value &value)
{
    if (value.isNumber())
        return value.number().has_value();
    for (const json::Value child : value) {
        if (!allNumbersFit(child))
            return false;
    }
    return true;
}

static void check(const json::Value &value)
{
    const QByteArray alone = '[' + value.raw().toByteArray() + ']';
    json::Document document;
    fuzz::require(document.parse(alone, {.depth = 128}) == json::Document::Status::Valid);
    const json::Value again = *document.root().begin();
    fuzz::require(again.kind() == value.kind() && again.raw() == value.raw());
    fuzz::require(again.integer() == value.integer());
    const QByteArray text = value.string() + value.name();
    QByteArray escaped;
    json::appendEscaped(escaped, text);
    fuzz::require(json::hasValidEscapes(escaped) && json::unescaped(escaped) == text);
    for (const json::Value child : value)
        check(child);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    constexpr std::size_t quadraticBound = 4096; // Each level of a document is parsed anew.
    json::Document document;
    const QByteArrayView input(reinterpret_cast<const char *>(data),
                               static_cast<qsizetype>(qMin(size, quadraticBound)));
    if (document.parse(input) != json::Document::Status::Valid)
        return 0;
    check(document.root());
    if (allNumbersFit(document.root()))
        fuzz::require(!QJsonDocument::fromJson(input.toByteArray()).isNull());
    // What is left of a text in a document's memory must not complete a shorter one.
    fuzz::require(document.parse(input.trimmed().chopped(1)) != json::Document::Status::Valid);
    return 0;
}
