// SPDX-License-Identifier: GPL-3.0-or-later
// gatehouse-search-bench [messages]: what a message costs on its way into the history, how soon it is found
// among many, and what it takes to delete it from the file. On SQLite, in a folder of its own below TMPDIR,
// which it removes.
#include "store/migrations.h"
#include "store/session_repository.h"

#include <QElapsedTimer>
#include <QFileInfo>
#include <QTemporaryDir>

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <vector>

using namespace gatehouse;

namespace {

constexpr int vocabulary = 50'000;
constexpr int wordsInMessage = 40;
constexpr int ownerCount = 10;   ///< The first has six of ten messages, the last one of a thousand.
constexpr int sessionSize = 100; ///< Messages, about.
constexpr int asksOfEach = 15;

template <typename T>
T need(Result<T> result)
{
    if (result)
        return std::move(*result);
    std::fprintf(stderr, "%s: %s\n", qPrintable(result.error().message), qPrintable(result.error().detail));
    std::exit(1);
}

void need(const Result<void> &result)
{
    if (!result)
        (void)need(Result<int>(result.error()));
}

double processorSeconds()
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval &time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

QByteArray owner(int index)
{
    return "6fa459ea-ee8a-3ca4-894e-db77e160" + QByteArray::number(1000 + index);
}

/// Messages of words by Zipf's law. "every" and "conversation" are in each; "oddly" and "evenly" in every
/// second one, never together.
class MessageMaker
{
public:
    MessageMaker()
    {
        double sum = 0;
        for (int i = 0; i < vocabulary; ++i)
            m_sums.push_back(sum += 1.0 / (i + 1));
    }
    static QByteArray word(int rank)
    {
        static constexpr char letters[] = "etaoinshrdlucmfwypvbgkjqxz";
        QByteArray text;
        for (int rest = rank + 26; rest > 0; rest /= 26)
            text.append(letters[rest % 26]);
        return text;
    }
    MessageRecord make(const QByteArray &role)
    {
        QByteArray text = m_made++ % 2 == 0 ? "every conversation evenly" : "every conversation oddly";
        for (int i = 0; i < wordsInMessage - 3; ++i)
            text += ' ' + word(rank());
        return {.role = role,
                .text = text,
                .model = "llama-3.1",
                .createdAt = WallTime(std::chrono::milliseconds(m_made))};
    }
    int pickOwner()
    {
        const auto number = static_cast<int>(m_random() % 1000);
        return number == 0 ? ownerCount - 1 : number < 600 ? 0 : 1 + number % (ownerCount - 2);
    }

private:
    int rank()
    {
        const double at = std::uniform_real_distribution<double>(0, m_sums.back())(m_random);
        return static_cast<int>(std::lower_bound(m_sums.begin(), m_sums.end(), at) - m_sums.begin());
    }
    std::mt19937 m_random{1};
    std::vector<double> m_sums;
    qint64 m_made = 0;
};

/// A question and its answer.
struct Turn
{
    SessionKey key;
    QList<MessageRecord> messages;
};

Turn makeTurn(MessageMaker &maker, qint64 number)
{
    const QByteArray session = "session-" + QByteArray::number(number / sessionSize);
    return {{owner(maker.pickOwner()), session}, {maker.make("user"), maker.make("assistant")}};
}

void append(Database &database, const Turn &turn)
{
    (void)need(SessionRepository(database).append(turn.key, QStringLiteral("A title"), turn.messages));
}

void appendMany(Database &database, MessageMaker &maker, qint64 messages, int group, const char *what)
{
    std::vector<Turn> turns;
    double used = 0;
    QElapsedTimer timer;
    qint64 waited = 0;
    for (qint64 i = 0; i < messages; i += 2 * group) {
        turns.clear();
        for (int j = 0; j < group; ++j)
            turns.push_back(makeTurn(maker, i));
        const double before = processorSeconds();
        timer.start();
        // As the store does it: each job a savepoint in the group's transaction.
        need(database.inTransaction([&]() -> Result<void> {
            for (const Turn &turn : turns)
                need(database.inTransaction([&]() -> Result<void> {
                    append(database, turn);
                    return {};
                }));
            return {};
        }));
        waited += timer.nsecsElapsed();
        used += processorSeconds() - before;
    }
    std::printf("%-28s %9lld messages: %6.1f us of processor time, %6.1f us each\n", what, messages,
                1e6 * used / static_cast<double>(messages),
                static_cast<double>(waited) / 1e3 / static_cast<double>(messages));
}

template <typename Question>
void ask(const char *what, Question question)
{
    std::vector<double> times;
    qsizetype answers = 0;
    for (int i = 0; i < asksOfEach; ++i) {
        QElapsedTimer timer;
        timer.start();
        answers = question();
        times.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e6);
    }
    std::sort(times.begin(), times.end());
    std::printf("%-44s %4lld found, p50 %7.2f ms, max %7.2f ms\n", what, static_cast<long long>(answers),
                times[times.size() / 2], times.back());
}

