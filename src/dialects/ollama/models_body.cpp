// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/ollama/models_body.h"

#include "dialects/json/document.h"
#include "dialects/openai/upstream_error.h"

#include <QDateTime>

namespace gatehouse::ollama {

namespace {

constexpr qsizetype maxModels = 10000;

/// RFC 3339 with up to nine digits of a second's fraction, of which Qt reads three.
qint64 secondsOf(const QByteArray &modifiedAt)
{
    const QDateTime time = QDateTime::fromString(QString::fromLatin1(modifiedAt), Qt::ISODateWithMs);
    return time.isValid() ? qMax<qint64>(0, time.toSecsSinceEpoch()) : 0;
}

} // namespace

Result<QList<ModelInfo>> decodeModelList(QByteArrayView body)
{
    json::Document document;
    if (document.parse(body) != json::Document::Status::Valid)
        return openai::garbageError(QStringLiteral("the list of models is not JSON"));
    const json::Value entries = document.root().find("models");
    if (!entries.isArray())
        return openai::garbageError(QStringLiteral("the list of models holds no models"));
    QList<ModelInfo> models;
    for (const json::Value entry : entries) {
        QByteArray name = entry.find("model").string();
        if (name.isEmpty())
            name = entry.find("name").string(); // Servers before 0.1.30 have no `model`.
        if (name.isEmpty() || models.size() == maxModels)
            continue;
        models.append({.id = name, .created = secondsOf(entry.find("modified_at").string())});
    }
    return models;
}

} // namespace gatehouse::ollama
