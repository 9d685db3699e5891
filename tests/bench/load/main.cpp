// SPDX-License-Identifier: GPL-3.0-or-later
#include "load/options.h"
#include "load/post_load.h"
#include "load/stream_load.h"

#include <sys/resource.h>

int main(int count, char **words)
{
    using namespace gatehouse::bench;
    const std::optional<Options> options = parseOptions(count, words);
    if (!options)
        return 2;
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return options->mode == Options::Mode::Post ? runPostLoad(*options) : runStreamLoad(*options);
}
