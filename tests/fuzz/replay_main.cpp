// SPDX-License-Identifier: GPL-3.0-or-later
// Replays a corpus through a fuzzer's entry point without libFuzzer: every file once, then every file cut at
// every byte and with single bytes changed, so that the corpus keeps its worth as a regression test under any
// compiler.
#include <QDirIterator>
#include <QFile>

#include <cstdint>
#include <cstdio>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

static void run(const QByteArray &input)
{
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t *>(input.constData()),
                           static_cast<std::size_t>(input.size()));
}

int main(int argc, char **argv)
{
    int files = 0;
    for (int i = 1; i < argc; ++i) {
        QDirIterator it(QFile::decodeName(argv[i]), QDir::Files, QDirIterator::Subdirectories);
        while (it.hasNext()) {
            QFile file(it.next());
            if (!file.open(QIODevice::ReadOnly))
                return 1;
            const QByteArray input = file.readAll();
            run(input);
            const qsizetype step = qMax<qsizetype>(1, input.size() / 256);
            for (qsizetype at = 0; at < input.size(); at += step) {
                run(input.left(at));
                QByteArray changed = input;
                changed[at] = static_cast<char>(changed.at(at) ^ 0x21);
                run(changed);
            }
            ++files;
        }
    }
    std::printf("%d corpus files replayed\n", files);
    return files > 0 ? 0 : 1; // An empty corpus proves nothing.
}
