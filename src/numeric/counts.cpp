// SPDX-License-Identifier: Apache-2.0
#include "numeric/counts.hpp"

#include "numeric/load.hpp"
#include "numeric/small_float.hpp"

#include <algorithm>
#include <functional>

namespace upinspect::numeric {

namespace {

// A value that is this common in a sample is counted by comparing: to count equal values one by one is slow, because
// each count waits for the one before.
constexpr std::size_t k_sample = 32;
constexpr std::size_t k_common = 10;
constexpr std::size_t k_least_sampled = 4096;
constexpr std::size_t k_keep_margin = 64;

// Tables are folded before a bin can pass 32 bits.
constexpr std::uint64_t k_table_limit = std::uint64_t{1} << 31;

/// Adds a table of 16-bit patterns to the tables of its bytes. Count holds the sum of all counts.
template <typename Count>
void add_columns(std::span<const Count> words, ByteCounts& low, ByteCounts& high) noexcept {
  std::array<Count, 256> columns{};
  for (std::size_t row = 0; row < 256; ++row) {
    const auto part = words.subspan(row * 256, 256);
    Count sum = 0;
    for (std::size_t column = 0; column < 256; ++column) {
      sum += part[column];
    }
    if (sum == 0) {
      continue;
    }
    high[row] += sum;
    for (std::size_t column = 0; column < 256; ++column) {
      columns[column] += part[column];
    }
  }
  std::transform(low.begin(), low.end(), columns.begin(), low.begin(), std::plus<>());
}

template <typename Element>
Element sampled(std::span<const std::byte> bytes, std::size_t i) noexcept {
  const std::size_t stride = bytes.size() / sizeof(Element) / k_sample;
  return load_le<Element>(bytes.data() + i * stride * sizeof(Element));
}

/// The value that has the majority of a sample, if any has (Boyer and Moore), or one near to it.
template <typename Element>
std::optional<Element> common_value(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < k_least_sampled * sizeof(Element)) {
    return std::nullopt;
  }
  Element candidate = 0;
  std::size_t lead = 0;
  for (std::size_t i = 0; i < k_sample; ++i) {
    const auto value = sampled<Element>(bytes, i);
    candidate = lead == 0 ? value : candidate;
    lead += value == candidate ? std::size_t{1} : ~std::size_t{0};
  }
  std::size_t found = 0;
  for (std::size_t i = 0; i < k_sample; ++i) {
    found += sampled<Element>(bytes, i) == candidate ? std::size_t{1} : 0;
  }
  return found >= k_common ? std::optional(candidate) : std::nullopt;
}

/// Adds the tables of `Unit` planes to them; the sums of one round of folding fit 32 bits.
template <std::size_t Unit>
void add_tables(const ByteTables& tables, std::span<ByteCounts> planes) noexcept {
  for (std::size_t plane = 0; plane < Unit; ++plane) {
    for (std::size_t value = 0; value < 256; ++value) {
      std::uint32_t sum = 0;
      for (std::size_t table = plane; table < tables.size(); table += Unit) {
        sum += tables[table][value];
      }
      planes[plane][value] += sum;
    }
  }
}

}  // namespace

Method method_of(Dtype dtype) noexcept {
  switch (dtype) {
    case Dtype::f64:
    case Dtype::f32:
    case Dtype::f16:
    case Dtype::bf16:
    case Dtype::i64:
    case Dtype::i32:
    case Dtype::i16:
    case Dtype::u64:
    case Dtype::u32:
    case Dtype::u16: return Method::chunks;
    case Dtype::i8:
    case Dtype::u8:
    case Dtype::boolean: return Method::table;
    default: return small_float(dtype) ? Method::table : Method::none;
  }
}

std::size_t unit_bytes(Dtype dtype) noexcept {
  const auto& row = info(dtype);
  const bool has_planes = row.block_elements == 1 && std::has_single_bit(row.block_bytes) && row.block_bytes <= 16;
  return has_planes ? row.block_bytes : 1;
}

std::size_t chunk_bytes(Dtype dtype) noexcept { return k_chunk_elements * unit_bytes(dtype); }

void Counts::clear_tables() noexcept {
  if (m_in_bytes > 0) {
    m_bytes = {};
    m_in_bytes = 0;
  }
  if (m_in_words > 0) {
    m_words->fill(0);
    m_in_words = 0;
  }
  m_wide.clear();
}

void Counts::reset(Dtype dtype) noexcept {
  clear_tables();
  std::fill_n(m_planes.begin(), m_used_planes, ByteCounts{});
  m_dtype = dtype;
  m_unit = unit_bytes(dtype);
  m_used_planes = m_unit;
  m_units = 0;
  m_tally = {};
}

void Counts::make_room(std::size_t bytes) {
  if (m_in_bytes + bytes > k_table_limit) {
    fold_bytes();
  }
  if (m_in_words + bytes > k_table_limit) {
    if (m_unit == 2) {
      widen_words();
    } else {
      fold_quads();
    }
  }
}

void Counts::need_word_table() {
  if (!m_words) {
    m_words = std::make_unique<WordTable>();
  }
}

void Counts::add_bytes(std::span<const std::byte> chunk) {
  chunk = chunk.first(chunk.size() - chunk.size() % m_unit);
  make_room(chunk.size());
  m_units += chunk.size() / m_unit;
  m_in_bytes += chunk.size();
  kernels().count_bytes(chunk, m_unit, m_bytes);
}

