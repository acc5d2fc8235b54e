// SPDX-License-Identifier: Apache-2.0
// Reads one tensor's elements again: in row-major order, little-endian, wherever and however its storage lies.
#pragma once

#include "bytes/source.hpp"
#include "measure/gather.hpp"
#include "upinspect/artifact.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

namespace upinspect::measure {

/// The bytes that only whole can be turned from one byte order to the other: 1 where there is nothing to turn.
[[nodiscard]] std::size_t turning_unit(Dtype dtype);

/// Turns whole big-endian elements to little-endian ones, in place.
void turn_round(Dtype dtype, std::span<std::byte> elements);

/// Takes a tensor's bytes in pieces of any size and in the file's byte order, and hands on pieces of whole elements
/// (whole blocks for packed types), little-endian.
class WholeElements {
 public:
  WholeElements(const Tensor& tensor, const ElementSink& sink);
  void feed(std::span<const std::byte> piece);

 private:
  void hand_on(std::span<const std::byte> whole);

  const ElementSink& m_sink;
  Dtype m_dtype;
  std::size_t m_unit;
  bool m_turns;
  std::vector<std::byte> m_split;   ///< the first bytes of an element that two pieces share
  std::vector<std::byte> m_turned;
};

/// Why a tensor's elements cannot be read.
struct Unreadable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Hands the elements of `tensor`, whose Location is one in `source`, to `sink`: row-major, little-endian, in pieces of
/// whole elements. About `memory` bytes are held, but for a strided view of a deflated entry, which takes up to half
/// of `most_unpacked`. Throws Unreadable where the elements cannot be had whole; what was handed out by then is void.
void stream_elements(const bytes::Source& source, const Tensor& tensor, std::uint64_t memory,
                     std::uint64_t most_unpacked, const ElementSink& sink);

/// The same elements at once into `out`, whose memory is used again, where they lie in `source` just as they are; else false, and
/// they are for stream_elements.
[[nodiscard]] bool load_elements(const bytes::Source& source, const Tensor& tensor, std::vector<std::byte>& out);

/// Views may overlap and repeat elements, so a small file can describe any amount of tensor data: reading stops at this
/// many times what is stored, beyond the second figure, in bytes.
inline constexpr std::uint64_t k_expansion = 16;
inline constexpr std::uint64_t k_free_work = std::uint64_t{256} << 20;

}  // namespace upinspect::measure
