// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange/affinity.h"

#include <QTest>

using namespace gatehouse;

namespace {

ChatRequest conversation(std::initializer_list<std::pair<Role, const char *>> messages)
{
    Conversation said;
    for (const auto &[role, text] : messages)
        said.messages.append(textMessage(role, text));
    return {.input = said};
}

} // namespace

class AffinityTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void staysTheSameWhileAConversationGrows();
    void tellsConversationsApart();
    void isTheSessionsWhereThereIsOne();
    void isNoneForEmbeddings();
    void readsOnlyTheBeginning();
};

void AffinityTest::staysTheSameWhileAConversationGrows()
{
    const quint64 first = affinityOf(conversation({{Role::System, "Be brief."}, {Role::User, "Hello"}}), {});
    const quint64 later = affinityOf(conversation({{Role::System, "Be brief."},
                                                   {Role::User, "Hello"},
                                                   {Role::Assistant, "Hi"},
                                                   {Role::User, "Who are you?"}}),
                                     {});
    QCOMPARE(later, first);
}

void AffinityTest::tellsConversationsApart()
{
    const quint64 one = affinityOf(conversation({{Role::System, "Be brief."}, {Role::User, "Hello"}}), {});
    QVERIFY(one != affinityOf(conversation({{Role::System, "Be brief."}, {Role::User, "Hullo"}}), {}));
    QVERIFY(one != affinityOf(conversation({{Role::System, "Be long."}, {Role::User, "Hello"}}), {}));
    QVERIFY(one != affinityOf(conversation({{Role::User, "Be brief."}, {Role::User, "Hello"}}), {}));
}

void AffinityTest::isTheSessionsWhereThereIsOne()
{
    const quint64 one = affinityOf(conversation({{Role::User, "Hello"}}), "k1/kitchen");
    QCOMPARE(affinityOf(conversation({{Role::User, "And now?"}}), "k1/kitchen"), one);
    QVERIFY(affinityOf(conversation({{Role::User, "Hello"}}), "k2/kitchen") != one);
}

void AffinityTest::isNoneForEmbeddings()
{
    QCOMPARE(affinityOf({.input = EmbeddingInput{.texts = {"Hello"}}}, {}), quint64(0));
    QVERIFY(affinityOf({.input = Prompt{.texts = {"Hello"}}}, {}) != 0);
    QVERIFY(affinityOf(conversation({}), {}) != 0);
}

void AffinityTest::readsOnlyTheBeginning()
{
    const QByteArray same(1024, 'a');
    const auto request = [&same](const char *ending) {
        return ChatRequest{.input = Conversation{{textMessage(Role::User, same + ending)}}};
    };
    QCOMPARE(affinityOf(request("x"), {}), affinityOf(request("y"), {}));
}

QTEST_GUILESS_MAIN(AffinityTest)
#include "tst_affinity.moc"
