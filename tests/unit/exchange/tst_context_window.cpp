// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange/context_window.h"

#include <QTest>

using namespace gatehouse;

namespace {

Message user(const QByteArray &text)
{
    return textMessage(Role::User, text);
}

Message assistant(const QByteArray &text)
{
    return textMessage(Role::Assistant, text);
}

Message instruction(const QByteArray &text)
{
    return textMessage(Role::System, text);
}

QByteArrayList textsOf(const QList<Message> &messages)
{
    QByteArrayList texts;
    for (const Message &message : messages)
        texts.append(plainText(message));
    return texts;
}

constexpr qint64 plenty = 100'000;

} // namespace

class ContextWindowTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void putsTheHistoryBeforeWhatIsNew()
    {
        const auto sent = withHistory({user("a"), assistant("b")}, {user("c")}, plenty);
        QCOMPARE(textsOf(sent), (QByteArrayList{"a", "b", "c"}));
    }

    void leavesOutTheOldestTurnsWhole()
    {
        const QByteArray longText(300, 'x'); // 100 tokens and the frame of each message
        const QList<Message> history{
            user("1" + longText), assistant("2" + longText), user("3"), assistant("4"), user("5"),
            assistant("6")};
        QCOMPARE(textsOf(withHistory(history, {user("7")}, 50)), (QByteArrayList{"3", "4", "5", "6", "7"}));
        // Room for the old question, but not for its answer: both stay out.
        QCOMPARE(textsOf(withHistory(history, {user("7")}, 32 + 4 + 120)),
                 (QByteArrayList{"3", "4", "5", "6", "7"}));
        QCOMPARE(textsOf(withHistory(history, {user("7")}, 0)), (QByteArrayList{"7"}));
    }

    void stopsAtTheFirstTurnThatDoesNotFit()
    {
        const QByteArray longText(3000, 'x');
        const QList<Message> history{user("1"),           assistant("2"), user("3"),
                                     assistant(longText), user("5"),      assistant("6")};
        // A conversation with a hole would make no sense.
        QCOMPARE(textsOf(withHistory(history, {user("7")}, 100)), (QByteArrayList{"5", "6", "7"}));
    }

    void keepsTheSystemMessage()
    {
        const QList<Message> history{instruction("be kind"),  user("1"), assistant("2"),
                                     instruction("be brief"), user("3"), assistant("4")};
        QCOMPARE(textsOf(withHistory(history, {user("5")}, 40)), (QByteArrayList{"be brief", "3", "4", "5"}));
        QCOMPARE(textsOf(withHistory(history, {instruction("be new"), user("5")}, 20)),
                 (QByteArrayList{"be new", "3", "4", "5"}));
        // Even where there is room for nothing else.
        QCOMPARE(textsOf(withHistory(history, {user("5")}, 0)), (QByteArrayList{"be brief", "5"}));
    }

    void leavesOutTurnsWithoutAnAnswer()
    {
        const QList<Message> history{user("1"), user("2"),     assistant("3"),
                                     user("4"), assistant(""), user("5")};
        QCOMPARE(textsOf(withHistory(history, {user("6")}, plenty)), (QByteArrayList{"2", "3", "6"}));
    }

    void leavesOutATurnWhoseBeginningIsMissing()
    {
        QCOMPARE(textsOf(withHistory({assistant("2"), user("3"), assistant("4")}, {user("5")}, plenty)),
                 (QByteArrayList{"3", "4", "5"}));
    }

    void keepsToolCallsWithTheirAnswers()
    {
        Message call{.role = Role::Assistant};
        call.toolCalls.append({.id = "1", .name = "weather", .arguments = "{}"});
        Message result = textMessage(Role::Tool, "rain");
        result.toolCallId = "1";
        const QList<Message> history{user("weather?"), call, result, assistant("It rains.")};
        const auto sent = withHistory(history, {user("thanks")}, plenty);
        QCOMPARE(sent.size(), 5);
        QCOMPARE(sent.at(1), call);
        QCOMPARE(sent.at(2), result);
    }

    void leavesOutCallsThatNobodyAnswered()
    {
        Message call{.role = Role::Assistant};
        call.toolCalls.append({.id = "1", .name = "weather", .arguments = "{}"});
        const QList<Message> history{user("1"), assistant("2"), user("weather?"), call};
        QCOMPARE(textsOf(withHistory(history, {user("never mind")}, plenty)),
                 (QByteArrayList{"1", "2", "never mind"}));
        Message result = textMessage(Role::Tool, "rain");
        result.toolCallId = "1";
        QCOMPARE(withHistory(history, {result}, plenty).size(), 5);
    }

    void leavesRoomForTheAnswer()
    {
        ChatRequest request{.input = Conversation{{user("hi")}}};
        const qint64 own = 8; // A message's frame; two letters count for none.
        QCOMPARE(roomForHistory(request, 4096), 4096 - 1024 - own);
        request.maxTokens = 100;
        QCOMPARE(roomForHistory(request, 4096), 4096 - 100 - own);
        request.maxTokens = 1'000'000;
        QCOMPARE(roomForHistory(request, 4096), 2048 - own);
        QCOMPARE(roomForHistory(request, 4), 0);
    }
};

QTEST_GUILESS_MAIN(ContextWindowTest)
#include "tst_context_window.moc"
