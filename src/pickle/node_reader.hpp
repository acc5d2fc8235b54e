// SPDX-License-Identifier: Apache-2.0
// Takes typed values out of nodes that should hold them; what does not fit is a ParseError at the node's offset.
#pragma once

#include "bytes/parse_error.hpp"
#include "pickle/graph.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::pickle {

class NodeReader {
 public:
  explicit NodeReader(const Graph& graph) : m_graph(&graph) {}

  [[nodiscard]] const Graph& graph() const { return *m_graph; }

  /// The items of a tuple or list, of which there must be at least `least`.
  [[nodiscard]] std::span<const NodeId> sequence(NodeId id, std::string_view what, std::size_t least = 0) const;
  [[nodiscard]] std::int64_t integer(NodeId id, std::string_view what) const;
  [[nodiscard]] bool truth(NodeId id, std::string_view what) const;
  [[nodiscard]] double real(NodeId id, std::string_view what) const;
  /// A text or (from Python 2) bytes of at most 256 bytes.
  [[nodiscard]] std::string text(NodeId id, std::string_view what) const;
  /// A tuple, list or torch.Size of integers, at most 64 of them.
  [[nodiscard]] std::vector<std::int64_t> dimensions(NodeId id, std::string_view what) const;
  [[nodiscard]] const GlobalName& global(NodeId id, std::string_view what) const;

  [[noreturn]] void fail(NodeId id, std::string_view what, const std::string& why) const;

 private:
  const Graph* m_graph;
};

}  // namespace upinspect::pickle
