// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/definitions_data.hpp"

// The assembler takes the file as it is; an array in C++ would take the compiler seconds.
// clang-format off
asm(".section .rodata\n"
    ".global consilium_fhir_definitions_begin\n"
    ".global consilium_fhir_definitions_end\n"
    "consilium_fhir_definitions_begin:\n"
    ".incbin \"" CONSILIUM_FHIR_DEFINITIONS "\"\n"
    "consilium_fhir_definitions_end:\n"
    ".byte 0\n"
    ".text\n");
// clang-format on

// Names of symbols, as the assembler has them.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" const char consilium_fhir_definitions_begin[];
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" const char consilium_fhir_definitions_end[];

namespace consilium::formats::fhir {

std::string_view definitions_data() {
    return {consilium_fhir_definitions_begin,
            static_cast<std::size_t>(consilium_fhir_definitions_end -
                                     consilium_fhir_definitions_begin)};
}

}  // namespace consilium::formats::fhir
