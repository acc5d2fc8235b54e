// SPDX-License-Identifier: Apache-2.0
#include "convert/cast.hpp"

#include "numeric/encode.hpp"
#include "numeric/values.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace upinspect::convert {

namespace {

constexpr std::size_t k_blocks_at_once = 4096;

/// Pieces come in whole elements, but a sink of rearranged matrices gets them in rows of any length.
void recode(Dtype from, Dtype to, std::span<const std::byte> piece, const ElementSink& sink) {
  const auto& source = info(from);
  const std::size_t width = info(to).block_bytes;
  std::vector<double> values;
  std::vector<std::byte> out;
  while (piece.size() >= source.block_bytes) {
    const auto blocks = std::min<std::size_t>(piece.size() / source.block_bytes, k_blocks_at_once);
    values.resize(blocks * source.block_elements);
    out.resize(values.size() * width);
    numeric::decode_values(from, piece.first(blocks * source.block_bytes), std::span(values));
    numeric::encode_values(to, std::span<const double>(values), out);
    sink(out);
    piece = piece.subspan(blocks * source.block_bytes);
  }
}

}  // namespace

bool is_castable(Dtype dtype) noexcept {
  const auto kind = info(dtype).kind;
  return (kind == DtypeKind::floating || kind == DtypeKind::block) && numeric::has_values(dtype);
}

Outgoing cast(Outgoing tensor, Dtype dtype) {
  if (tensor.dtype == dtype || !is_castable(tensor.dtype)) {
    return tensor;
  }
  auto result = tensor;
  result.dtype = dtype;
  result.produce = [tensor = std::move(tensor), dtype](const ElementSink& sink) {
    tensor.produce([&](std::span<const std::byte> piece) { recode(tensor.dtype, dtype, piece, sink); });
  };
  return result;
}

}  // namespace upinspect::convert
