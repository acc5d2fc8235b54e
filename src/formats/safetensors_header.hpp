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

struct Header {
  std::vector<Entry> entries;  ///< in the header's order, the last of those with one name
  std::uint64_t begins = 0;    ///< offset of the opening brace
  std::uint64_t ends = 0;      ///< one past the closing one
  std::string limit;           ///< why the header was not read to its end, empty where it was
};

/// Parses the header in `range` of the file, of which it holds a stretch at a time: metadata and what is legal but surprising
/// go to `builder`. Throws bytes::ParseError where the reference refuses; what the memory allowed has no room for ends the
/// reading.
[[nodiscard]] Header parse_header(ByteRange range, model::Builder& builder);

}  // namespace upinspect::formats::safetensors
