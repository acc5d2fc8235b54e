// SPDX-License-Identifier: Apache-2.0
#include "cli/raw_layout.hpp"

#include "upinspect/dtype.hpp"

#include <CLI/CLI.hpp>

#include <charconv>

namespace upinspect::cli {

namespace {

std::vector<std::uint64_t> parse_shape(const std::string& text) {
  std::vector<std::uint64_t> shape;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  while (at != end) {
    std::uint64_t dimension = 0;
    const auto [next, error] = std::from_chars(at, end, dimension);
    const bool separator = next != end && (*next == 'x' || *next == 'X' || *next == ',');
    if (error != std::errc{} || (next != end && (!separator || next + 1 == end))) {
      throw ::CLI::ValidationError("--shape", "expected dimensions such as 8192x4096, found \"" + text + "\"");
    }
    shape.push_back(dimension);
    at = next == end ? end : next + 1;
  }
  return shape;
}

}  // namespace

void RawOptions::declare(::CLI::App& app) {
  auto* as = app.add_option("--as", dtype, "Read as headerless numbers of this dtype (f32, bf16, i8, ...)")->type_name("DTYPE");
  app.add_option("--shape", shape, "Their shape, such as 8192x4096")->type_name("SHAPE")->needs(as);
  app.add_option("--skip", skip, "Bytes before the first number")->type_name("BYTES")->needs(as);
  app.add_flag("--big-endian", big_endian, "Most significant byte first")->needs(as);
}

std::optional<RawLayout> RawOptions::layout() const {
  if (dtype.empty()) {
    return std::nullopt;
  }
  const auto known = dtype_from_name(dtype);
  if (!known || info(*known).block_bytes == 0) {
    throw ::CLI::ValidationError("--as", "\"" + dtype + "\" is no dtype; try f32, f16, bf16, f64, i8 ... u64 or bool");
  }
  RawLayout layout;
  layout.dtype = *known;
  layout.shape = parse_shape(shape);
  layout.skip = skip;
  layout.order = big_endian ? ByteOrder::big : ByteOrder::little;
  return layout;
}

}  // namespace upinspect::cli
