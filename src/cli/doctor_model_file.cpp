// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/doctor_model_file.h"

#include <QCoreApplication>
#include <QFile>
#include <QFileInfo>
#include <QLocale>

namespace gatehouse {

namespace {

struct FileText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::DoctorModelFile)
};

/// Empty: nothing is wrong.
QString problemOf(const QFileInfo &info)
{
    if (!info.exists())
        return FileText::tr("There is no such file, or its folder can't be entered.");
    if (info.isDir())
        return FileText::tr("That is a folder: write the path of the GGUF file in it.");
    QFile file(info.filePath());
    if (!file.open(QIODevice::ReadOnly))
        return FileText::tr("The file can't be read: %1.").arg(file.errorString());
    static const QByteArray sign = "GGUF"; // The format's magic number.
    return file.read(sign.size()) == sign ? QString()
                                          : FileText::tr("That is no GGUF file, by its first bytes. Was it "
                                                         "downloaded completely?");
}

} // namespace

Finding examineModelFile(const QString &path)
{
    if (path.isEmpty())
        return {.step = Finding::Step::File, .text = FileText::tr("It is part of the program.")};
    const QFileInfo info(path);
    if (const QString problem = problemOf(info); !problem.isEmpty())
        return {.step = Finding::Step::File, .grade = Finding::Grade::Failed, .text = problem};
    return {.step = Finding::Step::File, .text = QLocale::c().formattedDataSize(info.size())};
}

} // namespace gatehouse
