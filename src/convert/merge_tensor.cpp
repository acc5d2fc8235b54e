// SPDX-License-Identifier: Apache-2.0
#include "convert/merge_tensor.hpp"

#include "convert/refusal.hpp"
#include "numeric/encode.hpp"
#include "numeric/products.hpp"
#include "numeric/values.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <future>

namespace upinspect::convert {

namespace {

/// Large enough for threads to be worth starting, small enough to stay near the cache.
constexpr std::size_t k_block_elements = std::size_t{1} << 20;

/// What a thread decodes, merges and encodes in one go, within its cache.
constexpr std::size_t k_piece_elements = std::size_t{1} << 15;

struct Extent {
  double change = 0;
  double value = 0;
};

double larger(double a, double b) { return std::isnan(a) || a > b ? a : b; }

Extent operator|(const Extent& a, const Extent& b) { return {larger(a.change, b.change), larger(a.value, b.value)}; }

template <typename Real>
class TensorMerge {
 public:
  TensorMerge(const MergeWork& work, const MergeTarget& target, MergeBuffers& buffers)
      : m_work(work), m_buffers(buffers), m_tensor(work.base.tensors()[target.tensor]), m_index(target.tensor),
        m_first_row(target.first_row), m_update(update_of<Real>(work.adapter, target, work.options)) {}

  double run(const ElementSink& sink);

 private:
  using Block = std::span<const std::byte>;

  struct Scratch {
    std::vector<Real> old;
    std::vector<Real> merged;
  };

  template <typename Work>
  void for_blocks(const Work& work);
  void measure_lengths();
  [[nodiscard]] Extent merge_piece(std::size_t row, Block rows, std::span<std::byte> out, Scratch& scratch) const;
  [[nodiscard]] Extent merge_rows(std::size_t row, Block rows, std::span<std::byte> out) const;
  [[nodiscard]] Extent merge_block(std::size_t row, Block block, std::span<std::byte> out) const;
  void require_finite(const Extent& extent) const;
  void decode(Block rows, std::vector<Real>& values) const;

  [[nodiscard]] std::size_t width() const { return info(m_tensor.dtype).block_bytes; }
  [[nodiscard]] std::size_t rows() const { return static_cast<std::size_t>(m_tensor.elements) / m_update.columns(); }
  [[nodiscard]] std::size_t row_bytes() const { return m_update.columns() * width(); }

