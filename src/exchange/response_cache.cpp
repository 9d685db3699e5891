// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange/response_cache.h"

#include "store/postbox.h"

#include <QCryptographicHash>
#include <QHash>

#include <deque>
#include <list>
#include <mutex>

namespace gatehouse {
namespace {

/// What an answer takes beside its bytes: the hash, the nodes of list and table, the strings' heads. Many
/// tiny answers must not outgrow the bound.
constexpr qint64 overheadBytes = 512;

qint64 sizeOf(const CachedAnswer &answer)
{
    return overheadBytes + answer.body.size() + answer.model.size() + answer.route.size();
}

struct Kept
{
    QByteArray key;
    CachedAnswerPtr answer;
    MonotonicTime since;
    qint64 bytes = 0;
};

/// One who waits for somebody else's answer.
struct Waiting
{
    Postbox postbox;
    std::function<void(ResponseCache::Found)> done;
};

/// A question that is being answered.
struct Question
{
    std::deque<Waiting> line;
    bool isFailed = false;  ///< Nobody has the duty.
    bool isPassing = false; ///< Somebody is passing the duty on.
};

} // namespace

class ResponseCache::Private : public std::enable_shared_from_this<Private>
{
public:
    Private(const Limits &limits, const Clock &clock)
        : m_limits(limits)
        , m_clock(clock)
    {}

    void apply(const Limits &limits);
    void clear();
    void find(const QByteArray &question, QObject *context, std::function<void(Found)> done);
    void landed(const QByteArray &key, const std::shared_ptr<Question> &question, CachedAnswer answer);
    void failed(const QByteArray &key, const std::shared_ptr<Question> &question);
    [[nodiscard]] Figures figures() const;

private:
    class Duty;
    using Order = std::list<Kept>;

    [[nodiscard]] CachedAnswerPtr answerTo(const QByteArray &key);
    [[nodiscard]] bool isFresh(const Kept &kept) const;
    void keep(const QByteArray &key, const CachedAnswerPtr &answer);
    void remove(Order::iterator kept);
    void shrink();
    void deliver(Waiting to, const CachedAnswerPtr &answer);
    [[nodiscard]] bool end(const QByteArray &key, const std::shared_ptr<Question> &question);
    void passTo(Waiting next, const QByteArray &key, const std::shared_ptr<Question> &question);

    mutable std::mutex m_mutex; ///< Guards all below. Nobody is called and no flight dies while it is held.
    Limits m_limits;
    const Clock &m_clock;
    Order m_order; ///< The latest used first.
    QHash<QByteArray, Order::iterator> m_kept;
    QHash<QByteArray, std::shared_ptr<Question>> m_asked;
    Figures m_figures;
};

namespace {

/// Of a cache that is switched off.
class FreeFlight final : public ResponseCache::Flight
{
public:
    void land(CachedAnswer) override {}
};

} // namespace

class ResponseCache::Private::Duty final : public Flight
{
public:
    Duty(std::shared_ptr<Private> cache, QByteArray key, std::shared_ptr<Question> question)
        : m_cache(std::move(cache))
        , m_key(std::move(key))
        , m_question(std::move(question))
    {}
    ~Duty() override
    {
        if (!m_isLanded)
            m_cache->failed(m_key, m_question);
    }

