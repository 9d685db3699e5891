// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/failed_backend.h"

namespace gatehouse {

namespace {

/// An answer that fails as soon as control is back in the event loop.
class RefusedStream final : public ChatStream
{
public:
    explicit RefusedStream(const Error &error)
    {
        const auto tell = [this, error] {
            if (!m_isCancelled)
                Q_EMIT event(AnswerFailed{error});
        };
        QMetaObject::invokeMethod(this, tell, Qt::QueuedConnection);
    }

    void pause() override {}
    void resume() override {}
    void cancel() override { m_isCancelled = true; }

private:
    bool m_isCancelled = false;
};

} // namespace

FailedBackend::FailedBackend(Error error)
    : m_error(std::move(error))
{}

ChatStreamPtr FailedBackend::open(const ChatRequest &)
{
    return ChatStreamPtr(new RefusedStream(m_error));
}

QFuture<Result<QList<ModelInfo>>> FailedBackend::models()
{
    return QtFuture::makeReadyFuture(Result<QList<ModelInfo>>(m_error));
}

} // namespace gatehouse
