// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QCryptographicHash>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMessageAuthenticationCode>

namespace gatehouse {

inline QByteArray base64Url(const QByteArray &bytes)
{
    return bytes.toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
}

/// A JSON Web Token made by hand, well or badly, so that what is verified is not what issued it.
struct ForgedToken
{
    QByteArray header = R"({"typ":"JWT","alg":"HS256"})";
    QByteArray payload;
    QByteArray secret;
    QCryptographicHash::Algorithm algorithm = QCryptographicHash::Sha256;

    [[nodiscard]] QByteArray content() const { return base64Url(header) + '.' + base64Url(payload); }
    [[nodiscard]] QByteArray text() const
    {
        return content() + '.' + base64Url(QMessageAuthenticationCode::hash(content(), secret, algorithm));
    }
};

/// Claims as the gateway makes them, with `changes` over them; a null value takes a claim away.
inline QByteArray claims(qint64 now, const QJsonObject &changes = {})
{
    QJsonObject all{{QStringLiteral("iss"), QStringLiteral("gatehouse")},
                    {QStringLiteral("sub"), QStringLiteral("somebody")},
                    {QStringLiteral("kind"), QStringLiteral("user")},
                    {QStringLiteral("iat"), now},
                    {QStringLiteral("exp"), now + 600},
                    {QStringLiteral("jti"), QStringLiteral("1")}};
    for (auto change = changes.begin(); change != changes.end(); ++change) {
        if (change.value().isNull())
            all.remove(change.key());
        else
            all.insert(change.key(), change.value());
    }
    return QJsonDocument(all).toJson(QJsonDocument::Compact);
}

} // namespace gatehouse
