// SPDX-License-Identifier: Apache-2.0
#include "pickle/machine.hpp"

#include "pickle/interpreter.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace upinspect::pickle {

namespace {

void run_into(Program& program, const bytes::Source& source, std::uint64_t start, const Options& options) {
  const auto end = std::min(options.end, source.size());
  program.start = start;
  program.end = start;
  if (start > end) {
    program.failure = Failure{start, "", fmt::format("the stream ends at {}", end), true, false};
    return;
  }
  Interpreter(source, ByteRange{start, end - start}, options, program).run();
  if (!options.keep_memo) {
    program.memo = {};
  }
}

}  // namespace

Program run(const bytes::Source& source, std::uint64_t start, const Options& options) {
  Program program;
  run_into(program, source, start, options);
  return program;
}

Program run_next(Program previous, const bytes::Source& source, const Options& options) {
  Program program;
  program.graph = std::move(previous.graph);
  program.memo = std::move(previous.memo);
  run_into(program, source, previous.end, options);
  return program;
}

}  // namespace upinspect::pickle
