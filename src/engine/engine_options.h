// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>

namespace gatehouse {

/// Which model to run and how.
struct EngineOptions
{
    QByteArray name; ///< What answers call the model.
    QString path;    ///< A GGUF file; replace it by rename only: it may be mapped while it is used.
    /// A GGUF file's content instead of `path`, such as demoModel(). Must outlive load().
    QByteArrayView bytes = {};
    int contextLength = 0; ///< Tokens; 0: the model's own, at most 8192. Never more than the model's own.
    int threads = 0;       ///< 0: fitting the machine (see suitableThreads()).
    int gpuLayers = -1;    ///< −1: all; without effect where built without a GPU.
    int queueLimit = 64;   ///< Requests that wait for their turn.
};

} // namespace gatehouse
