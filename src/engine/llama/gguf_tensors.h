// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>

#include <optional>

namespace gatehouse {

/// How ggml lays out a type of tensors: blocks of so many values and bytes.
struct GgufTensorType
{
    quint32 values;
    quint32 bytes;
};

/// Nothing for numbers that stand for no type, or for one that was given up (ggml.h, enum ggml_type).
[[nodiscard]] std::optional<GgufTensorType> ggufTensorType(quint32 number);

/// Weights are never of these: integers, double precision, and formats of intermediate results.
[[nodiscard]] bool isNoWeightType(quint32 number);

} // namespace gatehouse
