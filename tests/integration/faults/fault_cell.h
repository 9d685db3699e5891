// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "door.h"
#include "fault.h"

enum class UpstreamKind { OpenAi, Ollama };

/// What a client must be told.
struct ExpectedAnswer
{
    bool isComplete = true; ///< Nothing has gone wrong.
    int status = 200;       ///< Of the answer, or where there is none (WebSockets), of the ledger's row.
    bool hasText = true;    ///< The error follows text.
    QByteArray error = {};  ///< Its name in the ledger.
    QByteArray type = {};   ///< `error.type`
    QByteArray code = {};   ///< `error.code`; empty: null.
    QByteArray words = {};  ///< Part of `error.message`; empty: whatever.
    int retryAfter = 0;     ///< The header; 0: none.
};

/// One fault of one kind of upstream, seen through one door. It has a route and a model of its own, which
/// nobody else asks for.
struct FaultCell
{
    int number;
    const Fault *fault;
    const Door *door;
    UpstreamKind upstream;

    [[nodiscard]] QByteArray name() const;
    [[nodiscard]] QByteArray route() const { return "r" + QByteArray::number(number); }
    [[nodiscard]] QByteArray model() const { return "m" + QByteArray::number(number); }
    /// Of the requests that the fake sees.
    [[nodiscard]] QByteArray path() const { return "/cell" + QByteArray::number(number) + '/'; }

    [[nodiscard]] ExpectedAnswer expected() const;

private:
    [[nodiscard]] Fault::Shows shows() const;
    [[nodiscard]] ExpectedAnswer failure() const;
};

/// Every fault, door and kind of upstream.
[[nodiscard]] QList<FaultCell> allCells(const QList<Fault> &faults, const QList<Door> &doors = allDoors());
