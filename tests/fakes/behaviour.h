// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QByteArrayView>

#include <chrono>
#include <optional>

namespace gatehouse::fakes {

/// One thing that goes wrong in an answer. `kind@N` happens after N tokens; without `@N` it happens before
/// the answer's first byte, where that makes sense. `@0` is after the head and before the first token.
struct Fault
{
    enum class Kind {
        None,
        Refuse,      ///< Stops listening and resets this connection: later ones are refused.
        Reset,       ///< RST.
        Close,       ///< An orderly FIN.
        Stall,       ///< Nothing more, ever; the connection stays open.
        HalfEvent,   ///< The first half of an event, then FIN.
        Garbage,     ///< Bytes that are no HTTP, or inside a stream no event.
        Truncated,   ///< JSON that stops in the middle, well framed; the answer then goes on.
        InvalidUtf8, ///< A token with bytes that are no UTF-8; the answer then goes on.
        EndlessLine, ///< A line or a body that never ends (256 MiB, as fast as the reader takes it).
        ErrorEvent,  ///< An error object in the stream, and the end of it; in an answer in one piece, all of
                     ///< it.
        NoDone,      ///< No `[DONE]`, no `"done":true`.
        Redirect,    ///< 307 to `/fake/elsewhere`.
        Gzip,        ///< Compressed, whatever the request accepts.
        ShortLength, ///< `Content-Length` names fewer bytes than come.
        LongLength,  ///< `Content-Length` names more bytes than come before the FIN.
        Empty,       ///< The head and no body.
    };
    static constexpr int BeforeHead = -1;

    Kind kind = Kind::None;
    int after = BeforeHead;

    [[nodiscard]] bool is(Kind other) const { return kind == other; }
};

/// How the bytes of an answer are delimited.
enum class Framing {
    Auto,    ///< Chunked for a stream, a length for a folded answer.
    Chunked, ///< `Transfer-Encoding: chunked`
    Length,  ///< `Content-Length`
    Close,   ///< By the end of the connection.
};

enum class UsageReport {
    AsAsked, ///< OpenAI streams: when `stream_options.include_usage` says so; always elsewhere.
    Always,
    Never,
};

/// How the fake answers one request. Sizes are in bytes.
struct Behaviour
{
    int tokens = 16;
    int tokenBytes = 0; ///< Each token's text is padded to this; 0: short words.
    int reasoningTokens = 0;
    int toolCalls = 0;     ///< These take the place of the tokens.
    int promptTokens = 7;  ///< As the usage reports them.
    int embeddingSize = 8; ///< Numbers in a vector.
    UsageReport usage = UsageReport::AsAsked;

    std::chrono::milliseconds headDelay{0};
    std::chrono::milliseconds firstTokenDelay{0};
    std::chrono::microseconds interval{0}; ///< Between tokens; 0: as fast as the reader takes them.

    Framing framing = Framing::Auto;
    int chunkBytes = 0;                ///< Cuts the body into writes of this size; 0: one write an event.
    std::chrono::milliseconds drip{0}; ///< Every byte alone, head included, this far apart; 0: not.
    bool comments = false;             ///< An SSE comment before each event.
    bool whole = false;                ///< In one piece, also where a stream was asked for.
    int status = 200;                  ///< Anything but 200 is an error object, with `size` blanks after it.
    std::optional<int> retryAfterSeconds = {};
    QByteArray errorCode = {}; ///< Of OpenAI's error object; empty: `fake_<status>`.
    Fault fault = {};

    /// The text of token `index` (from 0): `w0 `, `w1 `, …
    [[nodiscard]] QByteArray tokenText(int index) const;
    /// All tokens' text, as a complete answer has it.
    [[nodiscard]] QByteArray text() const;
};

/// `base` changed by a comma-separated list such as `tokens=50,interval=10,fault=stall@3`. Options:
/// tokens, token_bytes, size (total bytes of text: `50M`), reasoning, tools, prompt_tokens, embedding_size,
/// usage (on|off|auto), head_delay, first_delay, interval (ms, may be a fraction), speed (tokens/s),
/// framing (auto|chunked|length|close), chunk, drip, comments (on|off), whole (on|off), status, retry_after,
/// code, fault.
/// An unknown option is an error: a misspelt fault must not pass for a healthy answer.
[[nodiscard]] Result<Behaviour> parseBehaviour(QByteArrayView specification, const Behaviour &base = {});

} // namespace gatehouse::fakes
