// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/llama/gguf_tensors.h"

#include <algorithm>
#include <array>

namespace gatehouse {

namespace {

constexpr std::array<GgufTensorType, 43> types = {{
    {1, 4},                                  // F32
    {1, 2},                                  // F16
    {32, 18},                                // Q4_0
    {32, 20},                                // Q4_1
    {0, 0},     {0, 0}, {32, 22},            // Q5_0
    {32, 24},                                // Q5_1
    {32, 34},                                // Q8_0
    {32, 36},                                // Q8_1
    {256, 84},                               // Q2_K
    {256, 110},                              // Q3_K
    {256, 144},                              // Q4_K
    {256, 176},                              // Q5_K
    {256, 210},                              // Q6_K
    {256, 292},                              // Q8_K
    {256, 66},                               // IQ2_XXS
    {256, 74},                               // IQ2_XS
    {256, 98},                               // IQ3_XXS
    {256, 50},                               // IQ1_S
    {32, 18},                                // IQ4_NL
    {256, 110},                              // IQ3_S
    {256, 82},                               // IQ2_S
    {256, 136},                              // IQ4_XS
    {1, 1},                                  // I8
    {1, 2},                                  // I16
    {1, 4},                                  // I32
    {1, 8},                                  // I64
    {1, 8},                                  // F64
    {256, 56},                               // IQ1_M
    {1, 2},                                  // BF16
    {0, 0},     {0, 0}, {0, 0},   {256, 54}, // TQ1_0
    {256, 66},                               // TQ2_0
    {0, 0},     {0, 0}, {0, 0},   {32, 17},  // MXFP4
    {64, 36},                                // NVFP4
    {128, 18},                               // Q1_0
    {64, 18},                                // Q2_0
}};

} // namespace

std::optional<GgufTensorType> ggufTensorType(quint32 number)
{
    if (number >= types.size() || types[number].values == 0)
        return std::nullopt;
    return types[number];
}

bool isNoWeightType(quint32 number)
{
    constexpr std::array<quint32, 7> others = {9, 15, 24, 25, 26, 27, 28};
    return std::ranges::find(others, number) != others.end();
}

} // namespace gatehouse
