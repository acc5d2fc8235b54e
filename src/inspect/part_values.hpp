// SPDX-License-Identifier: Apache-2.0
// A part of an adapter's module as numbers.
#pragma once

#include "lora/tall.hpp"
#include "lora/update.hpp"
#include "upinspect/artifact.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace upinspect::inspecting {

/// Hands out a tensor's elements, row-major and little-endian, in pieces of whole blocks. Throws InputError where they
/// cannot be read.
using ElementStream = std::function<void(const std::function<void(std::span<const std::byte>)>& sink)>;

/// The tensor's values in double, at most 2^25 of them (256 MiB). Throws lora::UpdateRefused for more, for a dtype without
/// values of its own, and where they cannot be read.
[[nodiscard]] lora::PartValues<double> part_values(const Tensor& tensor, const std::string& role, const ElementStream& stream);

/// Puts a tensor's elements, row-major and little-endian, into `out`. Throws InputError where they cannot be read.
using ElementLoader = std::function<void(std::vector<std::byte>& out)>;

/// The same, a few at a time: the elements themselves are kept in `bytes`, which must outlive the view. Nothing for a dtype
/// whose elements share blocks.
[[nodiscard]] std::optional<lora::PartView> part_view(const Tensor& tensor, const std::string& role, const ElementLoader& load,
                                                      std::vector<std::byte>& bytes);

/// The most elements that a part may have.
inline constexpr std::uint64_t k_most_part_elements = std::uint64_t{1} << 25;

}  // namespace upinspect::inspecting
