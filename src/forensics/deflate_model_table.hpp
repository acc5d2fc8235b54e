// SPDX-License-Identifier: Apache-2.0
// What the bits that followed the same ones before say of the next bit of deflated data: made by tests/support/make_deflate_model.py, which see,
// from programs and libraries for x86-64 and sources in C and Python that zlib deflated at levels 1, 6 and 9.
#pragma once

#include <array>
#include <cstdint>

namespace upinspect::forensics {

/// Contexts are so many last bits.
inline constexpr std::array<unsigned, 8> k_deflate_orders = {4, 6, 8, 10, 12, 14, 16, 18};

/// Thousandths of a nat by context and class of what came in it before.
inline constexpr std::array<std::array<std::int16_t, 10>, 8> k_deflate_weights = {{
    {{-46, 141, 74, -38, 630, 868, 88, 51, 50, 34}},
    {{53, 84, 51, 156, 251, 381, 95, 30, 22, 12}},
    {{13, 36, 59, 84, 273, 356, 70, 24, 20, 12}},
    {{33, 44, 37, 86, 337, 348, 63, 24, 43, 149}},
    {{27, 53, 72, 172, 376, 340, 32, 36, 136, 139}},
    {{42, 84, 277, 365, 347, 328, 28, 154, 41, 104}},
    {{52, 222, 368, 363, 337, 328, 220, 5, -16, 0}},
    {{164, 406, 377, 344, 349, 326, -85, 75, 52, 0}},
}};

}  // namespace upinspect::forensics
