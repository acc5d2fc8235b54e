// SPDX-License-Identifier: Apache-2.0
// Pickles within a pickle: the byte strings that torch.storage._load_from_bytes is called with.
#pragma once

#include "pickle/graph.hpp"
#include "pickle/stored_bytes.hpp"

#include <cstdint>
#include <vector>

namespace upinspect::pickle {

/// How far down they are followed.
constexpr unsigned k_most_inner_levels = 4;
/// What torch.save writes in its legacy form: magic, version, system, object, keys.
constexpr unsigned k_pickles_of_legacy = 5;
constexpr std::uint64_t k_longest_inner_stream = std::uint64_t{256} << 20;

struct InnerStreams {
  std::vector<BytesRef> streams;  ///< each byte string once, in the order of the calls
  bool all_found = true;          ///< false where a call is given something else than a byte string
};

[[nodiscard]] InnerStreams inner_streams(const Graph& graph);

}  // namespace upinspect::pickle
