// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>
#include <QList>
#include <QString>

namespace gatehouse {

/// A variable that is set somewhere. Its value may be a secret.
struct Variable
{
    QString name;
    QString value;
    int line = 0; ///< 1-based, in the file where it begins; 0: not from a file.
};

/// A `.env` file, read.
struct DotEnvFile
{
    QList<Variable> variables; ///< In the order of the file; a name may come more than once.
    QList<int> badLines;       ///< Where a statement begins that is none; 1-based.
};

/// Reads a `.env` file as python-dotenv does, since the predecessors' files were written for it: `export`,
/// single quotes (escapes \\ and \'), double quotes (also \" \a \b \f \n \r \t \v), values over several lines
/// inside quotes, comments after white space (other than there, also right behind `= `). A name without `=`
/// sets nothing. `${NAME}` is not replaced. A statement that can't be read costs the rest of its line,
/// nothing more. Pure.
[[nodiscard]] DotEnvFile parseDotEnv(QByteArrayView text);

} // namespace gatehouse
