// SPDX-License-Identifier: Apache-2.0
// The data section of a GGUF file: where each tensor lies, whether that is where ggml expects it, and what fills the rest.
#pragma once

#include "formats/gguf_tensors.hpp"

#include <vector>

namespace upinspect::formats::gguf {

/// Adds the tensors to the builder and labels their bytes and the alignment fill. The input stands behind the last
/// tensor info; `alignment` is a power of two, or 0 where the file's own is unusable and no data can be located.
void place_tensors(Input& input, const std::vector<TensorInfo>& infos, std::uint32_t alignment);

/// Adds the tensors to the builder without their data, for a file that breaks off before the place of data is known.
void list_tensors(Input& input, const std::vector<TensorInfo>& infos);

}  // namespace upinspect::formats::gguf
