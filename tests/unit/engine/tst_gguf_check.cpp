// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/demo_model.h"
#include "engine/llama/gguf_check.h"
#include "engine/llama/gguf_tensors.h"
#include "unit/engine/gguf_writer.h"

#include <QBuffer>
#include <QElapsedTimer>
#include <QTemporaryFile>
#include <QTest>

#include <ggml.h>

#include <limits>

using namespace gatehouse;

namespace {

using W = GgufWriter;

/// What is wrong with the bytes; empty: nothing.
QString faultOf(QByteArray bytes)
{
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::ReadOnly);
    const Result<GgufParts> parts = checkGguf(buffer);
    return parts ? QString() : parts.error().message;
}

/// A sound file: a few values and two tensors.
W sound()
{
    W file;
    file.addText("general.architecture", "llama");
    file.addNumber("llama.block_count", 2);
    file.addPair("tokenizer.ggml.tokens", W::Array, W::texts({"a", "b", "", ""}));
    file.addTensor("token_embd.weight", {32, 2}, 8, 0); // 68 bytes of Q8_0
    file.addTensor("output_norm.weight", {8}, 0, 96);   // 32 bytes of F32
    return file;
}
constexpr qsizetype soundData = 128;

QByteArray withPair(const QByteArray &key, quint32 type, const QByteArray &value)
{
    W file = sound();
    file.addPair(key, type, value);
    return file.write(soundData);
}

QByteArray withNumbers(const QList<std::pair<QByteArray, quint32>> &numbers)
{
    W file = sound();
    for (const auto &[key, value] : numbers)
        file.addNumber(key, value);
    return file.write(soundData);
}

QByteArray withTensor(const QByteArray &name, const QList<quint64> &shape, quint32 type, quint64 offset)
{
    W file = sound();
    file.addTensor(name, shape, type, offset);
    return file.write(soundData);
}

QByteArray withReal(const QByteArray &key, float value)
{
    return withPair(key, W::Float32, W::number(value));
}

constexpr quint64 huge = std::numeric_limits<quint64>::max();

} // namespace

