// SPDX-License-Identifier: Apache-2.0
// The JSON header of a safetensors file as entries, read as the reference reader reads it.
#pragma once

#include "model/builder.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::formats::safetensors {

inline constexpr std::uint64_t k_length_bytes = 8;

struct DtypeName {
  std::string_view name;
  Dtype dtype;
  std::uint16_t bits;
};

/// `begin` and `end` count from the start of the data; `json_offset` from the start of the file.
struct Entry {
  std::string name;
  const DtypeName* dtype = nullptr;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t json_offset = 0;
};

/// Parses the header's text: metadata and what is legal but surprising go to `builder`, the entries are returned in the
/// header's order, the last of those with one name. Throws bytes::ParseError where the reference refuses.
[[nodiscard]] std::vector<Entry> parse_header(std::string_view text, model::Builder& builder);

}  // namespace upinspect::formats::safetensors
