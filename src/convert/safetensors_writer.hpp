// SPDX-License-Identifier: Apache-2.0
// Writes safetensors as the reference writer does: its order, its alignment, its padding, the same bytes each time.
#pragma once

#include "convert/new_file.hpp"
#include "convert/outgoing.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::convert {

/// The format's name of a dtype ("F32"); nothing for one that it cannot hold.
[[nodiscard]] std::optional<std::string_view> safetensors_dtype(Dtype dtype) noexcept;

enum class TensorOrder : std::uint8_t {
  reference,  ///< by dtype, the last of the format's list first, then by name as bytes
  given,      ///< as they stand in the list
};

/// A file before its tensor data are written.
struct SafetensorsLayout {
  std::string header;              ///< the length, the JSON and its padding: everything before the data
  std::vector<std::size_t> order;  ///< of the data, as indices into the list of tensors
  std::uint64_t data_bytes = 0;
};

/// Throws Refusal, with all reasons, where the format cannot hold the tensors: a dtype that it does not know, a name
/// that stands twice, is "__metadata__" or no UTF-8, elements that do not end at a byte, a header above the format's
/// limit. No metadata, no "__metadata__".
[[nodiscard]] SafetensorsLayout lay_out_safetensors(std::span<const Outgoing> tensors, const Metadata& metadata,
                                                    TensorOrder order = TensorOrder::reference);

/// Writes the header and streams the tensors after it; holds no more than a piece of them. Throws Refusal where a tensor
/// gives another number of bytes than its shape calls for.
void write_safetensors(NewFile& file, std::span<const Outgoing> tensors, const SafetensorsLayout& layout,
                       const Tick& tick = {});

}  // namespace upinspect::convert