class TestGgufCheck : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void passesSoundFiles_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::newRow("small") << sound().write(soundData);
        QTest::newRow("demo model") << demoModel().toByteArray();
        QTest::newRow("nothing inside") << W().write();
        W second = sound();
        second.version = 2;
        QTest::newRow("version 2") << second.write(soundData);
        W wide = sound();
        wide.alignment = 64;
        wide.addNumber("general.alignment", 32);
        QTest::newRow("alignment") << wide.write(soundData);
        QTest::newRow("experts") << withNumbers({{"llama.expert_count", 8}, {"llama.expert_used_count", 2}});
        QTest::newRow("numbers of others") << withNumbers({{"clip.block_count", 0}});
        QTest::newRow("no array elements") << withPair("none", W::Array, W::texts({}));
        QTest::newRow("epsilon") << withReal("llama.attention.layer_norm_rms_epsilon", 1e-5F);
        QTest::newRow("table of numbers") << withTensor("d2t", {4}, 27, 96);
    }

    void passesSoundFiles()
    {
        QFETCH(QByteArray, bytes);
        QCOMPARE(faultOf(bytes), QString());
    }

    void tellsWhatIsWrong_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("fault");
        addBadHeaders();
        addBadPairs();
        addBadValues();
        addBadTensors();
    }

    void tellsWhatIsWrong()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, fault);
        const QString told = faultOf(bytes);
        QVERIFY2(told.contains(fault), qPrintable(told));
        QVERIFY(told.size() < 300);
    }

    void noCutFilePasses()
    {
        const QByteArray bytes = sound().write(soundData);
        for (qsizetype size = 0; size < bytes.size(); ++size)
            QVERIFY2(!faultOf(bytes.first(size)).isEmpty(), qPrintable(QString::number(size)));
        QCOMPARE(faultOf(bytes), QString());
    }

    void namesAreShownSafely()
    {
        const QString told = faultOf(withTensor("bad\n\x1B[31m%1%2", {0}, 0, 0));
        QVERIFY2(told.contains(QLatin1String("bad\\0A\\1B\\5B31m")), qPrintable(told));
    }

    void knowsTheTypesOfTensors()
    {
        for (quint32 type = 0; type < 100; ++type) {
            const auto mine = ggufTensorType(type);
            const bool exists = type < GGML_TYPE_COUNT && ggml_blck_size(static_cast<ggml_type>(type)) > 0;
            QCOMPARE(mine.has_value(), exists);
            if (exists) {
                QCOMPARE(qint64(mine->values), qint64(ggml_blck_size(static_cast<ggml_type>(type))));
                QCOMPARE(quint64(mine->bytes), quint64(ggml_type_size(static_cast<ggml_type>(type))));
            }
        }
    }

    void tellsThePartsOfASplitModel()
    {
        W file;
        file.addPair("split.no", W::Uint16, W::number<quint16>(1));
        file.addPair("split.count", W::Uint16, W::number<quint16>(3));
        QByteArray bytes = file.write();
        QBuffer buffer(&bytes);
        QVERIFY(buffer.open(QIODevice::ReadOnly));
        const Result<GgufParts> parts = checkGguf(buffer);
        QVERIFY(parts.has_value());
        QCOMPARE(parts->index, 1);
        QCOMPARE(parts->count, 3);
    }

    /// A file of 40 GB (with holes) and a vocabulary of 262,144 tokens.
    void readsNoWeights()
    {
        W file;
        QList<QByteArray> tokens;
        for (int i = 0; i < 262'144; ++i)
            tokens.append("token " + QByteArray::number(i));
        file.addPair("tokenizer.ggml.tokens", W::Array, W::texts(tokens));
        file.addPair("tokenizer.ggml.merges", W::Array, W::texts(tokens));
        for (quint64 i = 0; i < 1000; ++i)
            file.addTensor("blk." + QByteArray::number(i), {10'000'000}, 0, i * 40'000'000);
        const QByteArray header = file.write(32);
        QTemporaryFile disk;
        QVERIFY(disk.open());
        QCOMPARE(disk.write(header), header.size());
        QVERIFY(disk.resize(40'020'000'000));
        QVERIFY(disk.seek(0));
        QElapsedTimer clock;
        clock.start();
        const Result<GgufParts> parts = checkGguf(disk);
        qInfo("%lld ms for a header of %lld bytes", clock.elapsed(), static_cast<long long>(header.size()));
        QVERIFY2(parts.has_value(), qPrintable(parts ? QString() : parts.error().message));
        QVERIFY(clock.elapsed() < 5000);
    }

private:
    static void addBadHeaders()
    {
        const QString early = QStringLiteral("ends too early");
        QTest::newRow("empty") << QByteArray() << early;
        QTest::newRow("magic only") << QByteArray("GGUF") << early;
        QTest::newRow("another magic") << "GGML" + QByteArray(100, '\0') << "not a GGUF file";
        for (const quint32 version : {0U, 1U, 4U, 0xFFFFFFFFU}) {
            W file = sound();
            file.version = version;
            QTest::addRow("version %u", version) << file.write(soundData) << "its version is";
        }
        W foreign = sound();
        foreign.version = 0x03000000;
        QTest::newRow("big-endian") << foreign.write(soundData) << "big-endian";
        W more = sound();
        more.pairs = 4;
        QTest::newRow("more values than there are") << more.write(soundData) << "";
        more.pairs = huge;
        QTest::newRow("huge number of values") << more.write(soundData) << "claims to have";
        W tensors = sound();
        tensors.tensors = huge;
        QTest::newRow("huge number of tensors") << tensors.write(soundData) << "claims to have";
    }

    static void addBadPairs()
    {
        QTest::newRow("no key") << withPair("", W::Uint8, "a") << "without a proper name";
        QTest::newRow("NUL in a key") << withPair(QByteArray("a\0b", 3), W::Uint8, "a") << "proper name";
        QTest::newRow("long key") << withPair(QByteArray(70'000, 'k'), W::Uint8, "a") << "70000 bytes";
        QTest::newRow("key twice") << withNumbers({{"llama.block_count", 2}}) << "llama.block_count twice";
        QTest::newRow("unknown type") << withPair("k", 13, QByteArray(8, '\0')) << "unsuitable type 13";
        QTest::newRow("huge type") << withPair("k", 0xFFFFFFFF, QByteArray(8, '\0')) << "unsuitable type";
        QTest::newRow("neither true nor false") << withPair("k", W::Bool, "\x02") << "neither true nor false";
        QTest::newRow("huge text") << withPair("k", W::String, W::number(huge)) << "ends too early";
        QTest::newRow("huge array") << withPair("k", W::Array,
                                                W::number<quint32>(W::Uint32) + W::number(huge))
                                    << "elements";
        QTest::newRow("overflowing array")
            << withPair("k", W::Array, W::number<quint32>(W::Uint32) + W::number(huge / 4 + 2)) << "elements";
        QTest::newRow("huge array of texts")
            << withPair("k", W::Array, W::number<quint32>(W::String) + W::number(huge)) << "elements";
        QTest::newRow("array past the end")
            << withPair("k", W::Array, W::number<quint32>(W::Uint8) + W::number<quint64>(10'000))
            << "elements";
        QTest::newRow("array of arrays")
            << withPair("k", W::Array, W::number<quint32>(W::Array) + W::number<quint64>(1)) << "type 9";
        QTest::newRow("text past the end in an array")
            << withPair("k", W::Array,
                        W::number<quint32>(W::String) + W::number<quint64>(1) + W::number<quint64>(10'000))
            << "ends too early";
    }

    static void addBadValues()
    {
        for (const quint32 alignment : {0U, 1U, 4U, 24U, 33U, 0x80000001U})
            QTest::addRow("alignment %u", alignment)
                << withNumbers({{"general.alignment", alignment}}) << "no power of two";
        QTest::newRow("huge alignment") << withNumbers({{"general.alignment", 0x80000000U}}) << "not ";
        QTest::newRow("alignment of another type")
            << withPair("general.alignment", W::Uint16, W::number<quint16>(32)) << "unsuitable type";
        QTest::newRow("part of another type") << withNumbers({{"split.no", 0}}) << "unsuitable type";
        QTest::newRow("part without a whole")
            << withPair("split.no", W::Uint16, W::number<quint16>(1)) << "file 2 of 1";
        W twins;
        twins.addPair("tokenizer.ggml.tokens", W::Array, W::texts({"a", "b", QByteArray("a\0c", 3)}));
        QTest::newRow("two tokens alike") << twins.write() << "same text";
        for (const quint32 layers : {0U, 513U, 0xFFFFFFFFU}) {
            W file;
            file.addNumber("llama.block_count", layers);
            file.addText("general.architecture", "llama");
            QTest::addRow("%u layers", layers) << file.write() << "layers";
        }
        QTest::newRow("more layers") << withNumbers({{"llama.nextn_predict_layers", 3}}) << "layers";
        QTest::newRow("too many experts") << withNumbers({{"llama.expert_count", 1025}}) << "experts";
        QTest::newRow("no experts to use") << withNumbers({{"llama.expert_used_count", 1}}) << "experts";
        QTest::newRow("no expert used")
            << withNumbers({{"llama.expert_count", 4}, {"llama.expert_used_count", 0}}) << "experts";
        QTest::newRow("none is told to be used") << withNumbers({{"llama.expert_count", 4}}) << "experts";
        QTest::newRow("more used than there are, in a layer")
            << withPair("llama.expert_used_count", W::Array,
                        W::number<quint32>(W::Uint32) + W::number<quint64>(2) + W::number(0U) + W::number(3U))
            << "3 experts are used of 0";
        QTest::newRow("used by texts")
            << withPair("llama.expert_used_count", W::Array, W::texts({"1"})) << "unsuitable type 8";
        QTest::newRow("uneven groups") << withNumbers({{"llama.expert_count", 4},
                                                       {"llama.expert_used_count", 1},
                                                       {"llama.expert_group_count", 3}})
                                       << "groups";
        const QByteArray epsilon = "llama.attention.layer_norm_rms_epsilon";
        QTest::newRow("no number") << withReal("k", std::numeric_limits<float>::quiet_NaN()) << "nan";
        QTest::newRow("negative epsilon") << withReal(epsilon, -1) << QString::fromLatin1(epsilon);
        QTest::newRow("infinite epsilon") << withReal(epsilon, INFINITY) << QString::fromLatin1(epsilon);
        QTest::newRow("way to scale")
            << withPair("llama.rope.scaling.type", W::String, W::text("odd")) << "scale positions";
    }

    static void addBadTensors()
    {
        QTest::newRow("no name") << withTensor("", {8}, 0, 0) << "without a proper name";
        QTest::newRow("long name") << withTensor(QByteArray(64, 'n'), {8}, 0, 0) << "64 bytes";
        QTest::newRow("name twice") << withTensor("output_norm.weight", {8}, 0, 0) << "twice";
        QTest::newRow("no dimension") << withTensor("t", {}, 0, 0) << "0 dimensions";
        QTest::newRow("five dimensions") << withTensor("t", {1, 1, 1, 1, 1}, 0, 0) << "5 dimensions";
        QTest::newRow("nothing") << withTensor("t", {8, 0}, 0, 0) << "senseless shape";
        QTest::newRow("negative") << withTensor("t", {huge}, 0, 0) << "senseless shape";
        QTest::newRow("overflow") << withTensor("t", {1ULL << 32U, 1ULL << 32U, 4}, 0, 0)
                                  << "senseless shape";
        QTest::newRow("removed type") << withTensor("t", {32, 1}, 4, 0) << "unsuitable type 4";
        QTest::newRow("unknown type") << withTensor("t", {32, 1}, 43, 0) << "unsuitable type 43";
        QTest::newRow("half a block") << withTensor("t", {48, 1}, 8, 0) << "unsuitable type 8";
        QTest::newRow("integers") << withTensor("t", {8, 1}, 26, 0) << "unsuitable type 26";
        QTest::newRow("vector of integers") << withTensor("t", {8}, 26, 0) << "unsuitable type 26";
        QTest::newRow("crooked offset") << withTensor("t", {8}, 0, 100) << "not aligned";
        QTest::newRow("huge offset") << withTensor("t", {8}, 0, huge - 31) << "not inside the file";
        QTest::newRow("offset at the end") << withTensor("t", {8}, 0, 128) << "not inside the file";
        QTest::newRow("too large") << withTensor("t", {1000}, 0, 0) << "not inside the file";
    }
};

QTEST_GUILESS_MAIN(TestGgufCheck)
#include "tst_gguf_check.moc"
