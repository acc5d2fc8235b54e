// SPDX-License-Identifier: Apache-2.0
// The whole of inspection on any bytes: it ends, its report is sound, the same for any number of threads, and printable.
#include "bytes/json_reader.hpp"
#include "report/file_json.hpp"
#include "report/text.hpp"
#include "support/soundness.hpp"
#include "upinspect/inspect.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

namespace {

using namespace upinspect;

[[noreturn]] void fail(const std::string& problem) {
  std::fprintf(stderr, "unsound: %s\n", problem.c_str());
  std::abort();
}

Artifact inspect(std::span<const std::uint8_t> data, Depth depth, unsigned jobs) {
  InspectOptions options;
  options.depth = depth;
  options.jobs = jobs;
  options.tensor_sha256 = true;
  options.limits.memory = std::uint64_t{256} << 20;
  auto artifact = inspect_bytes("fuzz.bin", data.data(), data.size(), options);
  const auto problem = test::unsoundness(artifact, data.size());
  if (!problem.empty()) {
    fail(problem);
  }
  return artifact;
}

/// As JSON: NaN equals itself there.
std::string json(const Artifact& artifact) {
  std::string out;
  report::FileJson writer([&out](std::string_view piece) { out += piece; }, report::JsonForm::lines, "fuzz");
  writer.begin();
  writer.artifact(artifact);
  writer.end();
  return out;
}

void check_printable(const std::string& text) {
  const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; };
  if (bytes::find_invalid_utf8(text) != std::string::npos || std::any_of(text.begin(), text.end(), is_control)) {
    fail("the report holds bytes that no terminal should get");
  }
}

/// One input in 16, picked by its bytes: the same answer comes back each time, and most runs stay fast.
bool chosen(std::span<const std::uint8_t> data) {
  std::uint32_t sum = 0;
  for (const auto byte : data) {
    sum = sum * 31 + byte;
  }
  return sum % 16 == 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, size);
  (void)inspect(bytes, Depth::headers, 1);
  const auto artifact = inspect(bytes, Depth::full, 1);
  if (chosen(bytes)) {
    const auto report = json(artifact);
    check_printable(report);
    check_printable(report::file_text(artifact, {}));
    if (json(inspect(bytes, Depth::full, 2)) != report) {
      fail("two threads report something else than one");
    }
  }
  return 0;
}
