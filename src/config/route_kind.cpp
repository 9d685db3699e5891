// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/route_kind.h"

namespace gatehouse {

const char *kindWord(RouteKind kind)
{
    switch (kind) {
    case RouteKind::OpenAi:
        return "openai";
    case RouteKind::Ollama:
        return "ollama";
    case RouteKind::Local:
        return "local";
    }
    Q_UNREACHABLE();
}

} // namespace gatehouse
