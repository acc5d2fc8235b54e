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

/// How one pass over a tensor of a dtype is organised.
enum class Method : std::uint8_t {
  bytes,   ///< no stats: histograms of bytes alone
  table,   ///< stats come from the histogram of the elements' values
  chunks,  ///< stats come from the chunks' moments
};

/// The method for a tensor of `elements` elements. It depends on the data alone, so results do not depend on who splits
/// the work: 16-bit types take their stats from a chunk's moments up to one chunk and from a table above.
[[nodiscard]] Method method_for(Dtype dtype, std::uint64_t elements) noexcept;

/// The bytes of a unit of histogram positions: an element's size where elements are 1, 2, 4, 8 or 16 bytes, else 1.
[[nodiscard]] std::size_t unit_bytes(Dtype dtype) noexcept;

/// The bytes of a chunk of k_chunk_elements units.
[[nodiscard]] std::size_t chunk_bytes(Dtype dtype) noexcept;

/// Histograms of the elements seen. One object serves one thread at a time and is cheap to reset for a small tensor.
class Counts {
 public:
  /// Forgets everything and prepares for elements of `dtype` by `method`.
  void reset(Dtype dtype, Method method) noexcept;

  /// Counts whole elements; a last incomplete one is left out.
  void add(std::span<const std::byte> bytes);

  /// The same for a chunk of f32 together with what the kernel measures on the way; nothing, and nothing counted, where
  /// another way through the chunk is quicker.
  [[nodiscard]] std::optional<FloatPass> add_f32(std::span<const std::byte> chunk, double pivot);

  /// Adds what another object counted of the same tensor (same dtype and method), and empties it.
  void merge(Counts& other);

  [[nodiscard]] Dtype dtype() const noexcept { return m_dtype; }
  [[nodiscard]] Method method() const noexcept { return m_method; }
  [[nodiscard]] std::uint64_t units() const noexcept { return m_units; }
  [[nodiscard]] Tally& tally() noexcept { return m_tally; }

  /// The histogram of each byte position of a unit, least significant first. Gathers what was counted so far.
  [[nodiscard]] std::span<const ByteCounts> planes();

  /// The value histogram of a 16-bit type by Method::table: 32-bit counts, or empty where only 64 bits hold them.
  [[nodiscard]] std::span<const std::uint32_t> words();
  [[nodiscard]] std::span<const std::uint64_t> wide_words();

 private:
  [[nodiscard]] bool counts_words() const noexcept { return m_method == Method::table && m_unit == 2; }
  [[nodiscard]] bool counts_quads() const noexcept;
  void add_part(std::span<const std::byte> bytes);
  void add_words(std::span<const std::byte> bytes);
  void add_quads(std::span<const std::byte> bytes);
  void add_bytes(std::span<const std::byte> bytes);
  void make_room(std::size_t bytes);
  void need_word_tables();
  void fold_bytes() noexcept;
  void fold_quads() noexcept;
  void join_words() noexcept;
  void widen_words();
  void clear_tables() noexcept;

  Dtype m_dtype = Dtype::other;
  Method m_method = Method::bytes;
  std::size_t m_unit = 1;
  std::uint64_t m_units = 0;
  Tally m_tally;
  std::array<ByteCounts, 16> m_planes{};
  std::size_t m_used_planes = 0;
  ByteTables m_bytes{};
  std::uint64_t m_in_bytes = 0;   ///< bytes counted in m_bytes, at most, since it was last folded
  std::unique_ptr<WordTables> m_words;
  std::uint64_t m_in_words = 0;   ///< elements counted in m_words since they were last folded
  bool m_words_joined = true;     ///< the second of m_words is all zero
  std::vector<std::uint64_t> m_wide;
  std::vector<std::byte> m_kept;
};

}  // namespace upinspect::numeric
