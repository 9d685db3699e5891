// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/embedded_file.h"
#include "api/endpoint_table.h"
#include "api/endpoints.h"

#include <QCoreApplication>
#include <QDir>

namespace gatehouse {

namespace {

/// Compiled in, so that it changes with the program only; still asked for again, as the next program may
/// differ.
constexpr const char *pageAge = "no-cache";
constexpr const char *assetAge = "public, max-age=3600";

/// Scripts come from here alone, and none stands in the page. Both pages make their styles as they go, and
/// Redoc searches in a worker that it makes itself.
constexpr const char *pagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

using Files = QHash<QByteArray, EmbeddedFile>;

Files embeddedPages()
{
    Files files;
    const QDir folder(QStringLiteral(":/gatehouse/docs"));
    for (const QString &name : folder.entryList(QDir::Files))
        files.insert(name.toUtf8(), EmbeddedFile(folder.filePath(name)));
    return files;
}

void failAbsent(Call &call)
{
    call.fail(
        {.code = ErrorCode::NotFound,
         .message = QCoreApplication::translate(
             "Docs", "This program was built without its pages of documentation; the document itself is "
                     "at /openapi.json.")});
}

void servePage(Call &call, const Files &files, const QByteArray &name)
{
    const auto page = files.find(name);
    if (page == files.end())
        return failAbsent(call);
    Response response = page->response(call.request(), pageAge);
    response.headers.add("Content-Security-Policy", pagePolicy);
    response.headers.add("Referrer-Policy", "no-referrer");
    call.reply(std::move(response));
}

void serveAsset(Call &call, const Files &files)
{
    const QByteArray name = call.request().pathParameters.value("file");
    const auto file = files.find(name);
    if (file == files.end() || name.endsWith(".html")) // A page is served with its policy, or not at all.
        return call.fail({.code = ErrorCode::NotFound,
                          .message = QCoreApplication::translate("Docs", "There is no such file.")});
    call.reply(file->response(call.request(), assetAge));
}

} // namespace

void addDocsEndpoints(EndpointTable &table)
{
    const auto files = std::make_shared<const Files>(embeddedPages());
    const EmbeddedFile document(QStringLiteral(":/gatehouse/openapi.json"));
    table.addProbe("GET", "/openapi.json",
                   [document](Call &call) { call.reply(document.response(call.request(), pageAge)); });
    table.addProbe("GET", "/docs", [files](Call &call) { servePage(call, *files, "swagger.html"); });
    table.addProbe("GET", "/redoc", [files](Call &call) { servePage(call, *files, "redoc.html"); });
    table.addProbe("GET", "/docs/{file}", [files](Call &call) { serveAsset(call, *files); });
}

} // namespace gatehouse