    void land(CachedAnswer answer) override
    {
        if (!std::exchange(m_isLanded, true))
            m_cache->landed(m_key, m_question, std::move(answer));
    }

private:
    std::shared_ptr<Private> m_cache;
    QByteArray m_key;
    std::shared_ptr<Question> m_question;
    bool m_isLanded = false;
};

void ResponseCache::Private::apply(const Limits &limits)
{
    const std::lock_guard lock(m_mutex);
    m_limits = limits;
    for (auto kept = m_order.begin(); kept != m_order.end();) {
        const auto each = kept++;
        if (!m_limits.enabled || !isFresh(*each))
            remove(each);
    }
    shrink();
}

void ResponseCache::Private::clear()
{
    const std::lock_guard lock(m_mutex);
    m_asked.clear();
    while (!m_order.empty())
        remove(m_order.begin());
}

void ResponseCache::Private::find(const QByteArray &question, QObject *context,
                                  std::function<void(Found)> done)
{
    const QByteArray key = QCryptographicHash::hash(question, QCryptographicHash::Sha256);
    Found found;
    {
        const std::lock_guard lock(m_mutex);
        if (!m_limits.enabled) {
            found = std::make_unique<FreeFlight>();
        } else if (auto answer = answerTo(key)) {
            ++m_figures.hits;
            found = std::move(answer);
        } else if (auto &asked = m_asked[key]; asked) {
            asked->line.push_back({Postbox(context), std::move(done)});
            return;
        } else {
            asked = std::make_shared<Question>();
            ++m_figures.misses;
            found = std::make_unique<Duty>(shared_from_this(), key, asked);
        }
    }
    done(std::move(found));
}

void ResponseCache::Private::landed(const QByteArray &key, const std::shared_ptr<Question> &question,
                                    CachedAnswer answer)
{
    const auto shared = std::make_shared<const CachedAnswer>(std::move(answer));
    std::deque<Waiting> line;
    {
        const std::lock_guard lock(m_mutex);
        line.swap(question->line);
        if (end(key, question))
            keep(key, shared);
    }
    for (Waiting &waiting : line)
        deliver(std::move(waiting), shared);
}

void ResponseCache::Private::deliver(Waiting to, const CachedAnswerPtr &answer)
{
    to.postbox.post([self = shared_from_this(), done = std::move(to.done), answer]() mutable {
        const auto call = std::move(done); // Dies here; what is left of the lambda may die in another thread.
        {
            const std::lock_guard lock(self->m_mutex);
            ++self->m_figures.hits;
        }
        call(answer);
    });
}

// A duty that dies on its way to one who has gone comes back here, maybe at once and in this thread: a loop,
// as a call inside a call for each of a long line would outgrow the stack.
void ResponseCache::Private::failed(const QByteArray &key, const std::shared_ptr<Question> &question)
{
    std::unique_lock lock(m_mutex);
    question->isFailed = true;
    if (std::exchange(question->isPassing, true))
        return;
    while (question->isFailed && !question->line.empty()) {
        Waiting next = std::move(question->line.front());
        question->line.pop_front();
        question->isFailed = false;
        lock.unlock();
        passTo(std::move(next), key, question);
        lock.lock();
    }
    question->isPassing = false;
    if (question->isFailed)
        (void)end(key, question);
}

/// False: it was asked before clear(), and somebody else may be asking by now.
bool ResponseCache::Private::end(const QByteArray &key, const std::shared_ptr<Question> &question)
{
    const auto asked = m_asked.constFind(key);
    if (asked == m_asked.cend() || *asked != question)
        return false;
    m_asked.erase(asked);
    return true;
}

void ResponseCache::Private::passTo(Waiting next, const QByteArray &key,
                                    const std::shared_ptr<Question> &question)
{
    // Shared, as a std::function has to be copyable. A call that is never made takes the duty with it.
    auto duty = std::make_shared<Found>(std::make_unique<Duty>(shared_from_this(), key, question));
    next.postbox.post(
        [self = shared_from_this(), done = std::move(next.done), duty = std::move(duty)]() mutable {
            const auto call = std::move(done);
            {
                const std::lock_guard lock(self->m_mutex);
                ++self->m_figures.misses;
            }
            call(std::move(*duty));
        });
}

ResponseCache::Figures ResponseCache::Private::figures() const
{
    const std::lock_guard lock(m_mutex);
    return m_figures;
}

CachedAnswerPtr ResponseCache::Private::answerTo(const QByteArray &key)
{
    const auto found = m_kept.constFind(key);
    if (found == m_kept.cend())
        return nullptr;
    const auto kept = *found;
    if (!isFresh(*kept)) {
        remove(kept);
        return nullptr;
    }
    m_order.splice(m_order.begin(), m_order, kept);
    return kept->answer;
}

bool ResponseCache::Private::isFresh(const Kept &kept) const
{
    return m_clock.now() - kept.since < m_limits.lifetime;
}

void ResponseCache::Private::keep(const QByteArray &key, const CachedAnswerPtr &answer)
{
    const qint64 bytes = sizeOf(*answer);
    if (!m_limits.enabled || answer->body.size() > m_limits.maxAnswerBytes || bytes > m_limits.maxBytes)
        return;
    if (const auto old = m_kept.constFind(key); old != m_kept.cend())
        remove(*old);
    m_order.push_front({.key = key, .answer = answer, .since = m_clock.now(), .bytes = bytes});
    m_kept.insert(key, m_order.begin());
    ++m_figures.answers;
    m_figures.bytes += bytes;
    shrink();
}

void ResponseCache::Private::remove(Order::iterator kept)
{
    --m_figures.answers;
    m_figures.bytes -= kept->bytes;
    m_kept.remove(kept->key);
    m_order.erase(kept);
}

void ResponseCache::Private::shrink()
{
    while (m_figures.bytes > m_limits.maxBytes)
        remove(std::prev(m_order.end()));
}

ResponseCache::ResponseCache(const Limits &limits, const Clock &clock)
    : d(std::make_shared<Private>(limits, clock))
{}

ResponseCache::~ResponseCache() = default;

void ResponseCache::apply(const Limits &limits)
{
    d->apply(limits);
}

void ResponseCache::clear()
{
    d->clear();
}

void ResponseCache::find(const QByteArray &question, QObject *context, std::function<void(Found)> done)
{
    d->find(question, context, std::move(done));
}

ResponseCache::Figures ResponseCache::figures() const
{
    return d->figures();
}

} // namespace gatehouse
