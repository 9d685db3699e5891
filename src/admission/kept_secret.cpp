// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/key_hasher.h"
#include "admission/sodium_start.h"
#include "base/id.h"

#include <QCoreApplication>
#include <QFile>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace gatehouse {

namespace {

struct KeptSecretText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::KeptSecret)
};

constexpr qsizetype fewestCharacters = 32;
constexpr qsizetype mostCharacters = 4096;

class Descriptor
{
public:
    explicit Descriptor(int fd)
        : m_fd(fd)
    {}
    ~Descriptor() { close(); }
    Q_DISABLE_COPY_MOVE(Descriptor)
    [[nodiscard]] int get() const { return m_fd; }
    [[nodiscard]] bool isOpen() const { return m_fd >= 0; }
    bool close() { return m_fd < 0 || ::close(std::exchange(m_fd, -1)) == 0; }

private:
    int m_fd;
};

Error failure(const QString &what)
{
    return {.code = ErrorCode::Internal, .message = what};
}

Error systemFailure(const QString &what, int number)
{
    return failure(KeptSecretText::tr("%1: %2").arg(what, qt_error_string(number)));
}

QByteArray readAll(int fd)
{
    QByteArray content(mostCharacters + 1, Qt::Uninitialized);
    qsizetype size = 0;
    while (size < content.size()) {
        const ssize_t count = ::read(fd, content.data() + size, size_t(content.size() - size));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        size += count;
    }
    return content.first(size);
}

bool writeAll(int fd, QByteArrayView bytes)
{
    while (!bytes.isEmpty()) {
        const ssize_t count = ::write(fd, bytes.data(), size_t(bytes.size()));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        bytes = bytes.sliced(count);
    }
    return true;
}

/// Unset where there is no such file.
Result<std::optional<Secret>> readSecret(const QString &path)
{
    const Descriptor file(::open(QFile::encodeName(path).constData(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.isOpen() && errno == ENOENT)
        return std::optional<Secret>();
    struct stat status = {};
    if (!file.isOpen() || ::fstat(file.get(), &status) != 0)
        return systemFailure(KeptSecretText::tr("can't read %1").arg(path), errno);
    if (!S_ISREG(status.st_mode))
        return failure(KeptSecretText::tr("%1 is no file").arg(path));
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return failure(KeptSecretText::tr("others can read %1, which holds a secret: chmod 600 it, or delete "
                                          "it if somebody has seen it")
                           .arg(path));
    const QByteArray text = readAll(file.get()).trimmed();
    if (text.size() < fewestCharacters || text.size() > mostCharacters)
        return failure(KeptSecretText::tr("%1 is damaged: put back the copy of a backup").arg(path));
    return std::optional(Secret(text));
}

/// Whole or not at all; whoever comes second leaves the first one's in place.
Result<void> makeSecret(const QString &path)
{
    startSodium();
    QByteArray bits(32, Qt::Uninitialized);
    randombytes_buf(bits.data(), size_t(bits.size()));
    const QByteArray name = QFile::encodeName(path);
    const QByteArray temporary = name + '.' + makeId("new-");
    const QString cantMake = KeptSecretText::tr("can't make %1").arg(path);

    Descriptor file(
        ::open(temporary.constData(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!file.isOpen())
        return systemFailure(cantMake, errno);
    const bool isWritten = ::fchmod(file.get(), S_IRUSR | S_IWUSR) == 0 &&
                           writeAll(file.get(), bits.toHex() + '\n') && ::fsync(file.get()) == 0 &&
                           file.close();
    const bool isThere =
        isWritten && (::link(temporary.constData(), name.constData()) == 0 || errno == EEXIST);
    const int number = errno;
    ::unlink(temporary.constData());
    return isThere ? Result<void>() : systemFailure(cantMake, number);
}

/// What was made must be found again after a power cut, or every key would be lost.
void syncFolder(const QString &folder)
{
    const Descriptor opened(
        ::open(QFile::encodeName(folder).constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened.isOpen())
        ::fsync(opened.get());
}

} // namespace

Result<Secret> keptSecret(const QString &folder, const QString &name)
{
    const QString path = folder + QChar(u'/') + name;
    Result<std::optional<Secret>> kept = readSecret(path);
    if (kept && !*kept) {
        if (const auto made = makeSecret(path); !made)
            return made.error();
        syncFolder(folder);
        kept = readSecret(path);
    }
    if (!kept)
        return std::move(kept).error();
    if (!*kept)
        return failure(KeptSecretText::tr("%1 went away").arg(path));
    return **std::move(kept);
}

} // namespace gatehouse
