// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "engine/engine_options.h"

#include <cstdio>
#include <memory>

namespace gatehouse {

/// An open GGUF file, wherever its bytes come from. Content in memory goes through an anonymous memory file,
/// so that nothing is left on disk.
class ModelFile
{
public:
    /// Fails, with the file and the reason in `message`, on what is no sound GGUF file: see checkGguf(). The
    /// other files of a model that is split over several are checked, too.
    [[nodiscard]] static Result<ModelFile> open(const EngineOptions &options);

    [[nodiscard]] std::FILE *handle() const { return m_file.get(); }

private:
    struct Close
    {
        void operator()(std::FILE *file) const { std::fclose(file); }
    };
    using Handle = std::unique_ptr<std::FILE, Close>;

    explicit ModelFile(Handle file)
        : m_file(std::move(file))
    {}
    [[nodiscard]] static Result<Handle> openPath(const QString &path);
    [[nodiscard]] static Result<Handle> openBytes(QByteArrayView bytes);
    [[nodiscard]] static Result<void> checkOtherParts(const QString &path, int count);

    Handle m_file;
};

} // namespace gatehouse
