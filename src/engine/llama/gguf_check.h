// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

class QIODevice;

namespace gatehouse {

/// What a GGUF file tells about the files that belong together.
struct GgufParts
{
    int count = 1;
    int index = 0;
};

/// Whether a GGUF file is what it says it is, before llama.cpp believes it: the form
/// (github.com/ggml-org/ggml, docs/gguf.md), every number against the file's size, and those values whose
/// absence of sense llama.cpp answers by ending the process. Reads the header and the table of tensors only,
/// and as much memory as the longest name and the vocabulary take.
///
/// Fails with what is wrong in `message`. A file that passes may still be refused by llama.cpp, which says
/// why.
[[nodiscard]] Result<GgufParts> checkGguf(QIODevice &file);

} // namespace gatehouse
