// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_stream.h"

namespace gatehouse {

/// An answer that could not even begin.
class FailedStream final : public ChatStream
{
    Q_OBJECT
public:
    explicit FailedStream(Error error);

    void pause() override {}
    void resume() override {}
    void cancel() override { m_cancelled = true; }

private:
    Error m_error;
    bool m_cancelled = false;
};

} // namespace gatehouse
