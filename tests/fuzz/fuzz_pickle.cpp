// SPDX-License-Identifier: Apache-2.0
// The pickle machine on any bytes: it ends, within its limits, at a place inside the stream.
#include "bytes/source.hpp"
#include "pickle/machine.hpp"

#include <cstdint>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const upinspect::bytes::MemorySource source(std::as_bytes(std::span(data, size)));
  upinspect::pickle::Options options;
  options.limits.opcodes = 200'000;
  options.limits.memory = std::uint64_t{64} << 20;
  const auto program = upinspect::pickle::run(source, 0, options);
  const bool ended = program.root != upinspect::pickle::k_no_node;
  if (program.end > size || ended == program.failure.has_value()) {
    std::abort();
  }
  return 0;
}
