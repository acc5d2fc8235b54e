// SPDX-License-Identifier: Apache-2.0
// The inert pickle machine: follows a stream opcode by opcode as CPython's _pickle does, and builds nodes, not objects.
#pragma once

#include "bytes/source.hpp"
#include "pickle/argument.hpp"
#include "pickle/opcodes.hpp"
#include "pickle/program.hpp"

#include <functional>
#include <span>

namespace upinspect::pickle {

/// Caps on what a stream may claim. Beyond one, the run ends with a Failure whose `limit` is set.
struct MachineLimits {
  std::uint64_t opcodes = 20'000'000;
  std::uint64_t stack = 1'000'000;
  std::uint64_t marks = 100'000;
  std::uint64_t memo = 8'000'000;
  std::uint64_t memory = std::uint64_t{512} << 20;  ///< of the nodes, in bytes
};

/// What the machine is about to do. Valid during the call only.
struct Step {
  std::uint64_t offset = 0;
  const OpcodeInfo& opcode;
  const Argument& argument;
  const Graph& graph;
  std::span<const NodeId> stack;        ///< below marks too
  std::span<const std::size_t> marks;   ///< heights of the stack where the marks lie
};

enum class Continue : bool { no, yes };

struct Options {
  MachineLimits limits;
  ArgumentOptions arguments;
  std::uint64_t end = ~std::uint64_t{0};      ///< of the stream in the source; more than the source has means all of it
  bool any_protocol = false;   ///< PROTO above 5 is an oddity, not an error, as for torch's weights_only reader
  bool ignore_frames = false;  ///< for a stream that frames have been taken account of
  bool any_arguments = false;  ///< REDUCE takes lists of arguments too, as the readers written in Python do
  bool keep_memo = false;      ///< leave the memo in the Program, for a next pickle of the same Unpickler
  std::function<Continue(const Step&)> observer;  ///< before each opcode, its argument read
  /// After BUILD of an object: how many bytes that are no opcodes stand at `offset`, as joblib writes its arrays.
  std::function<std::uint64_t(const Graph& graph, NodeId object, std::uint64_t offset)> inline_data;
};

/// Runs the pickle at `start`. Never throws for what the stream holds; bytes::ReadError passes through.
[[nodiscard]] Program run(const bytes::Source& source, std::uint64_t start, const Options& options = {});

/// Runs the pickle that begins at `previous.end` with the memo and the nodes of `previous`, as an Unpickler that is
/// used twice does. Globals and anomalies are the new pickle's alone.
[[nodiscard]] Program run_next(Program previous, const bytes::Source& source, const Options& options);

}  // namespace upinspect::pickle
