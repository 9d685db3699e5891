// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/demo_model.h"
#include "engine/engine.h"
#include "unit/engine/answer_reader.h"
#include "unit/engine/recording_log.h"
#include "unit/engine/requests.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace gatehouse;

namespace {

QByteArray compact(const QJsonArray &json)
{
    return json.isEmpty() ? QByteArray() : QJsonDocument(json).toJson(QJsonDocument::Compact);
}

Message messageFrom(const QJsonObject &json)
{
    const QHash<QString, Role> roles{{QStringLiteral("system"), Role::System},
                                     {QStringLiteral("user"), Role::User},
                                     {QStringLiteral("assistant"), Role::Assistant},
                                     {QStringLiteral("tool"), Role::Tool}};
    Message message = textMessage(roles.value(json[QStringLiteral("role")].toString()),
                                  json[QStringLiteral("content")].toString().toUtf8());
    if (json[QStringLiteral("content")].isNull())
        message.content.reset();
    message.toolCallId = json[QStringLiteral("tool_call_id")].toString().toUtf8();
    for (const QJsonValue &call : json[QStringLiteral("tool_calls")].toArray()) {
        const QJsonObject function = call[QStringLiteral("function")].toObject();
        message.toolCalls.append({.id = call[QStringLiteral("id")].toString().toUtf8(),
                                  .name = function[QStringLiteral("name")].toString().toUtf8(),
                                  .arguments = function[QStringLiteral("arguments")].toString().toUtf8()});
    }
    return message;
}

} // namespace

/// The model that the program carries, asked what its authors promise that it knows.
class TestDemoModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        m_engine = std::make_unique<Engine>(
            EngineOptions{.name = demoModelName, .path = {}, .bytes = demoModel()}, m_log);
        m_engine->load();
        QTRY_COMPARE_WITH_TIMEOUT(m_engine->status().state, EngineState::Ready, patience);
        qInfo("loaded in %lld ms", static_cast<long long>(m_engine->status().loadTime.count()));
        QVERIFY(m_engine->status().loadTime.count() < 2000);
    }

    void answers_data()
    {
        QTest::addColumn<QJsonObject>("question");
        QFile file(QStringLiteral(QUESTIONS_FILE));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QJsonArray questions = QJsonDocument::fromJson(file.readAll()).array();
        QVERIFY(!questions.isEmpty());
        for (const QJsonValue &question : questions)
            QTest::newRow(question[QStringLiteral("name")].toString().toUtf8().constData())
                << question.toObject();
    }

    void answers()
    {
        QFETCH(QJsonObject, question);
        ChatRequest request = ask({}, 200);
        QList<Message> messages;
        for (const QJsonValue &message : question[QStringLiteral("messages")].toArray())
            messages.append(messageFrom(message.toObject()));
        request.input = Conversation{messages};
        request.tools = compact(question[QStringLiteral("tools")].toArray());

        AnswerReader reader(m_engine->open(request));
        QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
        if (reader.error)
            qWarning() << reader.error->message << reader.error->detail;
        QVERIFY(!reader.error);
        const QJsonValue expected = question[QStringLiteral("expect")];
        if (expected.isString()) {
            QCOMPARE(reader.texts[0], expected.toString().toUtf8());
            QCOMPARE(reader.reasons[0], FinishReason::Stop);
            return;
        }
        const QJsonObject call = expected[QStringLiteral("tool_call")].toObject();
        QCOMPARE(reader.calls.size(), 1);
        QCOMPARE(reader.calls[0].name, call[QStringLiteral("name")].toString().toUtf8());
        QVERIFY(!reader.calls[0].id.isEmpty());
        QCOMPARE(QJsonDocument::fromJson(reader.calls[0].arguments).object(),
                 call[QStringLiteral("arguments")].toObject());
        QCOMPARE(reader.reasons[0], FinishReason::ToolCalls);
    }

    void speed()
    {
        QElapsedTimer timer;
        timer.start();
        qint64 tokens = 0;
        for (int i = 0; i < 10; ++i) {
            AnswerReader reader(m_engine->open(ask("How do I get started?", 200)));
            QTRY_VERIFY_WITH_TIMEOUT(reader.isDone(), patience);
            QVERIFY(reader.usage);
            tokens += reader.usage->completionTokens;
        }
        qInfo("%.0f tokens/s", 1000.0 * static_cast<double>(tokens) / static_cast<double>(timer.elapsed()));
        QVERIFY(tokens > 100);
    }

private:
    RecordingLog m_log;
    std::unique_ptr<Engine> m_engine;
};

QTEST_GUILESS_MAIN(TestDemoModel)
#include "tst_demo_model.moc"
