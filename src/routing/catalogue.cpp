// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/catalogue.h"

#include <QFuture>

namespace gatehouse {

namespace {

/// A key for one look-up: shares the bytes of the view.
QByteArray lookUpKey(QByteArrayView bytes)
{
    return QByteArray::fromRawData(bytes.data(), bytes.size());
}

} // namespace

void CatalogueEntry::setModels(QList<ModelInfo> list)
{
    models = std::move(list);
    byName.clear();
    byName.reserve(models.size());
    for (qsizetype i = 0; i < models.size(); ++i) {
        const QByteArray name = canonicalModelName(models.at(i).id).toByteArray();
        if (!byName.contains(name)) // The first of two counts.
            byName.insert(name, i);
    }
}

const ModelInfo *CatalogueEntry::find(QByteArrayView model) const
{
    const auto found = byName.constFind(lookUpKey(canonicalModelName(model)));
    return found == byName.constEnd() ? nullptr : &models.at(*found);
}

Catalogue::Catalogue(const Clock &clock)
    : m_clock(clock)
    , m_entries(std::make_shared<const CatalogueEntries>())
{}

bool Catalogue::refresh(const QByteArray &routeKey, ChatBackend &backend)
{
    std::optional<Question> question;
    {
        const std::lock_guard lock(m_mutex);
        const auto known = m_entries.get()->value(routeKey);
        if (known && isFresh(*known, m_clock.now()))
            return false;
        question = begin(routeKey);
    }
    if (question)
        ask(*question, backend);
    return true;
}

void Catalogue::probe(const QByteArray &routeKey, ChatBackend &backend)
{
    std::optional<Question> question;
    {
        const std::lock_guard lock(m_mutex);
        question = begin(routeKey);
    }
    if (question)
        ask(*question, backend);
}

void Catalogue::forget(const QByteArray &routeKey)
{
    bool wasAsked = false;
    {
        const std::lock_guard lock(m_mutex);
        wasAsked = m_asking.remove(routeKey);
        if (m_entries.get()->contains(routeKey)) {
            CatalogueEntries entries = *m_entries.get();
            entries.remove(routeKey);
            m_entries.swap(std::make_shared<const CatalogueEntries>(std::move(entries)));
        }
    }
    if (wasAsked)
        Q_EMIT renewed(routeKey);
}

std::optional<Catalogue::Question> Catalogue::begin(const QByteArray &routeKey)
{
    if (m_asking.contains(routeKey))
        return std::nullopt;
    m_asking.insert(routeKey, ++m_questions);
    return Question{.routeKey = routeKey, .number = m_questions, .began = m_clock.now()};
}

// Outside the lock: a backend may have its answer at hand, and then it is stored before models() returns.
void Catalogue::ask(const Question &question, ChatBackend &backend)
{
    backend.models()
        .then(QtFuture::Launch::Sync,
              [this, question](const Result<QList<ModelInfo>> &answer) { store(question, answer); })
        .onCanceled([this, question] { drop(question); });
}

bool Catalogue::end(const Question &question)
{
    const auto asked = m_asking.constFind(question.routeKey);
    if (asked == m_asking.constEnd() || *asked != question.number)
        return false;
    m_asking.erase(asked);
    return true;
}

void Catalogue::store(const Question &question, const Result<QList<ModelInfo>> &answer)
{
    {
        const std::lock_guard lock(m_mutex);
        if (!end(question))
            return;
        CatalogueEntries entries = *m_entries.get();
        const auto known = entries.value(question.routeKey);
        auto entry = known ? std::make_shared<CatalogueEntry>(*known) : std::make_shared<CatalogueEntry>();
        entry->asked = m_clock.now();
        if (answer) {
            entry->setModels(*answer);
            entry->listed = true;
            entry->failure.reset();
            entry->latency =
                std::chrono::duration_cast<std::chrono::milliseconds>(entry->asked - question.began);
        } else {
            entry->failure = answer.error();
        }
        entries.insert(question.routeKey, std::move(entry));
        m_entries.swap(std::make_shared<const CatalogueEntries>(std::move(entries)));
    }
    Q_EMIT renewed(question.routeKey);
}

// The asker's end says nothing of the route.
void Catalogue::drop(const Question &question)
{
    {
        const std::lock_guard lock(m_mutex);
        if (!end(question))
            return;
    }
    Q_EMIT renewed(question.routeKey);
}

} // namespace gatehouse
