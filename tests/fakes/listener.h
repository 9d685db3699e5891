// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fakes/journal.h"
#include "fakes/script.h"

#include <QTcpServer>

namespace gatehouse::fakes {

/// Accepts the fake's connections.
class Listener final : public QTcpServer
{
    Q_OBJECT
public:
    Listener(Script &script, Journal &journal);

    bool start(quint16 port); ///< On 127.0.0.1.
    void resetConnections();

protected:
    void incomingConnection(qintptr descriptor) override;

private:
    Script &m_script;
    Journal &m_journal;
};

} // namespace gatehouse::fakes
