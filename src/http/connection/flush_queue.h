// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include <vector>

namespace gatehouse {

class Connection;

/// Wakes connections once at the end of the loop's turn, however often they wrote in it: what one turn wrote
/// goes out in one piece.
class FlushQueue : public QObject
{
    Q_OBJECT
public:
    void add(Connection &connection);
    void remove(Connection &connection);

protected:
    bool event(QEvent *event) override;

private:
    std::vector<Connection *> m_waiting;
    std::vector<Connection *> m_running; ///< Entries become null when removed while the queue runs.
};

} // namespace gatehouse
