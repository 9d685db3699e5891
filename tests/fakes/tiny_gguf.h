// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace gatehouse::fakes {

/// A language model with random weights: it talks nonsense, but loads, computes and is refused like a real
/// one.
struct TinyModel
{
    int width = 64;
    int layers = 2;
    int contextLength = 512;
    quint64 seed = 1;
    QByteArray chatTemplate = defaultTemplate(); ///< Empty: the file has none.
    QByteArray temperature = {};                 ///< The file's recommendation; empty: none.
    bool isBert = false;                         ///< It reads texts and continues none.
    int pooling = -1;                            ///< llama.cpp's number; −1: the file does not say.

    [[nodiscard]] static QByteArray
    defaultTemplate(); ///< ChatML with tools in the manner of Hermes and Qwen.
};

/// The model as a GGUF file's content. Its vocabulary has a token for every byte, one for `ab`, and ChatML's
/// control tokens.
[[nodiscard]] QByteArray makeTinyGguf(const TinyModel &model);

} // namespace gatehouse::fakes
