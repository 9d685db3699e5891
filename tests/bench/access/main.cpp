// SPDX-License-Identifier: GPL-3.0-or-later
// What key check, gates and ledger add to a request to a model, in processor time of the whole process (the
// store's threads included), on SQLite in a temporary folder:
//
//     gatehouse-access-bench [requests]
//
// 20 keys with every limit set; rows are recorded at 5,000 a second, so that they are moved in groups as
// under load, and waiting costs nothing.
#include "admission/credential_gate.h"
#include "admission/limits/memory_limiter.h"
#include "store/migrations.h"
#include "store/store.h"

#include <QTemporaryDir>

#include <cstdio>
#include <ctime>
#include <thread>

using namespace gatehouse;

namespace {

double processorSeconds()
{
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return double(time.tv_sec) + double(time.tv_nsec) / 1e9;
}

class NoLog final : public Log
{
public:
    void write(LogLevel, const char *, std::span<const LogField>) override {}
};

/// All that one request passes through, as the lanes do it.
class Passage
{
public:
    explicit Passage(Store &store)
        : m_store(store)
    {
        QList<KeyRecord> records;
        for (int i = 0; i < keys; ++i) {
            m_secrets.append(makeApiKey().reveal());
            records.append({.id = makeUuid(),
                            .name = QStringLiteral("key"),
                            .hash = m_hasher.hash(m_secrets.last()),
                            .limits = {.requestsPerHour = 1'000'000,
                                       .requestsPerMinute = 1'000'000,
                                       .tokensPerMinute = 1'000'000'000,
                                       .maxConcurrent = 100,
                                       .monthlyTokens = 1'000'000'000'000}});
        }
        AuthSettings settings;
        settings.mode = AuthMode::Required;
        const auto tokens = std::make_shared<const TokenIssuer>(Secret("0123456789abcdef0123456789abcdef"),
                                                                std::chrono::minutes(30), m_clock);
        m_gate = std::make_unique<CredentialGate>(
            settings, std::make_shared<const KeyRing>(settings, m_hasher, records, QList<UserRecord>()),
            m_hasher, tokens, m_clock);
    }

    bool pass(int i)
    {
        const Credentials credentials{.peer = QHostAddress(quint32(0x0a000000 + i % 1000)),
                                      .authorization = "Bearer " + m_secrets[i % keys],
                                      .host = "box:8000"};
        const Result<Caller> caller = m_gate->admit(credentials, Access::Caller);
        if (!caller)
            return false;
        const LimitSubject subject{.address = credentials.peer, .key = caller->key};
        std::unique_ptr<Reservation> held;
        m_limiter.admit(subject, nullptr, [&](const Decision<Admitted> &decision) {
            if (std::holds_alternative<Admitted>(decision))
                m_limiter.reserve(subject, 100, 1000, nullptr, [&](Decision<Reserved> reserved) {
                    if (auto *granted = std::get_if<Reserved>(&reserved))
                        held = std::move(granted->reservation);
                });
        });
        if (!held)
            return false;
        const bool kept = bool(m_store.record({.at = m_clock.wallNow(),
                                               .requestId = "req_0123456789012345678901",
                                               .keyId = caller->keyId,
                                               .method = "POST",
                                               .endpoint = "/v1/chat/completions",
                                               .status = 200,
                                               .model = "model",
                                               .route = "box",
                                               .promptTokens = 100,
                                               .completionTokens = 200,
                                               .firstTokenMs = 20,
                                               .responseMs = 1000.0 + i % 977}));
        m_store.noteKeyUsed(caller->keyId);
        held->settle(300);
        return kept;
    }

private:
    static constexpr int keys = 20;
    Store &m_store;
    SystemClock m_clock;
    KeyHasher m_hasher{Secret("bench")};
    QList<QByteArray> m_secrets;
    std::unique_ptr<CredentialGate> m_gate;
    MemoryLimits m_limits{{.requestsPerSecond = 0, .appliesToLoopback = true}, m_clock};
    MemoryLimiter m_limiter{m_limits};
};

} // namespace

int main(int argc, char **argv)
{
    const int requests = argc > 1 ? std::atoi(argv[1]) : 50'000;
    const QTemporaryDir folder;
    NoLog log;
    const SystemClock clock;
    auto store =
        std::make_unique<Store>(StoreOptions{.target = {.file = folder.filePath(QStringLiteral("bench.db"))},
                                             .dataDir = folder.path()},
                                log, clock);
    if (const auto opened = store->open(); !opened) {
        std::fprintf(stderr, "%s %s\n", qPrintable(opened.error().message),
                     qPrintable(opened.error().detail));
        return 1;
    }
    Passage passage(*store);
    const double before = processorSeconds();
    const auto begun = std::chrono::steady_clock::now();
    int passed = 0;
    for (int i = 0; i < requests; ++i) {
        passed += passage.pass(i) ? 1 : 0;
        if (i % 50 == 49)
            std::this_thread::sleep_until(begun + std::chrono::milliseconds(i / 5));
    }
    store.reset(); // Moves what waits.
    std::printf("%d of %d passed; %.2f us of processor time a request\n", passed, requests,
                (processorSeconds() - before) * 1e6 / requests);
    return passed == requests ? 0 : 1;
}
