// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/password.h"

#include "admission/sodium_start.h"
#include "store/postbox.h"

#include <QCoreApplication>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace gatehouse {

namespace {

struct PasswordText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::Password)
};

constexpr qsizetype fewestBytes = 8;
constexpr qsizetype mostBytes = 1024;
constexpr size_t mostWaiting = 16;

/// As hard to verify against as any hash that hashPassword() makes, and nobody's.
constexpr const char *nobodysHash =
    "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

} // namespace

Result<QByteArray> hashPassword(const Secret &password)
{
    startSodium();
    char text[crypto_pwhash_STRBYTES];
    const QByteArray &bytes = password.reveal();
    if (crypto_pwhash_str(text, bytes.constData(), quint64(bytes.size()), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
        return Error{.code = ErrorCode::Overloaded,
                     .message = PasswordText::tr("There is not enough memory to hash a password.")};
    return QByteArray(text);
}

bool verifyPassword(const QByteArray &hash, const Secret &password)
{
    startSodium();
    const QByteArray &bytes = password.reveal();
    const char *expected = hash.isEmpty() ? nobodysHash : hash.constData();
    const bool matches = crypto_pwhash_str_verify(expected, bytes.constData(), quint64(bytes.size())) == 0;
    return matches && !hash.isEmpty();
}

Result<void> checkPassword(const Secret &password)
{
    const qsizetype size = password.reveal().size();
    if (size >= fewestBytes && size <= mostBytes)
        return {};
    return Error{.code = ErrorCode::InvalidRequest,
                 .message =
                     PasswordText::tr("A password needs %1 to %2 bytes.").arg(fewestBytes).arg(mostBytes),
                 .param = "password"};
}

class PasswordWorker::Private
{
public:
    Private()
        : m_thread([this] { work(); })
    {}
    ~Private()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_isEnding = true;
        }
        m_wake.notify_one();
        m_thread.join();
    }
    Q_DISABLE_COPY_MOVE(Private)

    [[nodiscard]] bool enqueue(std::function<void()> job)
    {
        {
            const std::lock_guard lock(m_mutex);
            if (m_waiting.size() >= mostWaiting)
                return false;
            m_waiting.push_back(std::move(job));
        }
        m_wake.notify_one();
        return true;
    }

private:
    void work()
    {
        for (;;) {
            std::unique_lock lock(m_mutex);
            m_wake.wait(lock, [this] { return m_isEnding || !m_waiting.empty(); });
            if (m_isEnding)
                return;
            const std::function<void()> job = std::move(m_waiting.front());
            m_waiting.pop_front();
            lock.unlock();
            job();
        }
    }

    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<std::function<void()>> m_waiting;
    bool m_isEnding = false;
    std::thread m_thread; ///< Last, because it uses everything above.
};

PasswordWorker::PasswordWorker()
    : d(std::make_unique<Private>())
{}

PasswordWorker::~PasswordWorker() = default;

bool PasswordWorker::verify(const QByteArray &hash, const Secret &password, QObject *context,
                            std::function<void(bool)> done)
{
    return d->enqueue([hash, password, reply = Postbox(context), done = std::move(done)] {
        const bool matches = verifyPassword(hash, password);
        reply.post([done, matches] { done(matches); });
    });
}

bool PasswordWorker::hash(const Secret &password, QObject *context,
                          std::function<void(Result<QByteArray>)> done)
{
    return d->enqueue([password, reply = Postbox(context), done = std::move(done)] {
        const Result<QByteArray> hashed = hashPassword(password);
        reply.post([done, hashed] { done(hashed); });
    });
}

} // namespace gatehouse