  const MergeWork& m_work;
  MergeBuffers& m_buffers;
  const Tensor& m_tensor;
  std::size_t m_index;
  std::size_t m_first_row;  ///< of the tensor, in what the update is for
  lora::Update<Real> m_update;
};

/// Whole rows, in order.
template <typename Real>
template <typename Work>
void TensorMerge<Real>::for_blocks(const Work& work) {
  const auto group = m_update.row_group();
  const auto rows = std::max<std::size_t>(k_block_elements / m_update.columns() / group, 1) * group;
  const auto full = std::min(rows, this->rows()) * row_bytes();
  auto& block = m_buffers.block;
  block.clear();
  block.reserve(full);
  std::size_t row = 0;
  const auto flush = [&] {
    work(row, Block(block));
    row += block.size() / row_bytes();
    block.clear();
  };
  m_work.base.stream(m_index, [&](Block piece) {
    while (!piece.empty()) {
      const auto part = piece.first(std::min(piece.size(), full - block.size()));
      block.insert(block.end(), part.begin(), part.end());
      piece = piece.subspan(part.size());
      if (block.size() == full) {
        flush();
      }
    }
  });
  if (!block.empty()) {
    flush();
  }
}

template <typename Real>
void TensorMerge<Real>::decode(Block rows, std::vector<Real>& values) const {
  values.resize(rows.size() / width());
  numeric::decode_values(m_tensor.dtype, rows, std::span(values));
}

template <typename Real>
void TensorMerge<Real>::measure_lengths() {
  std::vector<double> sums(m_update.magnitudes());
  std::vector<Real> values;
  for_blocks([&](std::size_t row, Block block) {
    decode(block, values);
    m_update.add_squares(row, std::span(values), sums);
  });
  m_update.set_lengths(sums);
}

template <typename Real>
Extent TensorMerge<Real>::merge_piece(std::size_t row, Block rows, std::span<std::byte> out, Scratch& scratch) const {
  auto& [old, merged] = scratch;
  decode(rows, old);
  merged.assign(old.begin(), old.end());
  const auto place = m_first_row + row;
  const auto within = std::min(m_update.rows() - std::min(place, m_update.rows()), merged.size() / m_update.columns());
  if (within != 0) {
    m_update.apply(place, std::span(merged).first(within * m_update.columns()));
  }
  numeric::encode_values(m_tensor.dtype, std::span<const Real>(merged), out);
  return {numeric::largest_difference(std::span<const Real>(merged), std::span<const Real>(old)),
          numeric::largest(std::span<const Real>(merged))};
}

template <typename Real>
Extent TensorMerge<Real>::merge_rows(std::size_t row, Block rows, std::span<std::byte> out) const {
  const auto group = m_update.row_group();
  const auto count = std::max<std::size_t>(k_piece_elements / m_update.columns() / group, 1) * group;
  Scratch scratch;
  Extent extent;
  for (; !rows.empty(); row += count) {
    const auto piece = rows.first(std::min(rows.size(), count * row_bytes()));
    extent = extent | merge_piece(row, piece, out.first(piece.size()), scratch);
    rows = rows.subspan(piece.size());
    out = out.subspan(piece.size());
  }
  return extent;
}

/// The block's rows, shared out among threads.
template <typename Real>
Extent TensorMerge<Real>::merge_block(std::size_t row, Block block, std::span<std::byte> out) const {
  const auto group = m_update.row_group();
  const auto groups = block.size() / row_bytes() / group;
  const auto parts = std::clamp<std::size_t>(m_work.jobs, 1, groups);
  const auto part = [&](std::size_t i) {
    const auto first = groups * i / parts * group;
    const auto length = (groups * (i + 1) / parts * group - first) * row_bytes();
    return merge_rows(row + first, block.subspan(first * row_bytes(), length), out.subspan(first * row_bytes(), length));
  };
  std::vector<std::future<Extent>> others;
  for (std::size_t i = 1; i < parts; ++i) {
    others.push_back(std::async(std::launch::async, part, i));
  }
  auto extent = part(0);
  for (auto& other : others) {
    extent = extent | other.get();
  }
  return extent;
}

/// The largest number tells whether any of them left the range of the dtype.
template <typename Real>
void TensorMerge<Real>::require_finite(const Extent& extent) const {
  if (!std::isfinite(extent.change) || !std::isfinite(extent.value)) {
    throw Refusal("\"" + m_tensor.name + "\": the merged weight would hold NaN or infinite values; nothing was kept");
  }
  std::array<std::byte, 8> element{};
  double back = 0;
  numeric::encode_values(m_tensor.dtype, std::span<const double>(&extent.value, 1), std::span(element).first(width()));
  numeric::decode_values(m_tensor.dtype, std::span<const std::byte>(element).first(width()), std::span(&back, 1));
  if (!std::isfinite(back)) {
    throw Refusal("\"" + m_tensor.name + "\": the merged weight would hold " + std::to_string(extent.value) + ", more than " +
                  std::string(info(m_tensor.dtype).name) + " can; nothing was kept");
  }
}

template <typename Real>
double TensorMerge<Real>::run(const ElementSink& sink) {
  if (m_update.wants_lengths()) {
    measure_lengths();
  }
  double largest = 0;
  auto& out = m_buffers.merged;
  for_blocks([&](std::size_t row, Block block) {
    out.resize(block.size());
    const auto extent = merge_block(row, block, out);
    require_finite(extent);
    largest = std::max(largest, extent.change);
    sink(out);
  });
  return largest;
}

}  // namespace

double merge_tensor(const MergeWork& work, const MergeTarget& target, MergeBuffers& buffers, const ElementSink& sink) {
  return target.precise ? TensorMerge<double>(work, target, buffers).run(sink) : TensorMerge<float>(work, target, buffers).run(sink);
}

}  // namespace upinspect::convert
