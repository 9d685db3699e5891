// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>

/// One thing that goes wrong with an upstream, and what is to be told of it.
struct Fault
{
    /// When it shows, in a stream.
    enum class Shows {
        Never,      ///< The answer is as good as a healthy one.
        Connecting, ///< Nobody is there.
        First,      ///< Before anything of the answer has come.
        BeforeText, ///< The head has come and nothing that says anything.
        AfterText,  ///< In the middle of the text.
        AtEnd,      ///< After all of the text, and where the end is said in a line of its own only (Ollama).
    };
    /// What it is called.
    enum class Told {
        Unreachable, ///< 502
        Failed,      ///< 502
        Timeout,     ///< 504
        Refusal,     ///< The upstream's own status and words, or 502 with them inside.
        ErrorObject, ///< 502 with its words inside, though it said 200.
    };

    const char *name;
    /// What the fake upstream is told, as fakes::parseBehaviour() takes it. Where it begins with `tokens`,
    /// the fault is in the text, and an answer without text has none.
    const char *wish;
    Shows shows;
    Told told = Told::Failed;
    bool harmsFolded = true; ///< An answer in one piece, too, and then before anything of it was told.
    int status = 0;          ///< Told::Refusal: what the upstream answers.
    int retryAfter = 0;      ///< Seconds; 0: not said.
};

/// Those that take no more than a few kilobytes.
[[nodiscard]] const QList<Fault> &smallFaults();
/// Those that take a hundred megabytes or more.
[[nodiscard]] const QList<Fault> &largeFaults();
