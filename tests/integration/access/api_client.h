// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QHash>
#include <QJsonObject>

/// One answer, whole.
struct ApiAnswer
{
    int status = 0;                        ///< 0: none came.
    QHash<QByteArray, QByteArray> headers; ///< By lower-case name.
    QByteArray body;

    [[nodiscard]] QJsonObject json() const;
    [[nodiscard]] QByteArray errorCode() const; ///< `error.code` of the body.
};

/// Asks a Gatehouse on loopback, one connection a request, and waits for the answer's end.
class ApiClient
{
public:
    /// `credential`: header lines, such as bearer("gh_…"); empty: none.
    explicit ApiClient(quint16 port, QByteArray credential = {})
        : m_port(port)
        , m_credential(std::move(credential))
    {}

    [[nodiscard]] ApiAnswer get(const QByteArray &target) const { return ask("GET", target); }
    [[nodiscard]] ApiAnswer post(const QByteArray &target, const QByteArray &json) const
    {
        return ask("POST", target, json);
    }
    [[nodiscard]] ApiAnswer ask(const QByteArray &method, const QByteArray &target,
                                const QByteArray &json = {}) const;

    /// A short chat; with `stream` as server-sent events.
    [[nodiscard]] ApiAnswer chat(bool stream = false, const QByteArray &more = {}) const;

    /// The chat's bytes, for those who send them themselves.
    [[nodiscard]] QByteArray chatRequest(bool stream, const QByteArray &more = {}) const;

private:
    quint16 m_port;
    QByteArray m_credential;
};

/// A JSON object (moc stumbles over raw strings that hold quotation marks and brackets).
[[nodiscard]] QByteArray object(std::initializer_list<QPair<QString, QJsonValue>> members);

[[nodiscard]] QByteArray bearer(const QByteArray &credential);
