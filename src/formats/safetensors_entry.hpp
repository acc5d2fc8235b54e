// SPDX-License-Identifier: Apache-2.0
// The one form in which writers spell a tensor's entry, read at a glance; all others are the JSON reader's.
#pragma once

#include "formats/safetensors_header.hpp"

#include <cstddef>
#include <string_view>

namespace upinspect::formats::safetensors {

/// Reads {"dtype": …, "shape": […], "data_offsets": […]} at the start of `text`, its fields in any order, into `entry`, whose dtype is
/// the one that is tried first or null. The number
/// of bytes it takes; 0, and nothing of the entry that counts, where anything about it is not plain or `text` ends before it does.
[[nodiscard]] std::size_t read_plain_entry(std::string_view text, Entry& entry);

/// The row of a dtype's name, nullptr where there is none.
[[nodiscard]] const DtypeName* find_dtype(std::string_view name) noexcept;

}  // namespace upinspect::formats::safetensors
