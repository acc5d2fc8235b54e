// SPDX-License-Identifier: Apache-2.0
// Where the window of addnet's legacy hash lay in the file that a trainer hashed before it wrote the one at hand.
#pragma once

#include "upinspect/artifact.hpp"

#include <cstdint>
#include <vector>

namespace upinspect::inspecting {

/// The first 64 KiB after the first MiB, which A1111's first hash and all that follow it are of.
constexpr std::uint64_t k_window_start = 0x100000;
constexpr std::uint64_t k_window_bytes = 0x10000;

/// kohya's precalculate_safetensors_hashes hashes safetensors.torch.save(tensors, {only the ss_* keys}): the same data
/// behind another header, whose length follows from the tensors and those keys. Returns the lengths that the header with
/// its eight bytes may have had: with and without padding, with an empty or no __metadata__ where there is no ss_* key.
[[nodiscard]] std::vector<std::uint64_t> trainer_data_starts(const Artifact& artifact, std::uint64_t data_start);

}  // namespace upinspect::inspecting
