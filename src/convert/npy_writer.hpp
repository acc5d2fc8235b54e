// SPDX-License-Identifier: Apache-2.0
// Writes one tensor as .npy, with the header that numpy.save writes.
#pragma once

#include "convert/new_file.hpp"
#include "convert/outgoing.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace upinspect::convert {

/// numpy's descr of a dtype, little-endian ("<f4"); nothing for one that numpy does not have.
[[nodiscard]] std::optional<std::string_view> numpy_descr(Dtype dtype) noexcept;

/// Magic, version and dictionary, as numpy 1.23 and later write them: room for the first dimension to grow to 21 digits,
/// then spaces to a multiple of 64 bytes. Throws Refusal for a dtype that numpy does not have.
[[nodiscard]] std::string npy_header(const Outgoing& tensor);

void write_npy(NewFile& file, const Outgoing& tensor, const Tick& tick = {});

}  // namespace upinspect::convert
