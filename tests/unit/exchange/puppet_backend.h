// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_backend.h"

#include <QFuture>
#include <QPointer>

/// A stream whose events the test tells.
class PuppetStream final : public gatehouse::ChatStream
{
public:
    void pause() override { paused = true; }
    void resume() override { paused = false; }
    void cancel() override { ++cancelled; }

    bool paused = false;
    int cancelled = 0;
};

class PuppetBackend final : public gatehouse::ChatBackend
{
public:
    gatehouse::ChatStreamPtr open(const gatehouse::ChatRequest &request) override
    {
        asked.append(request);
        stream = new PuppetStream;
        return gatehouse::ChatStreamPtr(stream);
    }
    QFuture<gatehouse::Result<QList<gatehouse::ModelInfo>>> models() override
    {
        return QtFuture::makeReadyFuture(gatehouse::Result<QList<gatehouse::ModelInfo>>(listed));
    }

    QList<gatehouse::ChatRequest> asked;
    QPointer<PuppetStream> stream; ///< Of the newest request.
    QList<gatehouse::ModelInfo> listed = {{.id = "small"}};
};
