// SPDX-License-Identifier: Apache-2.0
#include "numeric/counts.hpp"

#include "numeric/load.hpp"
#include "numeric/small_float.hpp"

#include <algorithm>

namespace upinspect::numeric {

namespace {

// The tables of 16-bit patterns cost their clearing and reading: f32 counts in them from this element on.
constexpr std::uint64_t k_quad_threshold = 65536;

// A value that is this common in a sample is counted by comparing: to count equal values one by one is slow, because each
// count waits for the one before.
constexpr std::size_t k_sample = 32;
constexpr std::size_t k_common = 10;
constexpr std::size_t k_least_sampled = 4096;

// Tables are folded before a bin can pass 32 bits.
constexpr std::uint64_t k_table_limit = std::uint64_t{1} << 31;

template <typename Count>
void add_columns(std::span<const Count> words, ByteCounts& low, ByteCounts& high) noexcept {
  for (std::size_t row = 0; row < 256; ++row) {
    const auto part = words.subspan(row * 256, 256);
    std::uint64_t sum = 0;
    for (std::size_t column = 0; column < 256; ++column) {
      sum += part[column];
    }
    if (sum == 0) {
      continue;
    }
    high[row] += sum;
    for (std::size_t column = 0; column < 256; ++column) {
      low[column] += part[column];
    }
  }
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

}  // namespace

Method method_for(Dtype dtype, std::uint64_t elements) noexcept {
  switch (dtype) {
    case Dtype::f64:
    case Dtype::f32:
    case Dtype::i64:
    case Dtype::i32:
    case Dtype::u64:
    case Dtype::u32: return Method::chunks;
    case Dtype::f16:
    case Dtype::bf16:
    case Dtype::i16:
    case Dtype::u16: return elements <= k_chunk_elements ? Method::chunks : Method::table;
    case Dtype::i8:
    case Dtype::u8:
    case Dtype::boolean: return Method::table;
    default: return small_float(dtype) ? Method::table : Method::bytes;
  }
}

std::size_t unit_bytes(Dtype dtype) noexcept {
  const auto& row = info(dtype);
  const bool has_planes = row.block_elements == 1 && std::has_single_bit(row.block_bytes) && row.block_bytes <= 16;
  return has_planes ? row.block_bytes : 1;
}

std::size_t chunk_bytes(Dtype dtype) noexcept { return k_chunk_elements * unit_bytes(dtype); }

bool Counts::counts_quads() const noexcept { return m_dtype == Dtype::f32 && m_units >= k_quad_threshold; }

void Counts::clear_tables() noexcept {
  if (m_in_bytes > 0) {
    m_bytes = {};
    m_in_bytes = 0;
  }
  if (m_in_words > 0) {
    m_words->at(0).fill(0);
    if (!m_words_joined) {
      m_words->at(1).fill(0);
    }
    m_in_words = 0;
  }
  m_words_joined = true;
  m_wide.clear();
}

void Counts::reset(Dtype dtype, Method method) noexcept {
  clear_tables();
  std::fill_n(m_planes.begin(), m_used_planes, ByteCounts{});
  m_dtype = dtype;
  m_method = method;
  m_unit = unit_bytes(dtype);
  m_used_planes = m_unit;
  m_units = 0;
  m_tally = {};
}

void Counts::add(std::span<const std::byte> bytes) {
  // Parts of a few chunks, so that what is kept of one stays in the cache.
  const std::size_t most = 2 * k_chunk_elements * m_unit;
  bytes = bytes.first(bytes.size() - bytes.size() % m_unit);
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(bytes.size(), most));
    add_part(part);
    m_units += part.size() / m_unit;
    bytes = bytes.subspan(part.size());
  }
}

void Counts::add_part(std::span<const std::byte> bytes) {
  make_room(bytes.size());
  if (counts_words()) {
    add_words(bytes);
  } else if (counts_quads()) {
    add_quads(bytes);
  } else {
    add_bytes(bytes);
  }
}

void Counts::make_room(std::size_t bytes) {
  if (m_in_bytes + bytes > k_table_limit) {
    fold_bytes();
  }
  if (m_in_words + bytes > k_table_limit) {
    if (counts_words()) {
      widen_words();
    } else {
      fold_quads();
    }
  }
}

void Counts::need_word_tables() {
  if (!m_words) {
    m_words = std::make_unique<WordTables>();
  }
}

void Counts::add_words(std::span<const std::byte> bytes) {
  need_word_tables();
  m_in_words += bytes.size() / 2;
  m_words_joined = false;
  const auto common = common_value<std::uint16_t>(bytes);
  if (!common) {
    kernels().count_words(bytes, *m_words);
    return;
  }
  m_kept.resize(std::max(m_kept.size(), bytes.size()));
  const auto kept = kernels().keep_words(bytes, *common, m_kept.data());
  kernels().count_words(std::span(m_kept).first(kept * 2), *m_words);
  m_words->at(0)[*common] += static_cast<std::uint32_t>(bytes.size() / 2 - kept);
}

