// SPDX-License-Identifier: Apache-2.0
// LyCORIS' Diag-OFT: each block of rows by R^T, rows then by `rescale`.   BOFT: several such stages, the rows dealt anew
//                    before each and put back after it: stage i deals 2^i b rows as two hands of half as many, one by one.
// PEFT's oft_R:      each block of columns by R^T (convolutions flattened to out x (in kh kw)).
// PEFT's oft_r:      up to 0.13 blocks of rows by R^T; with oft_s (0.14, 0.15) blocks of columns, then rows by oft_s.
// Sources: LyCORIS functional/diag_oft.py and boft.py, ComfyUI weight_adapter/boft.py, PEFT tuners/oft/layer.py of several
// releases, OneTrainer module/LoRAModule.py.
#include "lora/update.hpp"

#include "lora/matrix.hpp"

#include <algorithm>

namespace upinspect::lora {

namespace {

/// How a part cuts a dimension of the weight into blocks.
struct Blocks {
  std::size_t count = 0;
  std::size_t width = 0;
};

/// Of n x b x b, or m x n x b x b: nothing where they are not square.
Blocks square_blocks(const std::vector<std::uint64_t>& shape) {
  const auto at = [&shape](std::size_t from_end) { return static_cast<std::size_t>(shape[shape.size() - from_end]); };
  return shape.size() < 3 || at(1) != at(2) ? Blocks() : Blocks{at(3), at(1)};
}

/// Of n x (b (b - 1) / 2): what stands above the diagonals.
Blocks triangle_blocks(const std::vector<std::uint64_t>& shape) {
  if (shape.size() != 2) {
    return {};
  }
  const auto upper = static_cast<std::size_t>(shape[1]);
  const auto width = static_cast<std::size_t>((1 + std::sqrt(1 + 8 * static_cast<double>(upper))) / 2);
  return width * (width - 1) / 2 == upper ? Blocks{static_cast<std::size_t>(shape[0]), width} : Blocks();
}

/// One after another, or one for all.
bool cover(const Blocks& blocks, std::size_t features, const std::optional<bool>& shared) {
  if (blocks.count == 0 || blocks.width == 0) {
    return false;
  }
  return shared.value_or(blocks.count == 1) ? blocks.count == 1 && features % blocks.width == 0 : blocks.count * blocks.width == features;
}

template <typename Real>
std::vector<double> doubles(const PartValues<Real>& part) {
  return {part.values.begin(), part.values.end()};
}

void transpose_blocks(std::vector<double>& blocks, std::size_t width) {
  for (std::size_t first = 0; first < blocks.size(); first += width * width) {
    for (std::size_t row = 0; row < width; ++row) {
      for (std::size_t column = 0; column < row; ++column) {
        std::swap(blocks[first + row * width + column], blocks[first + column * width + row]);
      }
    }
  }
}

}  // namespace

template <typename Real>
void Update<Real>::build_rotation(const AdapterModule& module, const RotationSettings& how, const PartReader<Real>& read, double strength) {
  const auto part = read("oft_blocks");
  const auto tensor = module.part("oft_blocks");
  if (tensor.ends_with("oft_blocks")) {
    const double alpha = has(module, "alpha") ? static_cast<double>(read("alpha").values.at(0)) : 0;
    build_row_rotation(part, alpha * static_cast<double>(m_rows), strength);
  } else if (tensor.find("oft_r") != std::string::npos) {
    build_old_rotation(part, how, has(module, "rescale"), strength);
  } else {
    const bool itself = tensor.find("oft_embedding_R") != std::string::npos || (how.onetrainer && m_shape.size() > 2);
    build_input_rotation(part, how, itself, strength);
  }
  if (has(module, "rescale")) {
    m_factor = read("rescale").values;
    if (m_factor.size() != m_rows) {
      throw UpdateRefused("its part \"rescale\" does not fit the weight " + weight_shape());
    }
  }
}

template <typename Real>
void Update<Real>::set_rotations(std::size_t width, const std::vector<double>& turned) {
  if (turned.empty()) {
    throw UpdateRefused("its blocks make no rotation");
  }
  m_left = {turned.size() / width, width, std::vector<Real>(turned.begin(), turned.end())};
}

/// LyCORIS multiplies by R in BOFT, and by R^T, which is R of the negative, in Diag-OFT.
template <typename Real>
void Update<Real>::build_row_rotation(const PartValues<Real>& part, double constraint, double strength) {
  const bool butterfly = part.shape.size() == 4;
  const auto blocks = square_blocks(part.shape);
  const auto stages = butterfly ? static_cast<std::size_t>(part.shape[0]) : 1;
  const auto deals = stages > 0 && stages < 64 && blocks.count % (std::size_t{1} << (stages - 1)) == 0;
  if (!cover(blocks, m_rows, false) || !deals || (butterfly && blocks.width % 2 != 0)) {
    throw UpdateRefused("its blocks are " + shown(part.shape) + ", the weight " + weight_shape());
  }
  m_kind = butterfly ? Kind::butterfly : Kind::rotation;
  m_row_group = blocks.width << (stages - 1);
  auto values = doubles(part);
  std::transform(values.begin(), values.end(), values.begin(), [butterfly](double value) { return butterfly ? -value : value; });
  set_rotations(blocks.width, rotations(values, stages * blocks.count, blocks.width, constraint, strength));
}

template <typename Real>
void Update<Real>::build_input_rotation(const PartValues<Real>& part, const RotationSettings& how, bool itself, double strength) {
  m_kind = Kind::input_rotation;
  const auto blocks = triangle_blocks(part.shape);
  if (!cover(blocks, m_columns, how.shared)) {
    throw UpdateRefused("its rotations are " + shown(part.shape) + ", the weight " + weight_shape());
  }
  auto upper = doubles(part);
  if (how.radius) {
    shorten_blocks(upper, blocks.count, 2, *how.radius / std::sqrt(static_cast<double>(blocks.count)));
  }
  auto turned = input_rotations(upper, blocks.count, blocks.width, how, strength);
  if (itself) {
    transpose_blocks(turned, blocks.width);
  }
  set_rotations(blocks.width, turned);
}

/// Q is half of B - B^T here, R is (I - Q) (I + Q)^-1, and eps was multiplied by the square of a block's output features.
template <typename Real>
void Update<Real>::build_old_rotation(const PartValues<Real>& part, const RotationSettings& how, bool on_columns, double strength) {
  m_kind = on_columns ? Kind::input_rotation : Kind::rotation;
  const auto blocks = square_blocks(part.shape);
  const auto features = on_columns ? m_columns : m_rows;
  if (part.shape.size() != 3 || !cover(blocks, features, how.shared)) {
    throw UpdateRefused("its blocks are " + shown(part.shape) + ", the weight " + weight_shape());
  }
  auto values = doubles(part);
  if (how.radius) {
    const auto all = features / blocks.width;
    const auto side = static_cast<double>((m_rows + all - 1) / all);
    shorten_blocks(values, blocks.count, 1, *how.radius * side * side / std::sqrt(static_cast<double>(blocks.count)));
  }
  std::transform(values.begin(), values.end(), values.begin(), [](double value) { return -0.5 * value; });
  m_row_group = on_columns ? 1 : blocks.width;
  set_rotations(blocks.width, rotations(values, blocks.count, blocks.width, 0, strength));
}

template <typename Real>
void Update<Real>::rotate(std::size_t row, std::size_t count, std::span<Real> weights) const {
  const auto width = m_left.columns;
  const std::vector<Real> old(weights.begin(), weights.end());
  std::fill(weights.begin(), weights.end(), Real{0});
  for (std::size_t i = 0; i < count; i += width) {
    numeric::add_product(m_left.from((row + i) % m_left.rows, width), std::span(old).subspan(i * m_columns, width * m_columns), width, m_columns,
                         weights.subspan(i * m_columns, width * m_columns));
  }
}

template <typename Real>
void Update<Real>::rotate_columns(std::size_t count, std::span<Real> weights) const {
  const auto width = m_left.columns;
  const std::vector<Real> old(weights.begin(), weights.end());
  std::fill(weights.begin(), weights.end(), Real{0});
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t column = 0; column < m_columns; column += width) {
      const auto place = i * m_columns + column;
      numeric::add_product(std::span(old).subspan(place, width), m_left.from(column % m_left.rows, width), width, width, weights.subspan(place, width));
    }
  }
}

