// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace gatehouse::bench {

struct Options
{
    enum class Mode { Post, Streams };

    Mode mode = Mode::Post;
    std::uint16_t port = 0; ///< On 127.0.0.1.
    std::string path = "/v1/chat/completions";
    std::string model = "fake-model";
    int connections = 32; ///< Post: each with one request at a time. Streams: how many streams.
    int idle = 0;         ///< Post: kept open beside them, after one request each.
    int tokens = 8;       ///< Streams: how many each one must bring.
    double seconds = 5;   ///< Length of the measured window.
    double warmUp = 0.5;  ///< Post: seconds before it.
};

/// From `post|streams key=value…`; prints what is wrong and returns nothing otherwise.
[[nodiscard]] std::optional<Options> parseOptions(int count, char **words);

} // namespace gatehouse::bench
