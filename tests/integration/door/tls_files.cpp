// SPDX-License-Identifier: GPL-3.0-or-later
#include "integration/door/tls_files.h"

#include <QProcess>

namespace gatehouse {

bool TlsFiles::make(const QString &name)
{
    return QProcess::execute(QStringLiteral("openssl"),
                             {QStringLiteral("req"), QStringLiteral("-x509"), QStringLiteral("-newkey"),
                              QStringLiteral("ec"), QStringLiteral("-pkeyopt"),
                              QStringLiteral("ec_paramgen_curve:P-256"), QStringLiteral("-nodes"),
                              QStringLiteral("-keyout"), key(name), QStringLiteral("-out"), certificate(name),
                              QStringLiteral("-days"), QStringLiteral("2"), QStringLiteral("-subj"),
                              QStringLiteral("/CN=") + name}) == 0;
}

} // namespace gatehouse
