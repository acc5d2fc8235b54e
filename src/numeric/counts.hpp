// SPDX-License-Identifier: Apache-2.0
// The part of a measurement that is integers: histograms and tallies, which merge in any order.
#pragma once

#include "numeric/entropy.hpp"
#include "numeric/kernels.hpp"
#include "numeric/tally.hpp"
#include "upinspect/dtype.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace upinspect::numeric {

/// Elements per chunk, the unit in which floating moments are taken. Results depend on it to the last bit.
inline constexpr std::size_t k_chunk_elements = 16384;

/// From this chunk on elements are counted by 16-bit patterns where that pays: the tables cost their clearing and
/// reading.
inline constexpr std::uint64_t k_table_chunk = 2;

/// Where a dtype's stats come from. The elements of 16-bit types from k_table_chunk on count as a table.
enum class Method : std::uint8_t {
  none,    ///< no stats: histograms of bytes alone
  table,   ///< the histogram of the elements' values
  chunks,  ///< the chunks' moments
};

[[nodiscard]] Method method_of(Dtype dtype) noexcept;

/// The bytes of a unit of histogram positions: an element's size where elements are 1, 2, 4, 8 or 16 bytes, else 1.
[[nodiscard]] std::size_t unit_bytes(Dtype dtype) noexcept;

/// The bytes of a chunk of k_chunk_elements units.
[[nodiscard]] std::size_t chunk_bytes(Dtype dtype) noexcept;

/// Histograms of the elements seen. One object serves one thread at a time and is cheap to reset for a small tensor.
class Counts {
 public:
  /// Forgets everything and prepares for elements of `dtype`.
  void reset(Dtype dtype) noexcept;

  /// Counts a chunk's whole elements by bytes; a last incomplete one is left out.
  void add_bytes(std::span<const std::byte> chunk);

  /// The same by 16-bit patterns, for elements of two bytes and for f32.
  void add_words(std::span<const std::byte> chunk);

  /// The same for f32 together with what the kernel measures on the way; nothing, and nothing counted, where add_words
  /// is quicker.
  [[nodiscard]] std::optional<FloatPass> add_f32(std::span<const std::byte> chunk, double pivot);

  /// Adds what another object counted of the same tensor, and empties it.
  void merge(Counts& other);

  [[nodiscard]] Dtype dtype() const noexcept { return m_dtype; }
  [[nodiscard]] std::uint64_t units() const noexcept { return m_units; }
  [[nodiscard]] Tally& tally() noexcept { return m_tally; }

  /// The histogram of each byte position of a unit, least significant first. It ends the counting: nothing may be added
  /// after it but by way of reset.
  [[nodiscard]] std::span<const ByteCounts> gather();

  /// What add_words counted of a 16-bit type, in 32 bits or, where they do not hold it, in 64: the other is empty.
  [[nodiscard]] std::span<const std::uint32_t> words() noexcept;
  [[nodiscard]] std::span<const std::uint64_t> wide_words();

 private:
  void make_room(std::size_t bytes);
  void enter_words(std::span<const std::byte> chunk);
  void count_words(std::span<const std::byte> chunk);
  void count_quads(std::span<const std::byte> chunk);
  void need_word_table();
  void merge_words(Counts& other);
  void fold_bytes() noexcept;
  void fold_quads() noexcept;
  void widen_words();
  void clear_tables() noexcept;

  Dtype m_dtype = Dtype::other;
  std::size_t m_unit = 1;
  std::uint64_t m_units = 0;
  Tally m_tally;
  std::array<ByteCounts, 16> m_planes{};
  std::size_t m_used_planes = 0;
  ByteTables m_bytes{};
  std::uint64_t m_in_bytes = 0;   ///< bytes counted in m_bytes, at most, since it was last folded
  std::unique_ptr<WordTable> m_words;
  std::uint64_t m_in_words = 0;   ///< elements counted in m_words since it was last folded
  std::vector<std::uint64_t> m_wide;
  std::vector<std::byte> m_kept;
};

}  // namespace upinspect::numeric
