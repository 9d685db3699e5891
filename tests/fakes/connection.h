// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fakes/answer.h"
#include "fakes/journal.h"
#include "fakes/request_reader.h"
#include "fakes/script.h"

#include <QObject>
#include <QTcpSocket>
#include <QTimer>

#include <memory>
#include <optional>

namespace gatehouse::fakes {

/// One client's connection: reads requests and plays their answers, one after the other. Deletes itself when
/// the connection ends.
class Connection : public QObject
{
    Q_OBJECT
public:
    Connection(qintptr descriptor, Script &script, Journal &journal, QObject *parent);
    ~Connection() override;

    void reset(); ///< RST, whatever is going on.

Q_SIGNALS:
    void refuseFromNowOn();

private:
    void read();
    void pump();
    bool step(); ///< Whether there is more to do at once.
    bool begin();
    bool settle(Progress::Next verdict);
    void cut(bool reset);
    void leave(QAbstractSocket::SocketState state);
    void tidy();

    Script &m_script;
    Journal &m_journal;
    QTcpSocket m_socket;
    QTimer m_timer;
    RequestReader m_reader;
    std::unique_ptr<Answer> m_answer;
    std::optional<AnswerWriter> m_writer;
    std::optional<Progress::Next> m_verdict; ///< How the answer ends, once its last bytes have dripped out.
    quint64 m_requestId = 0;
    bool m_pumping = false; ///< Writing can report the end of the connection while an answer is at work.
    bool m_gone = false;
};

} // namespace gatehouse::fakes
