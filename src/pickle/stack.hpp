// SPDX-License-Identifier: Apache-2.0
// The stack of the pickle machine: nodes and marks apart, nothing taken from below a mark, as in _pickle.
#pragma once

#include "pickle/graph.hpp"

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace upinspect::pickle {

/// What CPython would refuse at the current opcode, in words; `limit` where only a cap of ours is in the way.
class Refusal : public std::runtime_error {
 public:
  explicit Refusal(const std::string& why, bool is_limit = false) : std::runtime_error(why), limit(is_limit) {}
  bool limit;
};

class Stack {
 public:
  Stack(std::uint64_t most_nodes, std::uint64_t most_marks) : m_most_nodes(most_nodes), m_most_marks(most_marks) {}

  void push(NodeId id);
  [[nodiscard]] NodeId pop();
  [[nodiscard]] NodeId top() const;
  void mark();

  /// POP: takes the mark away where one is on top.
  void pop_node_or_mark();
  /// The nodes above the last mark, which goes with them.
  [[nodiscard]] std::vector<NodeId> pop_to_mark();
  /// The `count` topmost nodes, lowest first.
  [[nodiscard]] std::vector<NodeId> pop_many(std::size_t count);

  [[nodiscard]] std::span<const NodeId> nodes() const { return m_nodes; }
  [[nodiscard]] std::span<const std::size_t> marks() const { return m_marks; }

 private:
  [[nodiscard]] std::size_t fence() const { return m_marks.empty() ? 0 : m_marks.back(); }
  void need(std::size_t count) const;

  std::vector<NodeId> m_nodes;
  std::vector<std::size_t> m_marks;
  std::uint64_t m_most_nodes;
  std::uint64_t m_most_marks;
};

}  // namespace upinspect::pickle
