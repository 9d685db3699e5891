// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_backend.h"

#include <optional>

namespace gatehouse {

/// The models in this process, as an operator sees and commands them. Any thread; nothing here waits.
class LocalModelControl
{
public:
    virtual ~LocalModelControl() = default;

    /// One row a name under which a local model may be asked for, with its status; also of one that could not
    /// be loaded, which no route lists.
    [[nodiscard]] virtual QList<ModelInfo> models() const = 0;

    /// What a command to the models of that name has done.
    struct Outcome
    {
        bool hasChanged = false; ///< False: it was so already.
        QByteArray status;       ///< As ModelInfo::status.
    };

    /// Begins to load what is not loaded; one that could not be loaded is tried again. Nothing: no local
    /// model has the name.
    virtual std::optional<Outcome> load(const QByteArray &id) = 0;

    /// Frees the memory; requests that wait or are being answered fail. Later ones load the model again.
    /// Nothing: no local model has the name.
    virtual std::optional<Outcome> unload(const QByteArray &id) = 0;
};

} // namespace gatehouse
