// SPDX-License-Identifier: Apache-2.0
// The whole of inspection on any bytes: it ends, and its report is sound.
#include "support/soundness.hpp"
#include "upinspect/inspect.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

void inspect(const std::uint8_t* data, std::size_t size, upinspect::Depth depth) {
  upinspect::InspectOptions options;
  options.depth = depth;
  options.jobs = 1;
  options.tensor_sha256 = true;
  options.limits.memory = std::uint64_t{256} << 20;
  const auto artifact = upinspect::inspect_bytes("fuzz.bin", data, size, options);
  const auto problem = upinspect::test::unsoundness(artifact, size);
  if (!problem.empty()) {
    std::fprintf(stderr, "unsound: %s\n", problem.c_str());
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  inspect(data, size, upinspect::Depth::headers);
  inspect(data, size, upinspect::Depth::full);
  return 0;
}
