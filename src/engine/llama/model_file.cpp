// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/llama/model_file.h"

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

bool beginsLikeGguf(std::FILE *file)
{
    char magic[4] = {};
    const bool isGguf = std::fread(magic, sizeof magic, 1, file) == 1 && std::memcmp(magic, "GGUF", 4) == 0;
    std::rewind(file);
    return isGguf;
}

} // namespace

Result<ModelFile> ModelFile::open(const EngineOptions &options)
{
    Result<Handle> file = options.bytes.isEmpty() ? openPath(options.path) : openBytes(options.bytes);
    if (!file)
        return std::move(file).error();
    if (!beginsLikeGguf(file->get()))
        return failure(QStringLiteral("not a GGUF file: %1").arg(options.path));
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
