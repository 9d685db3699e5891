// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace gatehouse {

/// How a model must speak in one answer, and how to read what it says: made by ChatTemplate of the template,
/// the tools and the response format, obeyed by Sampler, read by ReplyParser. The default is free text.
/// Strings are UTF-8.
struct OutputRules
{
    /// What sets a lazy grammar going. `kind` is llama-common's own enumeration.
    struct Trigger
    {
        int kind;
        std::string value;
    };

    std::string grammar;        ///< GBNF; empty: none.
    bool grammarIsLazy = false; ///< It holds only from the first trigger on.
    std::vector<Trigger> triggers;
    std::vector<std::string> preservedTokens; ///< Control tokens that belong to the text.
    std::vector<std::string> stops;           ///< The answer ends before them.
    std::string opening; ///< The beginning of the answer that the prompt already contains.
    std::string thinkingStart;
    std::vector<std::string> thinkingEnds;

    bool needsParsing = false; ///< The text may hold thinking or tool calls.
    int format = 0;            ///< llama-common's own enumeration.
    std::string parser;        ///< llama-common's own serialisation.
};

} // namespace gatehouse
