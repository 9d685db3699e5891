// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QUrl>

/// A running `gatehouse serve --port 0`, alone in a fresh home folder, ended with this object.
class GatehouseProcess
{
public:
    /// `environment`: on top of a clean one (`{"MODEL_ROUTE_BOX=http://…"}`). `files`: written into the
    /// working folder first.
    explicit GatehouseProcess(const QStringList &environment = {}, const QStringList &arguments = {},
                              const QHash<QString, QByteArray> &files = {});
    ~GatehouseProcess();

    /// Runs another command beside it (`key add …`), in the same home folder and environment.
    struct Ran
    {
        int exitCode = -1;
        QByteArray out;
        QByteArray err;
    };
    [[nodiscard]] Ran run(const QStringList &arguments, const QByteArray &input = {}) const;

    /// An admin key made by the command line, whether or not the server runs.
    [[nodiscard]] QByteArray makeAdminKey() const;

    /// kill -9, and waits for the end. start() may follow.
    void kill();

    /// Waits for the ready line. False when the program ended or said nothing for 10 s; why() tells.
    [[nodiscard]] bool start();
    /// Everything on standard error so far.
    [[nodiscard]] QString why();

    [[nodiscard]] QUrl url() const { return m_url; }
    [[nodiscard]] quint16 port() const { return static_cast<quint16>(m_url.port()); }
    [[nodiscard]] QProcess &process() { return m_process; }
    [[nodiscard]] QByteArray output() const { return m_output; } ///< Standard output up to the ready line.
    [[nodiscard]] QString folder() const { return m_home.path(); }

    /// Resident memory, bytes.
    [[nodiscard]] qint64 residentBytes() const;

    /// Every `request` line of the log so far whose endpoint this is.
    [[nodiscard]] QList<QJsonObject> requestLines(const QString &endpoint);
    /// Waits until there are `count` of them.
    [[nodiscard]] bool waitForRequestLines(const QString &endpoint, int count);

    void signal(int number) const;

private:
    void readLog();

    QTemporaryDir m_home;
    QProcess m_process;
    QStringList m_arguments;
    QUrl m_url;
    QByteArray m_log;
    QByteArray m_output;
};