void Counts::enter_words(std::span<const std::byte> chunk) {
  make_room(chunk.size());
  need_word_table();
  m_units += chunk.size() / m_unit;
  m_in_words += chunk.size() / m_unit;
  m_in_bytes += m_unit == 2 ? 0 : chunk.size();
}

void Counts::add_words(std::span<const std::byte> chunk) {
  chunk = chunk.first(chunk.size() - chunk.size() % m_unit);
  enter_words(chunk);
  if (m_unit == 2) {
    count_words(chunk);
  } else {
    count_quads(chunk);
  }
}

void Counts::count_words(std::span<const std::byte> chunk) {
  const auto common = common_value<std::uint16_t>(chunk);
  if (!common) {
    kernels().count_words(chunk, *m_words);
    return;
  }
  m_kept.resize(std::max(m_kept.size(), chunk.size() + k_keep_margin));
  const auto kept = kernels().keep_words(chunk, *common, m_kept.data());
  kernels().count_words(std::span(m_kept).first(kept * 2), *m_words);
  m_words->at(*common) += static_cast<std::uint32_t>(chunk.size() / 2 - kept);
}

void Counts::count_quads(std::span<const std::byte> chunk) {
  const auto common = common_value<std::uint32_t>(chunk);
  if (!common) {
    kernels().count_quads(chunk, m_bytes, *m_words);
    return;
  }
  m_kept.resize(std::max(m_kept.size(), chunk.size() + k_keep_margin));
  const auto kept = kernels().keep_quads(chunk, *common, m_kept.data());
  kernels().count_quads(std::span(m_kept).first(kept * 4), m_bytes, *m_words);
  const auto equal = static_cast<std::uint32_t>(chunk.size() / 4 - kept);
  m_bytes[0][*common & 255] += equal;
  m_bytes[1][(*common >> 8) & 255] += equal;
  m_words->at(*common >> 16) += equal;
}

std::optional<FloatPass> Counts::add_f32(std::span<const std::byte> chunk, double pivot) {
  chunk = chunk.first(chunk.size() - chunk.size() % m_unit);
  if (common_value<std::uint32_t>(chunk)) {
    return std::nullopt;
  }
  enter_words(chunk);
  return kernels().measure_f32(chunk, pivot, m_bytes, *m_words);
}

void Counts::fold_bytes() noexcept {
  if (m_in_bytes == 0) {
    return;
  }
  switch (m_unit) {
    case 1: add_tables<1>(m_bytes, m_planes); break;
    case 2: add_tables<2>(m_bytes, m_planes); break;
    case 4: add_tables<4>(m_bytes, m_planes); break;
    case 8: add_tables<8>(m_bytes, m_planes); break;
    default: add_tables<16>(m_bytes, m_planes); break;
  }
  m_bytes = {};
  m_in_bytes = 0;
}

void Counts::fold_quads() noexcept {
  if (m_in_words == 0) {
    return;
  }
  add_columns<std::uint32_t>(*m_words, m_planes[2], m_planes[3]);
  m_words->fill(0);
  m_in_words = 0;
}

void Counts::widen_words() {
  need_word_table();
  m_wide.resize(m_words->size());
  for (std::size_t i = 0; i < m_wide.size(); ++i) {
    m_wide[i] += (*m_words)[i];
  }
  m_words->fill(0);
  m_in_words = 0;
}

void Counts::merge_words(Counts& other) {
  if (other.m_in_words == 0 && other.m_wide.empty()) {
    return;
  }
  need_word_table();
  other.need_word_table();
  if (!m_wide.empty() || !other.m_wide.empty() || m_in_words + other.m_in_words > k_table_limit) {
    widen_words();
    other.widen_words();
    std::transform(m_wide.begin(), m_wide.end(), other.m_wide.begin(), m_wide.begin(), std::plus<>());
    return;
  }
  auto& to = *m_words;
  std::transform(to.begin(), to.end(), other.m_words->begin(), to.begin(), std::plus<>());
  m_in_words += other.m_in_words;
}

void Counts::merge(Counts& other) {
  fold_bytes();
  other.fold_bytes();
  if (m_unit == 2) {
    merge_words(other);
  } else {
    fold_quads();
    other.fold_quads();
  }
  for (std::size_t plane = 0; plane < m_unit; ++plane) {
    auto& to = m_planes[plane];
    std::transform(to.begin(), to.end(), other.m_planes[plane].begin(), to.begin(), std::plus<>());
  }
  m_units += other.m_units;
  m_tally.merge(other.m_tally);
  other.reset(other.m_dtype);
}

std::span<const ByteCounts> Counts::gather() {
  fold_bytes();
  if (m_unit != 2) {
    fold_quads();
  } else if (const auto narrow = words(); !narrow.empty()) {
    add_columns(narrow, m_planes[0], m_planes[1]);
  } else if (const auto wide = wide_words(); !wide.empty()) {
    add_columns(wide, m_planes[0], m_planes[1]);
  }
  return std::span<const ByteCounts>(m_planes).first(m_unit);
}

std::span<const std::uint32_t> Counts::words() noexcept {
  if (m_in_words == 0 || !m_wide.empty()) {
    return {};
  }
  return *m_words;
}

std::span<const std::uint64_t> Counts::wide_words() {
  if (m_wide.empty()) {
    return {};
  }
  widen_words();
  return m_wide;
}

}  // namespace upinspect::numeric