qsizetype found(Database &database, const SessionRepository::Search &search)
{
    return need(SessionRepository(database).search(search)).hits.size();
}

void search(Database &database, const char *whose, int ownerIndex)
{
    const auto words = [](std::initializer_list<int> ranks) {
        QStringList list;
        for (const int rank : ranks)
            list.append(QString::fromLatin1(MessageMaker::word(rank)));
        return list.join(u' ');
    };
    const std::vector<std::pair<const char *, QString>> queries = {
        {"a word in every message", QStringLiteral("every")},
        {"two words in every message", QStringLiteral("every conver")},
        {"a long word in every message", QStringLiteral("conversation")},
        {"one letter", QStringLiteral("e")},
        {"the most frequent word", words({0})},
        {"a rare word", words({40'000})},
        {"a word that is nowhere", QStringLiteral("qqqqqqqq")},
        {"three frequent words", words({0, 1, 2})},
        {"a frequent and a rare word", words({0, 30'000})},
        {"two words never together", QStringLiteral("oddly evenly")},
        {"two words never together, beginning", QStringLiteral("evenly oddl")},
        {"sixteen words", words({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})},
    };
    std::printf("-- %s\n", whose);
    for (const auto &[what, text] : queries)
        ask(what, [&database, text = text, ownerIndex] {
            return found(database, {.owner = owner(ownerIndex), .words = text});
        });
    ask("deep page of a word in every message", [&] {
        return found(database, {.owner = owner(ownerIndex), .words = QStringLiteral("every"), .below = 5000});
    });
    ask("sessions, newest",
        [&] { return need(SessionRepository(database).sessions(owner(ownerIndex), {}, 50)).size(); });
}

void purge(Database &database, const DatabaseTarget &target, const SessionKey &key)
{
    const auto messages = need(SessionRepository(database).find(key)).messages;
    need(SessionRepository(database).remove(key));
    const double before = processorSeconds();
    double longest = 0;
    int steps = 0;
    for (bool more = true; more; ++steps) {
        QElapsedTimer timer;
        timer.start();
        more = need(purgeDeletedMessages(database));
        longest = std::max(longest, static_cast<double>(timer.nsecsElapsed()) / 1e6);
    }
    std::printf("purged a session of %lld messages: %.1f s of processor time, %d steps, the longest %.1f ms; "
                "file %.0f MB\n",
                static_cast<long long>(messages), processorSeconds() - before, steps, longest,
                static_cast<double>(QFileInfo(target.file).size()) / 1e6);
}

} // namespace

int main(int argc, char **argv)
{
    const qint64 messages = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
    QTemporaryDir folder;
    const DatabaseTarget target{.file = folder.filePath(QStringLiteral("gatehouse.db"))};
    const auto database = need(Database::open(target));
    need(migrate(*database, target));
    MessageMaker maker;
    appendMany(*database, maker, messages, 64, "fill, groups of 64 turns");
    std::printf("file %.0f MB\n", static_cast<double>(QFileInfo(target.file).size()) / 1e6);
    appendMany(*database, maker, 4096, 16, "groups of 16 turns");
    appendMany(*database, maker, 2048, 1, "each turn alone");
    search(*database, "the owner of six in ten", 0);
    search(*database, "an owner of one in twenty", 3);
    search(*database, "the owner of one in a thousand", ownerCount - 1);
    purge(*database, target, {owner(0), "session-0"});
    purge(*database, target, {owner(0), "session-1"});
    return 0;
}
