// SPDX-License-Identifier: Apache-2.0
// The key-value pairs of a GGUF file, turned into the artifact's metadata.
#pragma once

#include "formats/gguf_input.hpp"

namespace upinspect::formats::gguf {

/// What the rest of the file depends on.
struct Settings {
  std::uint32_t alignment = 32;  ///< 0 where the file's own is unusable
};

/// Reads `count` pairs from the input's position on. Throws ParseError where one cannot be passed over.
[[nodiscard]] Settings read_metadata(Input& input, std::uint64_t count);

}  // namespace upinspect::formats::gguf
