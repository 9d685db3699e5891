// SPDX-License-Identifier: GPL-3.0-or-later
#include "load/options.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace gatehouse::bench {

namespace {

bool setOption(Options &options, std::string_view key, const std::string &value)
{
    if (key == "port")
        options.port = static_cast<std::uint16_t>(std::strtoul(value.c_str(), nullptr, 10));
    else if (key == "path")
        options.path = value;
    else if (key == "model")
        options.model = value;
    else if (key == "connections")
        options.connections = std::atoi(value.c_str());
    else if (key == "idle")
        options.idle = std::atoi(value.c_str());
    else if (key == "tokens")
        options.tokens = std::atoi(value.c_str());
    else if (key == "seconds")
        options.seconds = std::atof(value.c_str());
    else if (key == "warm_up")
        options.warmUp = std::atof(value.c_str());
    else
        return false;
    return true;
}

} // namespace

std::optional<Options> parseOptions(int count, char **words)
{
    Options options;
    const std::string_view mode = count > 1 ? words[1] : "";
    bool ok = mode == "post" || mode == "streams";
    options.mode = mode == "post" ? Options::Mode::Post : Options::Mode::Streams;
    for (int index = 2; ok && index < count; ++index) {
        const std::string_view word = words[index];
        const std::size_t equals = word.find('=');
        ok = equals != word.npos &&
             setOption(options, word.substr(0, equals), std::string(word.substr(equals + 1)));
    }
    if (ok && options.port != 0 && options.connections > 0)
        return options;
    std::fprintf(stderr, "usage: gatehouse-load post|streams port=N [path=/v1/…] [model=ID] [connections=N] "
                         "[idle=N] [tokens=N] [seconds=S] [warm_up=S]\n");
    return {};
}

} // namespace gatehouse::bench
