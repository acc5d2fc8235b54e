// SPDX-License-Identifier: Apache-2.0
// One format's reader on any bytes, whether or not its sniffer would take them: it ends, or refuses with a ParseError, and
// what it read until then is sound.
#include "bytes/parse_error.hpp"
#include "formats/format.hpp"
#include "support/soundness.hpp"

#include <cstdio>
#include <cstdlib>
#include <span>

/// The id of the format, from the one-line source that each target adds.
extern const char* const upinspect_fuzz_format;

namespace {

using namespace upinspect;

const formats::Format& wanted() {
  static const auto* const format = formats::find_format(upinspect_fuzz_format);
  if (format == nullptr) {
    std::fprintf(stderr, "no format %s\n", upinspect_fuzz_format);
    std::abort();
  }
  return *format;
}

InspectOptions small_options() {
  InspectOptions options;
  options.depth = Depth::headers;
  options.jobs = 1;
  options.limits.memory = std::uint64_t{64} << 20;
  return options;
}

/// A layout out of the last bytes, where the first says so: headerless numbers have no other settings to vary.
std::optional<RawLayout> layout_from(std::span<const std::uint8_t> data) {
  if (data.size() < 6 || data.front() % 2 == 0) {
    return std::nullopt;
  }
  const auto last = data.last(5);
  RawLayout layout;
  layout.dtype = static_cast<Dtype>(last[0] % (static_cast<unsigned>(Dtype::other) + 1));
  layout.skip = last[1];
  layout.order = last[2] % 2 == 0 ? ByteOrder::little : ByteOrder::big;
  if (last[2] % 4 > 1) {
    layout.shape = {last[3], std::uint64_t{last[4]} << (last[2] % 64)};
  }
  return layout;
}

void read(const formats::Format& format, model::Builder& builder) {
  try {
    const formats::Probe probe(builder.source(), builder.options());
    (void)format.sniff(probe);
    format.read(probe, builder);
  } catch (const bytes::ParseError& error) {
    builder.find("container.malformed", Severity::error, error.what(), ByteRange{error.offset(), 0});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto& format = wanted();
  const bytes::MemorySource source(std::as_bytes(std::span(data, size)));
  auto options = small_options();
  if (format.id == "raw") {
    options.raw = layout_from(std::span(data, size));
  }
  model::Builder builder(source, options, "fuzz.bin");
  read(format, builder);
  builder.artifact.format.id = format.id;
  builder.artifact.coverage = builder.coverage.build(size);
  const auto problem = test::unsoundness(builder.artifact, size);
  if (!problem.empty()) {
    std::fprintf(stderr, "unsound: %s\n", problem.c_str());
    std::abort();
  }
  return 0;
}