void Counts::add_quads(std::span<const std::byte> bytes) {
  need_word_tables();
  m_in_bytes += bytes.size();
  m_in_words += bytes.size() / 4;
  m_words_joined = false;
  const auto common = common_value<std::uint32_t>(bytes);
  if (!common) {
    kernels().count_quads(bytes, m_bytes, *m_words);
    return;
  }
  m_kept.resize(std::max(m_kept.size(), bytes.size()));
  const auto kept = kernels().keep_quads(bytes, *common, m_kept.data());
  kernels().count_quads(std::span(m_kept).first(kept * 4), m_bytes, *m_words);
  const auto equal = static_cast<std::uint32_t>(bytes.size() / 4 - kept);
  m_bytes[0][*common & 255] += equal;
  m_bytes[1][(*common >> 8) & 255] += equal;
  m_words->at(0)[*common >> 16] += equal;
}

std::optional<FloatPass> Counts::add_f32(std::span<const std::byte> chunk, double pivot) {
  if (!counts_quads() || common_value<std::uint32_t>(chunk)) {
    return std::nullopt;
  }
  make_room(chunk.size());
  need_word_tables();
  m_units += chunk.size() / 4;
  m_in_bytes += chunk.size();
  m_in_words += chunk.size() / 4;
  m_words_joined = false;
  return kernels().measure_f32(chunk, pivot, m_bytes, *m_words);
}

void Counts::add_bytes(std::span<const std::byte> bytes) {
  kernels().count_bytes(bytes, m_bytes);
  m_in_bytes += bytes.size();
}

void Counts::fold_bytes() noexcept {
  if (m_in_bytes == 0) {
    return;
  }
  for (std::size_t table = 0; table < m_bytes.size(); ++table) {
    auto& plane = m_planes[table % m_unit];
    for (std::size_t value = 0; value < plane.size(); ++value) {
      plane[value] += m_bytes[table][value];
    }
  }
  m_bytes = {};
  m_in_bytes = 0;
}

void Counts::fold_quads() noexcept {
  if (m_in_words == 0) {
    return;
  }
  join_words();
  add_columns<std::uint32_t>(m_words->at(0), m_planes[2], m_planes[3]);
  m_words->at(0).fill(0);
  m_in_words = 0;
}

void Counts::join_words() noexcept {
  if (m_words_joined) {
    return;
  }
  auto& [first, second] = *m_words;
  for (std::size_t i = 0; i < first.size(); ++i) {
    first[i] += second[i];
  }
  second.fill(0);
  m_words_joined = true;
}

void Counts::widen_words() {
  join_words();
  m_wide.resize(m_words->at(0).size());
  for (std::size_t i = 0; i < m_wide.size(); ++i) {
    m_wide[i] += m_words->at(0)[i];
  }
  m_words->at(0).fill(0);
  m_in_words = 0;
}

void Counts::merge(Counts& other) {
  if (counts_words()) {
    need_word_tables();
    other.need_word_tables();
    join_words();
    other.join_words();
    if (!m_wide.empty() || !other.m_wide.empty() || m_in_words + other.m_in_words > k_table_limit) {
      widen_words();
      other.widen_words();
      std::transform(m_wide.begin(), m_wide.end(), other.m_wide.begin(), m_wide.begin(), std::plus<>());
    } else {
      std::transform(m_words->at(0).begin(), m_words->at(0).end(), other.m_words->at(0).begin(), m_words->at(0).begin(),
                     std::plus<>());
      m_in_words += other.m_in_words;
    }
  } else {
    const auto from = other.planes();
    const auto to = planes();
    for (std::size_t plane = 0; plane < to.size(); ++plane) {
      std::transform(to[plane].begin(), to[plane].end(), from[plane].begin(), m_planes[plane].begin(), std::plus<>());
    }
  }
  m_units += other.m_units;
  m_tally.merge(other.m_tally);
  other.reset(other.m_dtype, other.m_method);
}

std::span<const ByteCounts> Counts::planes() {
  if (counts_words()) {
    std::fill_n(m_planes.begin(), 2, ByteCounts{});
    if (const auto narrow = words(); !narrow.empty()) {
      add_columns(narrow, m_planes[0], m_planes[1]);
    } else {
      add_columns(wide_words(), m_planes[0], m_planes[1]);
    }
  } else {
    fold_bytes();
    fold_quads();
  }
  return std::span<const ByteCounts>(m_planes).first(m_unit);
}

std::span<const std::uint32_t> Counts::words() {
  if (!m_wide.empty()) {
    return {};
  }
  need_word_tables();
  join_words();
  return m_words->at(0);
}

std::span<const std::uint64_t> Counts::wide_words() {
  need_word_tables();
  widen_words();
  return m_wide;
}

}  // namespace upinspect::numeric
