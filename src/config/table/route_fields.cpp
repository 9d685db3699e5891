// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/table/setting_table.h"

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
    specs.push_back({.key = "timeouts.read_seconds",
                     .binding = bound(&UpstreamTimeouts::read),
                     .documentation = "The longest silence of the upstream."});
    specs.push_back({.key = "timeouts.write_seconds",
                     .binding = bound(&UpstreamTimeouts::write),
                     .documentation = "The longest time that the upstream takes nothing of a request."});
    specs.push_back({.key = "timeouts.total_seconds",
                     .binding = bound(&UpstreamTimeouts::total),
                     .documentation = "For a whole answer; once written down, for a whole stream, too."});
}

} // namespace

const std::vector<SettingSpec<RouteSettings>> &routeFieldTable()
{
    static const Specs table = [] {
        const std::vector<Word<RouteKind>> kinds = {
            {"openai", RouteKind::OpenAi}, {"ollama", RouteKind::Ollama}, {"local", RouteKind::Local}};
        Specs specs;
        specs.push_back({.key = "kind",
                         .binding = choice(at(&RouteSettings::kind), kinds),
                         .documentation =
                             "What the upstream speaks: \"openai\" (the default), \"ollama\", or "
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
        specs.push_back({.key = "models",
                         .binding = textList(at(&RouteSettings::models), modelText,
                                             ConfigText::tr("a list of models' names")),
                         .documentation = "What it serves; empty: whatever it lists."});
        addTimeouts(specs);
        return specs;
    }();
    return table;
}

} // namespace gatehouse
