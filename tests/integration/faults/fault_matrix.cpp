// SPDX-License-Identifier: GPL-3.0-or-later
#include "fault_matrix.h"

#include "../program/raw_client.h"
#include "api_client.h"
#include "chat_socket.h"

#include <QJsonArray>
#include <QTest>

#include <algorithm>
#include <atomic>
#include <thread>

using namespace gatehouse;

namespace {

constexpr int askers = 32;
constexpr int longestWait = 60'000;

QByteArray seconds(std::chrono::milliseconds duration)
{
    return QByteArray::number(double(duration.count()) / 1000);
}

ToldAnswer endOf(ChatSocket &socket)
{
    ToldAnswer told;
    const QJsonObject end = socket.end(longestWait);
    told.text = socket.takeText().toUtf8();
    told.isComplete = end[u"type"].toString() == u"done";
    told.error = end[u"error"].toObject();
    if (socket.isClosed())
        told.mistake = "closed with " + QByteArray::number(socket.closeCode());
    else if (end.isEmpty())
        told.mistake = "cut without a word";
    else if (told.isComplete &&
             !told.text.startsWith(end[u"content"].toString().toUtf8())) // Long ones are cut.
        told.mistake = "the end tells another text";
    return told;
}

} // namespace

FaultMatrix::FaultMatrix(QList<FaultCell> cells, const Timeouts &timeouts)
    : m_cells(std::move(cells))
    , m_upstream({}, fakes::FakeUpstream::Runs::InOwnThread)
    , m_told(static_cast<std::size_t>(m_cells.size()))
{
    m_gatehouse = std::make_unique<GatehouseProcess>(
        QStringList(), QStringList{QStringLiteral("--config"), QStringLiteral("matrix.toml")},
        QHash<QString, QByteArray>{{QStringLiteral("matrix.toml"), configuration(timeouts)}});
    m_adminKey = m_gatehouse->makeAdminKey();
}

QByteArray FaultMatrix::configuration(const Timeouts &timeouts) const
{
    QByteArray toml = "[upstream]\nread_timeout_seconds = " + seconds(timeouts.read) +
                      "\ntotal_timeout_seconds = " + seconds(timeouts.total) + "\n";
    for (const FaultCell &cell : m_cells) {
        const bool isOpenAi = cell.upstream == UpstreamKind::OpenAi;
        const bool isThere = cell.fault->shows != Fault::Shows::Connecting;
        toml += "[[routes]]\nkey = \"" + cell.route() + "\"\nkind = \"" + (isOpenAi ? "openai" : "ollama") +
                "\"\nurl = \"http://127.0.0.1:" +
                QByteArray::number(isThere ? m_upstream.port() : m_closed.number()) + "/as/" +
                cell.fault->wish + cell.path() + (isOpenAi ? "v1" : "") + "\"\nmodels = [\"" + cell.model() +
                "\"]\n";
    }
    return toml;
}

void FaultMatrix::ask()
{
    std::atomic<qsizetype> next = 0;
    std::vector<std::thread> threads;
    for (int asker = 0; asker < askers; ++asker) {
        threads.emplace_back([this, &next] {
            for (qsizetype i = next++; i < m_cells.size(); i = next++) {
                const FaultCell &cell = m_cells.at(i);
                if (!cell.door->isSocket())
                    m_told[place(cell)] = askOverHttp(cell);
            }
        });
    }
    askOverSockets();
    for (std::thread &thread : threads)
        thread.join();
}

ToldAnswer FaultMatrix::ask(const FaultCell &cell)
{
    if (!cell.door->isSocket())
        return askOverHttp(cell);
    ChatSocket socket(m_gatehouse->port(), cell.door->path);
    socket.say(cell.door->body(cell.model()));
    return endOf(socket);
}

ToldAnswer FaultMatrix::askOverHttp(const FaultCell &cell) const
{
    RawClient client(m_gatehouse->port());
    client.send(RawClient::post(cell.door->path, cell.door->body(cell.model()), "Connection: close\r\n"));
    client.readUntilClosed(longestWait);
    return readAnswer(*cell.door, client.received());
}

void FaultMatrix::askOverSockets()
{
    std::vector<std::pair<const FaultCell *, std::unique_ptr<ChatSocket>>> sockets;
    for (const FaultCell &cell : std::as_const(m_cells)) {
        if (cell.door->isSocket())
            sockets.emplace_back(&cell, std::make_unique<ChatSocket>(m_gatehouse->port(), cell.door->path));
    }
    for (const auto &[cell, socket] : sockets)
        socket->say(cell->door->body(cell->model()));
    for (const auto &[cell, socket] : sockets)
        m_told[place(*cell)] = endOf(*socket);
}

void FaultMatrix::readLedger(qsizetype count)
{
    const ApiClient admin(m_gatehouse->port(), bearer(m_adminKey));
    const auto read = [this, &admin, count] {
        m_rows.clear();
        QByteArray before;
        do {
            const QJsonObject page = admin.get("/api/requests?limit=500" + before).json();
            for (const QJsonValue row : page[u"data"].toArray())
                m_rows.insert(row[u"route"].toString().toUtf8(), row.toObject());
            const QJsonValue next = page[u"next_before"];
            before = next.isDouble() ? "&before=" + QByteArray::number(next.toInteger()) : QByteArray();
        } while (!before.isEmpty());
        m_rows.remove({}); // Not about a model.
        return m_rows.size() >= count;
    };
    (void)QTest::qWaitFor(read, 10'000);
}

int FaultMatrix::seen(const FaultCell &cell) const
{
    const QList<fakes::SeenRequest> requests = m_upstream.requests();
    return int(std::count_if(requests.begin(), requests.end(), [&cell](const fakes::SeenRequest &seen) {
        return seen.request.method == "POST" && seen.request.path.contains(cell.path());
    }));
}
