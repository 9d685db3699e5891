// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/llama/model_file.h"

#include "engine/llama/gguf_check.h"

#include <QFile>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gatehouse {

namespace {

Error failure(const QString &why)
{
    return {.code = ErrorCode::Internal, .message = why};
}

Error systemFailure(const QString &what)
{
    const int number = errno;
    return failure(what + QStringLiteral(": ") + QString::fromLocal8Bit(std::strerror(number)));
}

bool writeAll(int descriptor, QByteArrayView bytes)
{
    while (!bytes.isEmpty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), static_cast<std::size_t>(bytes.size()));
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes = bytes.sliced(written);
    }
    return ::lseek(descriptor, 0, SEEK_SET) == 0;
}

Result<GgufParts> check(std::FILE *file, const QString &path)
{
    QFile bytes;
    if (!bytes.open(::fileno(file), QIODevice::ReadOnly | QIODevice::Unbuffered))
        return failure(QStringLiteral("cannot read %1: %2").arg(path, bytes.errorString()));
    Result<GgufParts> parts = checkGguf(bytes);
    std::rewind(file);
    if (!parts)
        return failure(QStringLiteral("%1: %2").arg(path, parts.error().message));
    return parts;
}

} // namespace

Result<ModelFile> ModelFile::open(const EngineOptions &options)
{
    Result<Handle> file = options.bytes.isEmpty() ? openPath(options.path) : openBytes(options.bytes);
    if (!file)
        return std::move(file).error();
    const Result<GgufParts> parts =
        check(file->get(), options.bytes.isEmpty() ? options.path : QString::fromUtf8(options.name));
    if (!parts)
        return parts.error();
    if (const Result<void> others = checkOtherParts(options.path, parts->count); !others)
        return others.error();
    return ModelFile(std::move(file).value());
}

Result<ModelFile::Handle> ModelFile::openPath(const QString &path)
{
    Handle file(std::fopen(QFile::encodeName(path).constData(), "rbe"));
    if (!file)
        return systemFailure(QStringLiteral("cannot open %1").arg(path));
    struct stat status = {};
    if (::fstat(::fileno(file.get()), &status) != 0)
        return systemFailure(QStringLiteral("cannot examine %1").arg(path));
    if (!S_ISREG(status.st_mode)) // a pipe would block, a folder fails with a riddle
        return failure(QStringLiteral("not a regular file: %1").arg(path));
    return file;
}

/// llama.cpp finds them by their names, which it refuses if they do not follow the rule.
Result<void> ModelFile::checkOtherParts(const QString &path, int count)
{
    const auto ending = [count](int index) {
        return QString::asprintf("-%05d-of-%05d.gguf", index + 1, count);
    };
    if (count == 1 || !path.endsWith(ending(0)))
        return {};
    const QString begin = path.chopped(ending(0).size());
    for (int index = 1; index < count; ++index) {
        const QString part = begin + ending(index);
        const Result<Handle> file = openPath(part);
        if (!file)
            return file.error();
        if (const Result<GgufParts> parts = check(file->get(), part); !parts)
            return parts.error();
    }
    return {};
}

Result<ModelFile::Handle> ModelFile::openBytes(QByteArrayView bytes)
{
    const int descriptor = ::memfd_create("gatehouse-model", MFD_CLOEXEC);
    if (descriptor < 0)
        return systemFailure(QStringLiteral("cannot make a memory file"));
    Handle file(::fdopen(descriptor, "rb"));
    if (!file) {
        ::close(descriptor);
        return systemFailure(QStringLiteral("cannot open a memory file"));
    }
    if (!writeAll(descriptor, bytes))
        return systemFailure(QStringLiteral("cannot fill a memory file"));
    return file;
}

} // namespace gatehouse
