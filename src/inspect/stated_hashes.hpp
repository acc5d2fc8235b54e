// SPDX-License-Identifier: Apache-2.0
// The hashes that weight files state of themselves, and those under which model sites know a file.
#pragma once

#include "model/builder.hpp"

#include <cstdint>

namespace upinspect::inspecting {

/// Where Civitai's AutoV3 begins to hash a file of `size` bytes, 8 or more, whose first eight say `header`: behind the header
/// where that is below 16 MiB, else at 8. Of any file, whatever its format.
[[nodiscard]] constexpr std::uint64_t autov3_start(std::uint64_t header, std::uint64_t size) noexcept {
  constexpr std::uint64_t k_largest_header = std::uint64_t{16} << 20;
  return header >= k_largest_header ? 8 : header + 8 < size ? header + 8 : size;
}

/// Holds sshs_model_hash, sshs_legacy_hash and modelspec.hash_sha256 against every definition that writers use
/// (docs/digests.md) and says which one gives them. Where the file states one or tells of its training, or the options
/// ask for it, the sites' hashes are computed too. Reads the data again in blocks, only as often as a definition needs
/// it. Throws Stopped.
void check_stated_hashes(model::Builder& builder);

}  // namespace upinspect::inspecting
