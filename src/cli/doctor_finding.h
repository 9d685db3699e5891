// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace gatehouse {

/// What the doctor found out by one step, in words for the operator.
struct Finding
{
    enum class Grade {
        Ok,
        Warning, ///< Requests can be answered all the same.
        Failed,  ///< No request can be answered.
    };
    /// The steps of an examination, in their order. A route has those that make sense for it.
    enum class Step { File, Name, Connection, Encryption, Models, Token };

    Step step;
    Grade grade = Grade::Ok;
    QString text; ///< Whole sentences: what is, and what to do about it.
};

} // namespace gatehouse
