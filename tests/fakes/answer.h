// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "fakes/answer_form.h"
#include "fakes/answer_writer.h"
#include "fakes/behaviour.h"

#include <memory>
#include <optional>

namespace gatehouse::fakes {

/// What an answer needs next.
struct Progress
{
    enum class Next {
        Later,    ///< Come again at `due`.
        Room,     ///< Come again when the writer has room.
        Nothing,  ///< It stalls for good.
        Complete, ///< All is written.
        Close,    ///< Close in an orderly way, in the middle.
        Reset,    ///< Send RST.
        Refuse,   ///< Send RST and stop listening.
    };
    Next next = Next::Complete;
    MonotonicTime due = {};
};

/// One answer as it plays: a state machine that is handed the time and a writer, and never waits by itself.
class Answer
{
public:
    Answer(const Behaviour &behaviour, MonotonicTime start);
    virtual ~Answer() = default;

    /// Writes what is due. Call again as the result says.
    [[nodiscard]] Progress advance(MonotonicTime now, AnswerWriter &writer);

    [[nodiscard]] int tokensSent() const { return m_tokensSent; }
    [[nodiscard]] const Behaviour &behaviour() const { return m_behaviour; }

protected:
    /// What comes after the head's delay and the faults before it.
    [[nodiscard]] virtual Progress proceed(MonotonicTime now, AnswerWriter &writer) = 0;

    /// Whether the fault is `kind`, meant for the middle of the answer, and due after this many tokens.
    [[nodiscard]] bool isDue(Fault::Kind kind, int tokens) const;
    /// Reset, Close, Stall or HalfEvent after `tokens` tokens; `half` is what HalfEvent sends.
    [[nodiscard]] std::optional<Progress> breakOff(int tokens, const QByteArray &half, AnswerWriter &writer);
    /// Writes a whole body with its head: `Content-Length` true or false, gzip.
    void writeWhole(AnswerHead head, QByteArray body, AnswerWriter &writer) const;
    [[nodiscard]] Progress whole() const; ///< What comes after writeWhole().
    [[nodiscard]] Progress endlessBytes(AnswerWriter &writer);

    [[nodiscard]] MonotonicTime headDue() const { return m_start + m_behaviour.headDelay; }
    [[nodiscard]] int units() const; ///< Tokens of all kinds, or tool calls.

    Behaviour m_behaviour;
    int m_tokensSent = 0;

private:
    [[nodiscard]] Progress beforeHead(AnswerWriter &writer) const;

    MonotonicTime m_start;
    bool m_faultPassed = false;
    qint64 m_endlessLeft;
};

/// An answer in one piece: a folded chat, a list of models, an error.
class WholeAnswer final : public Answer
{
public:
    /// `tokens`: how many it takes time for, and counts once it is sent.
    WholeAnswer(const Behaviour &behaviour, MonotonicTime start, AnswerHead head, QByteArray body,
                int tokens = 0);

private:
    [[nodiscard]] Progress proceed(MonotonicTime now, AnswerWriter &writer) override;

    AnswerHead m_head;
    QByteArray m_body;
    int m_tokens;
    bool m_isEndless = false; ///< It has begun to be so.
};

/// An answer that comes token by token.
class StreamedAnswer final : public Answer
{
public:
    StreamedAnswer(const Behaviour &behaviour, MonotonicTime start, std::unique_ptr<AnswerForm> form);

private:
    enum class Phase { Head, Tokens, EndlessLine };

    [[nodiscard]] Progress proceed(MonotonicTime now, AnswerWriter &writer) override;
    [[nodiscard]] Progress tokens(MonotonicTime now, AnswerWriter &writer);
    [[nodiscard]] std::optional<Progress> fault(AnswerWriter &writer);
    [[nodiscard]] Progress finish(AnswerWriter &writer, bool complete);
    void begin(MonotonicTime now, AnswerWriter &writer);
    void writeUnit(int index, AnswerWriter &writer);
    void writeEvents(const QList<QByteArray> &events, AnswerWriter &writer);
    void put(const QByteArray &framed, AnswerWriter &writer);
    [[nodiscard]] QList<QByteArray> unit(int index) const;

    std::unique_ptr<AnswerForm> m_form;
    Phase m_phase = Phase::Head;
    bool m_collects; ///< The body is collected and sent at the end, because its length comes first.
    QByteArray m_collected;
    MonotonicTime m_firstDue;
};

} // namespace gatehouse::fakes
