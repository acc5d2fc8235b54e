// SPDX-License-Identifier: Apache-2.0
// Shapes of headerless halves: up is out x rank, down is rank x in, and one rank must fit both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace upinspect::inspecting {

/// Ranks that divide both counts of elements and leave sides no shorter than themselves, the likeliest first: usual
/// ranks and the widths that models have. At most 1024, where LoRA has never gone.
[[nodiscard]] std::vector<std::uint64_t> ranks_that_fit(std::uint64_t up_elements, std::uint64_t down_elements);

/// The rank that a shape given for one of the halves means; nothing where it is the shape of neither.
[[nodiscard]] std::optional<std::uint64_t> rank_of_shape(const std::vector<std::uint64_t>& shape, std::uint64_t up_elements,
                                                         std::uint64_t down_elements);

/// "8 (4096 x 8, 8 x 4096), 16 (…)", and how many more.
[[nodiscard]] std::string candidates_text(const std::vector<std::uint64_t>& ranks, std::uint64_t up_elements, std::uint64_t down_elements);

}  // namespace upinspect::inspecting
