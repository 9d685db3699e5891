// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/journal.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace gatehouse::fakes {

namespace {

constexpr qsizetype MostJsonBody = 64 * 1024;

QString endingName(Ending ending)
{
    switch (ending) {
    case Ending::Open:
        return QStringLiteral("open");
    case Ending::Complete:
        return QStringLiteral("complete");
    case Ending::Cut:
        return QStringLiteral("cut");
    case Ending::ClientLeft:
        return QStringLiteral("client_left");
    }
    return {};
}

qint64 microseconds(MonotonicTime time)
{
    return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

QJsonObject requestJson(const SeenRequest &seen)
{
    QJsonObject headers;
    for (const auto &[name, value] : seen.request.headers)
        headers.insert(QString::fromUtf8(name), QString::fromUtf8(value));
    QJsonObject json{
        {QStringLiteral("id"), qint64(seen.id)},
        {QStringLiteral("method"), QString::fromUtf8(seen.request.method)},
        {QStringLiteral("path"), QString::fromUtf8(seen.request.path)},
        {QStringLiteral("headers"), headers},
        {QStringLiteral("body"),
         QString::fromUtf8(seen.request.body.first(std::min(seen.request.body.size(), MostJsonBody)))},
        {QStringLiteral("received_us"), microseconds(seen.receivedAt)},
        {QStringLiteral("tokens_sent"), seen.tokensSent},
        {QStringLiteral("ending"), endingName(seen.ending)},
    };
    if (seen.clientLeftAt)
        json.insert(QStringLiteral("client_left_us"), microseconds(*seen.clientLeftAt));
    return json;
}

QJsonObject totalsJson(const Totals &totals)
{
    return {
        {QStringLiteral("requests"), qint64(totals.requests)},
        {QStringLiteral("tokens_sent"), qint64(totals.tokensSent)},
        {QStringLiteral("clients_left"), qint64(totals.clientsLeft)},
        {QStringLiteral("connections"), qint64(totals.connections)},
        {QStringLiteral("open_connections"), qint64(totals.openConnections)},
        {QStringLiteral("open_answers"), qint64(totals.openAnswers)},
    };
}

} // namespace

quint64 Journal::noteRequest(const WireRequest &request)
{
    const std::scoped_lock lock(m_mutex);
    if (m_requests.size() == MostRequests)
        m_requests.pop_front();
    SeenRequest seen;
    seen.id = ++m_lastId;
    seen.request = request;
    seen.receivedAt = std::chrono::steady_clock::now();
    m_requests.push_back(std::move(seen));
    ++m_totals.requests;
    ++m_totals.openAnswers;
    return m_lastId;
}

void Journal::noteTokens(quint64 id, int tokensSent)
{
    const std::scoped_lock lock(m_mutex);
    if (SeenRequest *seen = find(id)) {
        m_totals.tokensSent += quint64(tokensSent - seen->tokensSent);
        seen->tokensSent = tokensSent;
    }
}

void Journal::noteEnd(quint64 id, Ending ending)
{
    const std::scoped_lock lock(m_mutex);
    SeenRequest *seen = find(id);
    if (seen && seen->ending != Ending::Open)
        return;
    --m_totals.openAnswers;
    if (ending == Ending::ClientLeft)
        ++m_totals.clientsLeft;
    if (!seen)
        return;
    seen->ending = ending;
    if (ending == Ending::ClientLeft)
        seen->clientLeftAt = std::chrono::steady_clock::now();
}

void Journal::noteConnection(bool opened)
{
    const std::scoped_lock lock(m_mutex);
    if (opened) {
        ++m_totals.connections;
        ++m_totals.openConnections;
    } else {
        --m_totals.openConnections;
    }
}

QList<SeenRequest> Journal::requests() const
{
    const std::scoped_lock lock(m_mutex);
    return {m_requests.begin(), m_requests.end()};
}

Totals Journal::totals() const
{
    const std::scoped_lock lock(m_mutex);
    return m_totals;
}

void Journal::clear()
{
    const std::scoped_lock lock(m_mutex);
    m_requests.clear();
    m_totals.requests = m_totals.tokensSent = m_totals.clientsLeft = 0;
}

QByteArray Journal::toJson(std::size_t most) const
{
    const std::scoped_lock lock(m_mutex);
    QJsonArray requests;
    const std::size_t first = m_requests.size() - std::min(most, m_requests.size());
    for (std::size_t index = first; index < m_requests.size(); ++index)
        requests.append(requestJson(m_requests[index]));
    const QJsonObject json{{QStringLiteral("totals"), totalsJson(m_totals)},
                           {QStringLiteral("requests"), requests}};
    return QJsonDocument(json).toJson(QJsonDocument::Compact);
}

SeenRequest *Journal::find(quint64 id)
{
    if (m_requests.empty() || id < m_requests.front().id || id > m_requests.back().id)
        return nullptr;
    return &m_requests[std::size_t(id - m_requests.front().id)];
}

} // namespace gatehouse::fakes
