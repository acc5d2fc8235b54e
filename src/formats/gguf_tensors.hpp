// SPDX-License-Identifier: Apache-2.0
// The tensor infos of a GGUF file: names, dimensions, types and offsets, each checked by itself.
#pragma once

#include "formats/gguf_input.hpp"
#include "formats/gguf_types.hpp"

#include <vector>

namespace upinspect::formats::gguf {

struct TensorInfo {
  std::string name;
  std::vector<std::uint64_t> shape;    ///< row-major, the reverse of the file's order; empty where a dimension is negative
  std::int32_t type_number = 0;
  const TensorType* type = nullptr;    ///< nullptr where the number is none of ggml's
  std::uint64_t offset = 0;            ///< as declared, from the start of the data section
  std::uint64_t elements = 0;
  std::optional<std::uint64_t> bytes;  ///< as ggml computes it; nothing where ggml refuses the tensor
  std::string unread;                  ///< why the data cannot be told, empty where it can
  ByteRange where;                     ///< of the info in the file
};

/// Reads `count` infos from the input's position on. Throws ParseError where one cannot be passed over; `infos` holds
/// those before it then.
void read_tensor_infos(Input& input, std::uint64_t count, std::vector<TensorInfo>& infos);

}  // namespace upinspect::formats::gguf
