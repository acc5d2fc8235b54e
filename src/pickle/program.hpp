// SPDX-License-Identifier: Apache-2.0
// What running one pickle without acting on it gives: the object, the globals, the oddities and where it broke.
#pragma once

#include "pickle/graph.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace upinspect::pickle {

/// The memo, sparse: indices come from the stream and may be anything.
using Memo = std::unordered_map<std::uint64_t, NodeId>;

/// Why the stream could not be followed to its STOP.
struct Failure {
  std::uint64_t offset = 0;  ///< of the opcode
  std::string opcode;        ///< its name, empty where the byte is no opcode or there is none
  std::string message;       ///< what is wrong and what was expected
  bool truncated = false;    ///< the bytes end too early
  bool limit = false;        ///< legal so far, but more than is allowed here

  friend bool operator==(const Failure&, const Failure&) = default;
};

/// An oddity that CPython passes over: its kind (the last part of a finding id), where it first shows, how often.
struct Anomaly {
  std::string_view id;
  std::uint64_t offset = 0;
  std::string message;
  std::uint64_t count = 1;

  friend bool operator==(const Anomaly&, const Anomaly&) = default;
};

/// A global that the stream fetches.
struct GlobalUse {
  NodeId node = k_no_node;
  std::uint64_t offset = 0;
  NodeId call = k_no_node;    ///< the first call of it
  NodeId arguments = k_no_node;  ///< of that call
  bool changed = false;       ///< BUILD or SETITEM(S) writes into it

  [[nodiscard]] bool called() const { return call != k_no_node; }
};

struct Program {
  Graph graph;
  NodeId root = k_no_node;         ///< what STOP returned; absent where it was not reached
  std::optional<Failure> failure;
  std::uint64_t start = 0;
  std::uint64_t end = 0;           ///< one past STOP; where it broke, the offset of the failing opcode
  int protocol = -1;               ///< of the last PROTO; -1 without one (protocol 0 or 1)
  std::uint64_t opcodes = 0;
  std::vector<GlobalUse> globals;  ///< in stream order
  std::vector<Anomaly> anomalies;  ///< in order of their first appearance
  Memo memo;                       ///< kept for the next pickle where Options::keep_memo asks for it

  [[nodiscard]] bool complete() const { return root != k_no_node; }
  [[nodiscard]] const GlobalName& name_of(const GlobalUse& use) const { return *graph.global(use.node); }
};

}  // namespace upinspect::pickle
