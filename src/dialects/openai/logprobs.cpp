// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/logprobs.h"

#include <algorithm>
#include <limits>

namespace gatehouse::openai {

namespace {

using json::Value;
using json::Writer;

double logprobOf(const Value &value)
{
    return value.number().value_or(std::numeric_limits<double>::quiet_NaN());
}

/// `bytes` tells what `token` can't: half of a character.
QByteArray tokenOf(const Value &entry)
{
    const Value bytes = entry.find("bytes");
    if (!bytes.isArray() || bytes.isEmpty())
        return entry.find("token").string();
    QByteArray token;
    for (const Value byte : bytes)
        token += static_cast<char>(byte.integer().value_or(0) & 0xff);
    return token;
}

void writeToken(Writer &writer, const QByteArray &token, double logprob)
{
    writer.key("token").string(token).key("logprob").number(logprob).key("bytes").beginArray();
    for (const char byte : token)
        writer.integer(static_cast<uchar>(byte));
    writer.endArray();
}

qsizetype characters(const QByteArray &text)
{
    return std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xc0) != 0x80; });
}

} // namespace

QList<TokenLogprob> decodeChatLogprobs(const Value &tokens)
{
    QList<TokenLogprob> decoded;
    if (!tokens.isArray())
        return decoded;
    for (const Value entry : tokens) {
        TokenLogprob token{.token = tokenOf(entry), .logprob = logprobOf(entry.find("logprob"))};
        for (const Value top : entry.find("top_logprobs"))
            token.top.append({.token = tokenOf(top), .logprob = logprobOf(top.find("logprob"))});
        decoded.append(std::move(token));
    }
    return decoded;
}

QList<TokenLogprob> decodeCompletionLogprobs(const Value &logprobs)
{
    QList<TokenLogprob> decoded;
    const Value tokens = logprobs.find("tokens");
    const Value values = logprobs.find("token_logprobs");
    const Value tops = logprobs.find("top_logprobs");
    if (!tokens.isArray() || !values.isArray())
        return decoded;
    auto value = values.begin();
    auto top = tops.isArray() ? tops.begin() : tops.end();
    for (const Value text : tokens) {
        if (value == values.end())
            break;
        TokenLogprob token{.token = text.string(), .logprob = logprobOf(*value)};
        if (top != tops.end()) {
            for (const Value alternative : *top)
                token.top.append({.token = alternative.name(), .logprob = logprobOf(alternative)});
            ++top;
        }
        ++value;
        decoded.append(std::move(token));
    }
    return decoded;
}

void writeChatLogprobs(Writer &writer, const QList<TokenLogprob> &tokens)
{
    if (tokens.isEmpty()) {
        writer.null();
        return;
    }
    writer.beginObject().key("content").beginArray();
    for (const TokenLogprob &token : tokens) {
        writer.beginObject();
        writeToken(writer, token.token, token.logprob);
        writer.key("top_logprobs").beginArray();
        for (const TokenLogprob::Alternative &top : token.top) {
            writer.beginObject();
            writeToken(writer, top.token, top.logprob);
            writer.endObject();
        }
        writer.endArray().endObject();
    }
    writer.endArray().key("refusal").null().endObject();
}

void writeCompletionLogprobs(Writer &writer, const QList<TokenLogprob> &tokens, qsizetype textOffset)
{
    if (tokens.isEmpty()) {
        writer.null();
        return;
    }
    writer.beginObject().key("tokens").beginArray();
    for (const TokenLogprob &token : tokens)
        writer.string(token.token);
    writer.endArray().key("token_logprobs").beginArray();
    for (const TokenLogprob &token : tokens)
        writer.number(token.logprob);
    writer.endArray().key("top_logprobs").beginArray();
    for (const TokenLogprob &token : tokens) {
        writer.beginObject();
        for (const TokenLogprob::Alternative &top : token.top)
            writer.key(top.token).number(top.logprob);
        writer.endObject();
    }
    writer.endArray().key("text_offset").beginArray();
    for (const TokenLogprob &token : tokens) {
        writer.integer(textOffset);
        textOffset += characters(token.token);
    }
    writer.endArray().endObject();
}

qsizetype characterCount(const QList<TokenLogprob> &tokens)
{
    qsizetype count = 0;
    for (const TokenLogprob &token : tokens)
        count += characters(token.token);
    return count;
}

} // namespace gatehouse::openai
