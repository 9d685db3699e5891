// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/route_kind.h"
#include "config/table/setting_table.h"
#include "config/table/table_bindings.h"

namespace gatehouse {

namespace {

using Specs = std::vector<SettingSpec<RouteSettings>>;

void addTimeouts(Specs &specs)
{
    const auto bound = [](auto member) {
        constexpr double shortest = 0.001;
        constexpr double longest = 86'400;
        return seconds(at(&RouteSettings::timeouts, member), shortest, longest);
    };
    specs.push_back({.key = "timeouts.connect_seconds",
                     .binding = bound(&UpstreamTimeouts::connect),
                     .documentation = "To reach the upstream."});
    specs.push_back(
        {.key = "timeouts.first_byte_seconds",
         .binding = seconds(at(&RouteSettings::timeouts, &UpstreamTimeouts::firstByte), 0, 86'400),
         .documentation = "From the end of a request to the first byte of a stream, before the "
                          "request moves on; 0: total_seconds."});
    specs.push_back({.key = "timeouts.read_seconds",
                     .binding = bound(&UpstreamTimeouts::read),
                     .documentation = "The longest silence of the upstream."});
    specs.push_back({.key = "timeouts.write_seconds",
                     .binding = bound(&UpstreamTimeouts::write),
                     .documentation = "The longest time that the upstream takes nothing of a request."});
    specs.push_back({.key = "timeouts.total_seconds",
                     .binding = bound(&UpstreamTimeouts::total),
                     .documentation = "For a whole answer; once written down, for a whole stream, too."});
    constexpr double shortestWait = 0.001;
    constexpr double longestWait = 86'400;
    specs.push_back({.key = "timeouts.queue_seconds",
                     .binding = seconds(at(&RouteSettings::queueTimeout), shortestWait, longestWait),
                     .documentation = "The longest wait for the route while it is busy; then 503."});
}

void addUpstream(Specs &specs)
{
    std::vector<Word<RouteKind>> kinds;
    for (const RouteKind kind : {RouteKind::OpenAi, RouteKind::Ollama, RouteKind::Local})
        kinds.push_back({kindWord(kind), kind});
    specs.push_back({.key = "kind",
                     .binding = choice(at(&RouteSettings::kind), kinds),
                     .documentation = "What the upstream speaks: \"openai\" (the default), \"ollama\", or "
                                      "\"local\" for a model in this process."});
    specs.push_back({.key = "url",
                     .binding = upstreamUrl(at(&RouteSettings::url)),
                     .documentation = "\"openai\": up to and with /v1; \"ollama\": the server's root.",
                     .example = "\"http://192.0.2.7:8000/v1\""});
    specs.push_back({.key = "path",
                     .binding = text(at(&RouteSettings::path), fileText, ConfigText::tr("a file name")),
                     .documentation = "\"local\": a GGUF file; without one, the built-in demo model."});
    specs.push_back({.key = "api_key",
                     .binding = credential(at(&RouteSettings::apiKey)),
                     .documentation = "What the upstream asks for. Better kept in secrets.toml, under a "
                                      "[[routes]] with the same key."});
    specs.push_back({.key = "headers",
                     .binding = routeHeaders(),
                     .documentation =
                         "Header fields for the upstream, at most 32: { \"X-Title\" = \"Gatehouse\" }. What "
                         "they say is kept secret,\nso better in secrets.toml, too. In a variable: a JSON "
                         "object."});
    specs.push_back({.key = "models",
                     .binding = routeModels(),
                     .documentation =
                         "What it serves; empty: whatever it lists. Where it has other names for them, "
                         "\"small=qwen3:0.6b\"\n(callers' name = its own) or a table: { \"small\" = "
                         "\"qwen3:0.6b\" }."});
}

void addLoad(Specs &specs)
{
    constexpr qint64 heaviest = 1000;
    constexpr qint64 most = 100'000;
    specs.push_back({.key = "pool",
                     .binding = text(at(&RouteSettings::pool), optionalRouteKeyText,
                                     ConfigText::tr("a name of letters, digits, _, - and .")),
                     .documentation =
                         "Routes of one pool share the requests for the models that they have in "
                         "common,\nand take each other's place when one fails."});
    specs.push_back({.key = "weight",
                     .binding = integer(at(&RouteSettings::weight), 1, heaviest),
                     .documentation = "Its share of the pool's load: 2 gets twice as much as 1."});
    specs.push_back({.key = "max_concurrent",
                     .binding = integer(at(&RouteSettings::maxConcurrent), 0, most),
                     .documentation = "Requests that it gets at a time; further ones wait. 0: no bound; "
                                      "chats with a local model: one at a time."});
    specs.push_back({.key = "queue_limit",
                     .binding = integer(at(&RouteSettings::queueLimit), 0, most),
                     .documentation =
                         "Requests that may wait for it; more are answered 503. Those of a pool's "
                         "routes add up."});
}

} // namespace

const std::vector<SettingSpec<RouteSettings>> &routeFieldTable()
{
    static const Specs table = [] {
        Specs specs;
        addUpstream(specs);
        addLoad(specs);
        addTimeouts(specs);
        for (auto &spec : specs)
            spec.reload = Reload::Live;
        return specs;
    }();
    return table;
}

} // namespace gatehouse
