// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/demo_model.h"

// The assembler puts the file into the program as it is: a C array of it would take a compiler seconds, and a
// Qt resource would have to be unpacked into memory. 32: the alignment of tensors in GGUF files.
asm(".pushsection .rodata\n"
    ".balign 32\n"
    "gatehouseDemoModelBegin:\n"
    ".incbin \"" GATEHOUSE_DEMO_MODEL_FILE "\"\n"
    "gatehouseDemoModelEnd:\n"
    ".popsection\n");

extern "C" {
extern const char gatehouseDemoModelBegin[];
extern const char gatehouseDemoModelEnd[];
}

namespace gatehouse {

QByteArrayView demoModel()
{
    return {gatehouseDemoModelBegin, gatehouseDemoModelEnd - gatehouseDemoModelBegin};
}

} // namespace gatehouse
