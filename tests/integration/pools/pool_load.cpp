// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool_load.h"

#include <QJsonDocument>

PoolLoad::PoolLoad(quint16 port, int clients, int most)
    : m_asker(port)
    , m_most(most)
{
    for (int i = 0; i < clients; ++i)
        m_threads.emplace_back([this] { run(); });
}

LoadOutcome PoolLoad::stop()
{
    m_stopped = true;
    for (std::thread &thread : m_threads)
        thread.join();
    m_threads.clear();
    return m_outcome;
}

void PoolLoad::run()
{
    while (!m_stopped) {
        const int number = m_next++;
        if (number >= m_most)
            return;
        count(m_asker.chat({.stream = number % 2 == 0, .content = "Question " + QByteArray::number(number)}));
    }
}

void PoolLoad::count(const ToldAnswer &told)
{
    const std::scoped_lock lock(m_mutex);
    ++m_answered;
    ++m_outcome.asked;
    if (told.isComplete && told.mistake.isEmpty()) {
        ++m_outcome.complete;
    } else if (!told.error.isEmpty() && !told.text.isEmpty() && told.mistake.isEmpty()) {
        ++m_outcome.brokenOff;
    } else if (m_outcome.failed++ == 0) {
        m_outcome.mistake = QByteArray::number(told.status) + ' ' + told.mistake + ' ' +
                            QJsonDocument(told.error).toJson(QJsonDocument::Compact);
    }
}
