// SPDX-License-Identifier: Apache-2.0
// LoRA:    left = scale x up (out x r), right = down (r x in k); a Tucker core is multiplied into the right factor.
// AdaLoRA: rows of right times E (r, 1).
// Experts: W (E, out, in), up (E, out, r), down (E, r, in): a pair for each.
#include "lora/update.hpp"

#include "lora/head_rows.hpp"
#include "lora/matrix.hpp"

#include <algorithm>

namespace upinspect::lora {

namespace {


/// Row i times value i.
template <typename Real>
void weigh_rows(Matrix<Real>& right, const PartValues<Real>& singular) {
  if (singular.values.size() != right.rows) {
    throw UpdateRefused(fmt::format("it has {} singular values, its rank is {}", singular.values.size(), right.rows));
  }
  for (std::size_t i = 0; i < right.values.size(); ++i) {
    right.values[i] *= singular.values[i / right.columns];
  }
}

}  // namespace

template <typename Real>
void Update<Real>::build_low_rank(const AdapterModule& module, const HeadCounts& heads, const PartReader<Real>& read, Real scale) {
  if (has(module, "down.0") || has(module, "up.0")) {
    build_split(module, read);
  } else if (module.groups > 1) {
    build_grouped(module, read);
  } else {
    m_left = flattened(read("up"), "up");
    m_right = flattened(read("down"), "down");
    if (module.transposed) {
      m_left = transpose(m_left);
    }
    if (module.transposed || module.down_transposed) {
      m_right = transpose(m_right);
    }
  }
  put_rows_back(module, heads, m_left);
  if (has(module, "singular")) {
    weigh_rows(m_right, read("singular"));
  }
  if (has(module, "mid")) {
    m_right = through_core(read("mid"), m_right, "mid");
  }
  scale_by(m_left, scale);
  // llama.cpp turns an embedding's down half, and no base keeps embeddings as dim x vocabulary.
  if (module.base_transposed || module.down_transposed) {
    auto turned = transpose(m_right);
    m_right = transpose(m_left);
    m_left = std::move(turned);
  }
  require_fit(m_left, m_right);
}

template <typename Real>
void Update<Real>::build_experts(const PartReader<Real>& read, Real scale) {
  m_kind = Kind::experts;
  auto up = read("up");
  auto down = read("down");
  const bool fits = m_shape.size() == 3 && up.shape.size() == 3 && down.shape.size() == 3 && up.shape[0] == m_shape[0] && down.shape[0] == m_shape[0] &&
                    up.shape[1] == m_shape[1] && down.shape[2] == m_shape[2] && up.shape[2] == down.shape[1];
  if (!fits) {
    throw UpdateRefused("its experts' halves are " + shown(up.shape) + " and " + shown(down.shape) + ", the weight " + weight_shape());
  }
  const auto rank = static_cast<std::size_t>(up.shape[2]);
  m_left = {m_rows, rank, std::move(up.values)};
  m_right = {static_cast<std::size_t>(m_shape[0]) * rank, m_columns, std::move(down.values)};
  scale_by(m_left, scale);
}

/// sd-scripts' split_dims: pair i makes its own rows of a fused layer. The factors stand side by side, with zeros
/// where one has nothing to do with the other's rows.
template <typename Real>
void Update<Real>::build_split(const AdapterModule& module, const PartReader<Real>& read) {
  std::vector<Matrix<Real>> ups;
  for (std::size_t i = 0; has(module, "up." + std::to_string(i)) || has(module, "down." + std::to_string(i)); ++i) {
    ups.push_back(flattened(read("up." + std::to_string(i)), "up"));
    const auto down = flattened(read("down." + std::to_string(i)), "down");
    if (down.rows != ups.back().columns || (i > 0 && down.columns != m_right.columns)) {
      throw UpdateRefused("the halves of its part " + std::to_string(i) + " do not fit");
    }
    m_right.values.insert(m_right.values.end(), down.values.begin(), down.values.end());
    m_right.rows += down.rows;
    m_right.columns = down.columns;
    m_left.rows += ups.back().rows;
  }
  m_left.columns = m_right.rows;
  m_left.values.assign(m_left.rows * m_left.columns, Real{0});
  std::size_t row = 0;
  std::size_t column = 0;
  for (const auto& up : ups) {
    for (std::size_t i = 0; i < up.rows; ++i) {
      std::copy_n(up.from(i, 1).begin(), up.columns, m_left.values.begin() + static_cast<std::ptrdiff_t>((row + i) * m_left.columns + column));
    }
    row += up.rows;
    column += up.columns;
  }
}

/// loralib's MergedLinear: group g of `up` acts through rows g r … of `down` on one of the enabled blocks of rows.
template <typename Real>
void Update<Real>::build_grouped(const AdapterModule& module, const PartReader<Real>& read) {
  const auto up = flattened(read("up"), "up");
  m_right = flattened(read("down"), "down");
  const auto groups = static_cast<std::size_t>(module.groups);
  const auto blocks = module.enabled.empty() ? groups : module.enabled.size();
  const auto rows = up.rows / groups;
  m_left = {rows * blocks, m_right.rows, std::vector<Real>(rows * blocks * m_right.rows)};
  std::size_t group = 0;
  for (std::size_t block = 0; block < blocks && group < groups; ++block) {
    if (!module.enabled.empty() && !module.enabled[block]) {
      continue;
    }
    for (std::size_t i = 0; i < rows; ++i) {
      const auto place = (block * rows + i) * m_left.columns + group * up.columns;
      std::copy_n(up.from(group * rows + i, 1).begin(), up.columns, m_left.values.begin() + static_cast<std::ptrdiff_t>(place));
    }
    ++group;
  }
}

template void Update<float>::build_low_rank(const AdapterModule&, const HeadCounts&, const PartReader<float>&, float);
template void Update<double>::build_low_rank(const AdapterModule&, const HeadCounts&, const PartReader<double>&, double);
template void Update<float>::build_split(const AdapterModule&, const PartReader<float>&);
template void Update<double>::build_split(const AdapterModule&, const PartReader<double>&);
template void Update<float>::build_grouped(const AdapterModule&, const PartReader<float>&);
template void Update<double>::build_grouped(const AdapterModule&, const PartReader<double>&);
template void Update<float>::build_experts(const PartReader<float>&, float);
template void Update<double>::build_experts(const PartReader<double>&, double);

}  // namespace upinspect::lora