/// Row p of the dealt weight was row c 2k + g k + j, where p is c 2k + 2 j + g and k half a hand.
template <typename Real>
void Update<Real>::rotate_stages(std::size_t row, std::size_t count, std::span<Real> weights) const {
  const auto width = m_left.columns;
  std::vector<Real> dealt(width * m_columns);
  std::vector<Real> turned(width * m_columns);
  for (std::size_t stage = 0; stage < m_left.rows / m_rows; ++stage) {
    const auto half = (width / 2) << stage;
    const auto place = [&](std::size_t p) {
      return weights.subspan((p / (2 * half) * 2 * half + p % 2 * half + p % (2 * half) / 2) * m_columns, m_columns);
    };
    for (std::size_t first = 0; first < count; first += width) {
      for (std::size_t i = 0; i < width; ++i) {
        std::copy_n(place(first + i).begin(), m_columns, dealt.begin() + static_cast<std::ptrdiff_t>(i * m_columns));
      }
      std::fill(turned.begin(), turned.end(), Real{0});
      numeric::add_product(m_left.from(stage * m_rows + row + first, width), std::span<const Real>(dealt), width, m_columns, std::span(turned));
      for (std::size_t i = 0; i < width; ++i) {
        std::copy_n(turned.begin() + static_cast<std::ptrdiff_t>(i * m_columns), m_columns, place(first + i).begin());
      }
    }
  }
}

