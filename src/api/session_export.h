// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/call.h"
#include "store/session_repository.h"

namespace gatehouse {

class LaneContext;

enum class ExportForm { Json, Markdown };

/// A whole session as a file to be saved: read page by page and written as the caller takes it, so that a
/// long one needs no more memory than a short one. A child of its call.
class SessionExport : public QObject
{
    Q_OBJECT
public:
    /// `find`: says which session, in the store's thread.
    SessionExport(Call &call, LaneContext &context, ExportForm form,
                  std::function<Result<SessionKey>(Database &)> find);

    void start();

private:
    struct Part
    {
        SessionRecord session;
        QList<MessageRecord> messages;
        bool isLast = false;
    };
    void readNext();
    [[nodiscard]] static Result<Part> readPart(SessionRepository &sessions, const SessionKey &key,
                                               qint64 after);
    void take(const Result<Part> &part);
    void begin(const SessionRecord &session);
    void writeMessages(const QList<MessageRecord> &messages);
    void finish();
    void fail(const Error &error);
    void proceed();

    Call &m_call;
    LaneContext &m_context;
    const ExportForm m_form;
    std::function<Result<SessionKey>(Database &)> m_find;
    std::optional<SessionKey> m_key; ///< Set once it is known.
    qint64 m_after = 0;
    bool m_isFirst = true;    ///< No message was written yet.
    bool m_isReading = false; ///< The store was asked and has not answered.
    bool m_isCongested = false;
};

} // namespace gatehouse
