// SPDX-License-Identifier: GPL-3.0-or-later
#include "contract/recording.h"
#include "dialects/ollama/models_body.h"
#include "dialects/openai/error_body.h"
#include "dialects/openai/models_body.h"
#include "dialects/openai/upstream_error.h"

#include <QDir>
#include <QTest>

using namespace gatehouse;
using test::readFile;

/// What upstreams of several makes say besides answers (`bodies/`, written after their published formats),
/// and what must become of it (`.expected`): refusals (`<status>_<who>.json`), lists of models
/// (`models_<who>.json`) and Ollama's (`tags_<who>.json`). After a wanted change, GATEHOUSE_ACCEPT=1 writes
/// the expectations anew, to be read before they are kept.
class TestBodies : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void body_data();
    void body();
    void contextLengthHasOneWord_data() { body_data(); }
    void contextLengthHasOneWord();

private:
    QDir m_folder{QStringLiteral(BODIES)};
};

namespace {

int statusOf(const QString &file)
{
    return file.section(u'_', 0, 0).toInt();
}

QByteArray describe(const Result<QList<ModelInfo>> &models)
{
    if (!models)
        return "no list: " + models.error().message.toUtf8() + '\n';
    QByteArray text;
    for (const ModelInfo &model : *models)
        text += model.id + " created " + QByteArray::number(model.created) + " by \"" + model.ownedBy +
                "\" context " + QByteArray::number(model.contextLength) + '\n';
    return text;
}

QByteArray describe(const Error &error)
{
    return QByteArray(errorCodeName(error.code)) + ' ' + QByteArray::number(error.upstreamStatus) +
           "\nmessage " + error.message.toUtf8() + "\nreason " + error.reason + "\nparam " + error.param +
           "\n== caller\n" + openai::encodeError(error, openai::ErrorForm::Plain) + '\n';
}

QByteArray read(const QString &file, const QByteArray &body)
{
    if (file.startsWith(QLatin1String("models_")))
        return describe(openai::decodeModelList(body));
    if (file.startsWith(QLatin1String("tags_")))
        return describe(ollama::decodeModelList(body));
    return describe(openai::decodeError(statusOf(file), body));
}

} // namespace

void TestBodies::body_data()
{
    QTest::addColumn<QString>("file");
    const QStringList files = m_folder.entryList({QStringLiteral("*.json")});
    QVERIFY(files.size() > 25);
    for (const QString &file : files)
        QTest::newRow(qPrintable(file)) << file;
}

void TestBodies::body()
{
    QFETCH(const QString, file);
    const QByteArray actual = read(file, readFile(m_folder.filePath(file)));
    const QString expectation = m_folder.filePath(file + QStringLiteral(".expected"));
    if (qEnvironmentVariableIsSet("GATEHOUSE_ACCEPT")) {
        QFile out(expectation);
        QVERIFY(out.open(QIODevice::WriteOnly) && out.write(actual) == actual.size());
        QSKIP("written anew");
    }
    QCOMPARE(actual, readFile(expectation));
}

/// What the exchange looks for when it sends less, or asks a model with a larger window.
void TestBodies::contextLengthHasOneWord()
{
    QFETCH(const QString, file);
    if (statusOf(file) == 0)
        return;
    const Error error = openai::decodeError(statusOf(file), readFile(m_folder.filePath(file)));
    const bool isTold =
        error.reason == "context_length_exceeded" || error.reason == "exceed_context_size_error";
    const bool isMeant = file.contains(QLatin1String("context")) || file.contains(QLatin1String("too_long"));
    QCOMPARE(isTold, isMeant);
}

QTEST_GUILESS_MAIN(TestBodies)
#include "tst_bodies.moc"
