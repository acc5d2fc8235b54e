// SPDX-License-Identifier: Apache-2.0
// Reads out what a change says: the candidates of a delta, in the order in which tools are likely to have written.
#pragma once

#include "diff/pair.hpp"
#include "numeric/element_difference.hpp"
#include "upinspect/difference.hpp"
#include "upinspect/inspect.hpp"

#include <vector>

namespace upinspect::diff {

/// A changed tensor, as far as the search needs it.
struct ChangedTensor {
  Pair pair;
  ChangeKind kind;
  std::uint64_t units = 0;          ///< elements as they are compared
  std::uint64_t first = 0;          ///< changed unit
  std::uint64_t last = 0;
  std::uint64_t step = 1;
  std::uint64_t changed = 0;
  std::uint64_t flipped_bits = 0;
  unsigned field_bits = 0;          ///< of a bit field that is proven, else 0
  unsigned field_base = 0;
};

struct Messages {
  std::vector<Payload> payloads;    ///< the strongest evidence first
  std::uint64_t candidates_tried = 0;
  bool cut_short = false;           ///< more elements changed than are searched in every reading
};

/// Searches tensors whose change is not explained by a formula, together where fields of several line up, else one by
/// one. On options.jobs threads; what is found is the same for any number. Throws InputError where elements cannot be read, and
/// Stopped.
///
/// Of the first eight million elements every candidate is read. Of what lies behind them a proven field is read, eight bits to a
/// character, in all orders; where something is found there, every candidate of eight million elements from there on.
[[nodiscard]] Messages find_messages(const std::vector<ChangedTensor>& changed, const InspectOptions& options);

}  // namespace upinspect::diff
