// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/catalogue.h"

#include <QFuture>

namespace gatehouse {

Catalogue::Catalogue(const Clock &clock)
    : m_clock(clock)
    , m_entries(std::make_shared<const CatalogueEntries>())
{}

bool Catalogue::refresh(const QByteArray &routeKey, ChatBackend &backend)
{
    using Listed = Result<QList<ModelInfo>>;
    const MonotonicTime began = m_clock.now();
    {
        const std::lock_guard lock(m_mutex);
        const auto known = m_entries.get()->value(routeKey);
        if (known && isFresh(*known, began))
            return false;
        if (m_asking.contains(routeKey))
            return true;
        m_asking.insert(routeKey);
    }
    // Outside the lock: a backend may have its answer at hand, and then it is stored before models() returns.
    const auto settle = [this, routeKey, began](const Listed &answer) {
        store(routeKey, answer, began);
    };
    backend.models().then(QtFuture::Launch::Sync, settle).onCanceled([settle] {
        settle(Error{.code = ErrorCode::Cancelled,
                     .message = QStringLiteral("Whoever asked the route for its models is gone")});
    });
    return true;
}

void Catalogue::store(const QByteArray &routeKey, const Result<QList<ModelInfo>> &answer, MonotonicTime began)
{
    {
        const std::lock_guard lock(m_mutex);
        CatalogueEntries entries = *m_entries.get();
        const auto known = entries.value(routeKey);
        auto entry = known ? std::make_shared<CatalogueEntry>(*known) : std::make_shared<CatalogueEntry>();
        entry->asked = m_clock.now();
        if (answer) {
            entry->models = *answer;
            entry->listed = true;
            entry->failure.reset();
            entry->latency = std::chrono::duration_cast<std::chrono::milliseconds>(entry->asked - began);
        } else {
            entry->failure = answer.error();
        }
        entries.insert(routeKey, std::move(entry));
        m_entries.swap(std::make_shared<const CatalogueEntries>(std::move(entries)));
        m_asking.remove(routeKey);
    }
    Q_EMIT renewed(routeKey);
}

} // namespace gatehouse
