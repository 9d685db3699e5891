// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/epoll_dispatcher.h"
#include "fakes/fake_upstream.h"

#include <QCommandLineParser>
#include <QCoreApplication>

#include <sys/resource.h>

#include <cstdio>

namespace {

using namespace gatehouse;

/// Thousands of streams need thousands of descriptors.
void raiseDescriptorLimit()
{
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void addOptions(QCommandLineParser &parser)
{
    parser.setApplicationDescription(QCoreApplication::translate(
        "fake", "An upstream for tests: speaks OpenAI's and Ollama's APIs on a loopback port, as well or as "
                "badly as it is told to.\nGET /fake/stats tells what it saw."));
    parser.addHelpOption();
    parser.addOptions({
        {QStringLiteral("port"), QCoreApplication::translate("fake", "Port to listen on; 0: any free one."),
         QStringLiteral("port"), QStringLiteral("0")},
        {QStringLiteral("models"), QCoreApplication::translate("fake", "Models to list, comma-separated."),
         QStringLiteral("ids"), QStringLiteral("fake-model")},
        {QStringLiteral("behave"),
         QCoreApplication::translate("fake",
                                     "How to answer, such as tokens=50,interval=10,fault=stall@3. A request "
                                     "can say so too: in the header x-fake, or after 'fake:' in its user, "
                                     "model or last message."),
         QStringLiteral("list")},
    });
}

} // namespace

int main(int argc, char **argv)
{
    raiseDescriptorLimit();
    QCoreApplication::setEventDispatcher(new EpollDispatcher);
    QCoreApplication application(argc, argv);
    QCommandLineParser parser;
    addOptions(parser);
    parser.process(application);

    const auto behaviour = fakes::parseBehaviour(parser.value(QStringLiteral("behave")).toUtf8());
    if (!behaviour) {
        std::fprintf(stderr, "%s\n", qUtf8Printable(behaviour.error().message));
        return 2;
    }
    fakes::FakeUpstream upstream(*behaviour, fakes::FakeUpstream::Runs::InCallersThread,
                                 parser.value(QStringLiteral("port")).toUShort());
    if (!upstream.isListening()) {
        std::fprintf(stderr, "%s\n", qPrintable(QCoreApplication::translate("fake", "The port is taken.")));
        return 1;
    }
    upstream.setModels(parser.value(QStringLiteral("models")).toUtf8().split(','));
    if (behaviour->fault.is(fakes::Fault::Kind::Refuse))
        upstream.refuse();
    std::printf("fake upstream ready on http://127.0.0.1:%d\n", int(upstream.port()));
    std::fflush(stdout);
    return application.exec();
}
