// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/log.h"

#include <QByteArrayList>

/// Keeps the events of one thread, and of their fields the texts.
class SilentLog final : public gatehouse::Log
{
public:
    void write(gatehouse::LogLevel, const char *event, std::span<const gatehouse::LogField> fields) override
    {
        events.append(event);
        for (const gatehouse::LogField &field : fields) {
            if (const auto *text = std::get_if<QByteArray>(&field.value))
                texts.append(*text);
        }
    }

    QByteArrayList events;
    QByteArrayList texts;
};
