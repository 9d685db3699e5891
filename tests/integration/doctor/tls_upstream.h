// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "raw_upstream.h"

#include <QSslCertificate>
#include <QSslKey>

namespace gatehouse::test {

/// A RawUpstream behind TLS.
class TlsUpstream : public RawUpstream
{
    Q_OBJECT
public:
    TlsUpstream(Handler handler, const QString &certificateFile, const QString &keyFile);
    ~TlsUpstream() override;

    /// `https://host:port/v1`
    [[nodiscard]] QUrl secureUrl(const char *host = "localhost") const;

protected:
    void incomingConnection(qintptr descriptor) override;

private:
    QSslCertificate m_certificate;
    QSslKey m_key;
};

} // namespace gatehouse::test
