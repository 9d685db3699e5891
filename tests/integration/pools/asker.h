// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "../program/raw_client.h"
#include "told_answer.h"

/// What is asked.
struct Asked
{
    QByteArray model = "m";
    bool stream = false;
    QByteArray content = "Hello!";
    QByteArray more = {};    ///< Further members: `,"max_tokens":9`.
    QByteArray headers = {}; ///< Lines.
};

/// Asks a Gatehouse on loopback for chats and vectors, one connection a request. Blocks; any thread.
class Asker
{
public:
    /// `credential`: header lines; empty: none.
    explicit Asker(quint16 port, QByteArray credential = {})
        : m_port(port)
        , m_credential(std::move(credential))
    {}

    [[nodiscard]] ToldAnswer chat(const Asked &asked = {}) const;
    [[nodiscard]] ToldAnswer embed(const QByteArray &model = "m") const;

    /// The chat's bytes, for those who send them themselves; readChat() reads what comes back.
    [[nodiscard]] QByteArray request(const Asked &asked) const;

private:
    quint16 m_port;
    QByteArray m_credential;
};

[[nodiscard]] ToldAnswer readChat(const QByteArray &bytes);