template <typename Real>
void Update<Real>::turn(std::size_t row, std::size_t count, std::span<Real> weights) const {
  if (m_kind == Kind::rotation) {
    rotate(row, count, weights);
  } else if (m_kind == Kind::butterfly) {
    rotate_stages(row, count, weights);
  } else {
    rotate_columns(count, weights);
  }
  if (!m_factor.empty()) {
    multiply(row, count, weights);
  }
}

template void Update<float>::build_rotation(const AdapterModule&, const RotationSettings&, const PartReader<float>&, double);
template void Update<double>::build_rotation(const AdapterModule&, const RotationSettings&, const PartReader<double>&, double);
template void Update<float>::build_row_rotation(const PartValues<float>&, double, double);
template void Update<double>::build_row_rotation(const PartValues<double>&, double, double);
template void Update<float>::build_input_rotation(const PartValues<float>&, const RotationSettings&, bool, double);
template void Update<double>::build_input_rotation(const PartValues<double>&, const RotationSettings&, bool, double);
template void Update<float>::build_old_rotation(const PartValues<float>&, const RotationSettings&, bool, double);
template void Update<double>::build_old_rotation(const PartValues<double>&, const RotationSettings&, bool, double);
template void Update<float>::set_rotations(std::size_t, const std::vector<double>&);
template void Update<double>::set_rotations(std::size_t, const std::vector<double>&);
template void Update<float>::turn(std::size_t, std::size_t, std::span<float>) const;
template void Update<double>::turn(std::size_t, std::size_t, std::span<double>) const;
template void Update<float>::rotate(std::size_t, std::size_t, std::span<float>) const;
template void Update<double>::rotate(std::size_t, std::size_t, std::span<double>) const;
template void Update<float>::rotate_columns(std::size_t, std::span<float>) const;
template void Update<double>::rotate_columns(std::size_t, std::span<double>) const;
template void Update<float>::rotate_stages(std::size_t, std::size_t, std::span<float>) const;
template void Update<double>::rotate_stages(std::size_t, std::size_t, std::span<double>) const;

}  // namespace upinspect::lora
