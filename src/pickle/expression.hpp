// SPDX-License-Identifier: Apache-2.0
// Writes the objects that a pickle describes as expressions of Python. What is written is raw text of the file.
#pragma once

#include "pickle/graph.hpp"
#include "upinspect/pickle_listing.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace upinspect::pickle {

/// An object on one line. `whole` is false where it was cut at about `cap` bytes, or holds what a line does not show.
struct Brief {
  std::string text;
  bool whole = true;
};

[[nodiscard]] Brief brief(const Graph& graph, NodeId id, std::size_t cap = 72);

struct Expression {
  std::vector<PickleExpressionLine> lines;
  bool whole = true;
};

/// The object with all that it holds, a line for each part that does not fit one line with its neighbours. An object that is
/// used again is written once. At most `most` lines, 64 levels.
[[nodiscard]] Expression expression(const Graph& graph, NodeId root, std::size_t most);

}  // namespace upinspect::pickle
