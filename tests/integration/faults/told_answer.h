// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "door.h"

#include <QHash>
#include <QJsonObject>

/// What a client was told, read as strictly as a client may.
struct ToldAnswer
{
    int status = 0; ///< 0: none came.
    QHash<QByteArray, QByteArray> headers = {};
    QByteArray mistake = {}; ///< What is wrong with its form: framing, UTF-8, JSON, what follows the end.
    QByteArray text = {};    ///< All of it.
    bool isComplete = false; ///< It said that this is all.
    QJsonObject error = {};  ///< `error`; empty: none.
    QByteArray detail = {};  ///< Beside the error.
    qsizetype vectors = 0;
};

/// Reads the bytes of a connection that was closed after them.
[[nodiscard]] ToldAnswer readAnswer(const Door &door, const QByteArray &bytes);
