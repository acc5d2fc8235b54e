// SPDX-License-Identifier: Apache-2.0
// LoRA:   update_low_rank.cpp.
// LoHa:   (w1_a @ w1_b) * (w2_a @ w2_b), element by element.     LoKr: kron(w1, w2).
// GLoRA:  W + scale x (W @ a1 @ a2 + b1 @ b2), a Tucker core bm within b2; old files: W @ a2 @ a1 + b2 @ b1.
// OFT:    update_rotation.cpp.
// IA3:    W * (1 + w) in LyCORIS, W * l in PEFT.                  Full: W + diff.
// DoRA:   V = W + update; each row (or column) of V is scaled to the length that its magnitude names.
// Sources: PEFT tuners/lora and tuners/ia3, LyCORIS modules/*.py, ComfyUI weight_adapter/*.py.
#include "lora/update.hpp"

#include "lora/matrix.hpp"
#include "lora/update_limits.hpp"

#include <algorithm>

namespace upinspect::lora {

namespace {


/// What is added to the layer's bias; empty where nothing is.
std::string bias_role(const AdapterModule& module) {
  for (const auto* role : {"diff_b", "b_norm", "up_bias"}) {
    if (has(module, role)) {
      return role;
    }
  }
  return {};
}

bool is_lycoris_ia3(const AdapterModule& module) { return has(module, "on_input"); }

template <typename Real>
PartReader<Real> finite(const AdapterModule& module, const PartReader<Real>& read) {
  return [&module, &read](const std::string& role) {
    if (!has(module, role)) {
      throw UpdateRefused("its part \"" + role + "\" is missing");
    }
    auto part = read(role);
    if (!std::isfinite(numeric::largest(std::span<const Real>(part.values)))) {
      throw UpdateRefused("its part \"" + role + "\" holds NaN or infinite values");
    }
    return part;
  };
}

}  // namespace

bool acts_on(const AdapterModule& module, UpdateTarget target) {
  if (target == UpdateTarget::bias) {
    // PEFT's IA3 scales the output, bias and all, unless it scales the input.
    const bool scales_output = module.method == "ia3" && !is_lycoris_ia3(module) && module.out_features.has_value();
    return scales_output || !bias_role(module).empty();
  }
  const bool only_bias = (module.method == "full" && !has(module, "diff") && !has(module, "set_weight")) ||
                         (module.method == "norm" && !has(module, "w_norm"));
  return !only_bias;
}

template <typename Real>
Update<Real>::Update(const AdapterModule& module, UpdateTarget target, const std::vector<std::uint64_t>& shape,
                     const UpdateOptions& options, const PartReader<Real>& reader) {
  m_shape = shape;
  if (const auto reason = why_not_merged(module, options); !reason.empty()) {
    throw UpdateRefused(reason);
  }
  const auto elements = std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
  if (elements == 0) {
    throw UpdateRefused("its weight is empty");
  }
  m_rows = shape.empty() ? 1 : static_cast<std::size_t>(shape[0]);
  m_columns = elements / m_rows;
  m_kernel = shape.size() > 2 ? m_columns / static_cast<std::size_t>(shape[1]) : 1;
  if (module.experts > 1 && shape.size() == 3 && shape[0] == module.experts) {
    m_rows = static_cast<std::size_t>(shape[0] * shape[1]);
    m_columns = static_cast<std::size_t>(shape[2]);
    m_kernel = 1;
  }
  const auto read = finite(module, reader);
  auto scale = scale_of(module, options);
  if (has(module, "scalar")) {
    scale *= static_cast<double>(read("scalar").values.at(0));
  }
  const auto factor = static_cast<Real>(scale);
  if (module.method == "ia3") {
    build_factor(module, target, read, scale);
  } else if (is_rotation(module) && target == UpdateTarget::weight) {
    build_rotation(module, options.rotation, read, scale);
  } else if (module.method == k_saved_layer) {
    build_difference("saved", shape, read, 1);
    m_kind = Kind::replacement;
  } else if (target == UpdateTarget::bias) {
    build_difference(bias_role(module), shape, read, factor);
  } else if (module.method == "full" || module.method == "norm") {
    build_difference(module.method == "norm" ? "w_norm" : "diff", shape, read, factor);
  } else if (module.method == "loha") {
    build_hadamard(module, read, factor);
  } else if (module.method == "lokr") {
    build_kronecker(module, read, factor);
  } else if (module.method == "glora") {
    build_glora(module, read, factor);
  } else if (module.experts > 1) {
    build_experts(read, factor);
  } else {
    build_low_rank(module, options.heads, read, factor);
  }
  if (target == UpdateTarget::weight && has(module, "magnitude")) {
    build_magnitude(module, read);
  }
}

template <typename Real>
std::string Update<Real>::weight_shape() const { return shown(m_shape); }

template <typename Real>
void Update<Real>::require_fit(const Matrix<Real>& left, const Matrix<Real>& right) const {
  if (left.columns != right.rows) {
    throw UpdateRefused(fmt::format("its halves do not fit each other: {} x {} and {} x {}", left.rows, left.columns, right.rows, right.columns));
  }
  if (left.rows != m_rows || right.columns != m_columns) {
    const bool turned = left.rows == m_columns && right.columns == m_rows;
    throw UpdateRefused(fmt::format("its update is {} x {}, the weight {}{}", left.rows, right.columns, weight_shape(),
                                    turned ? " (the other way round: fan_in_fan_out in adapter_config.json would say so)" : ""));
  }
}

template <typename Real>
void Update<Real>::build_hadamard(const AdapterModule& module, const PartReader<Real>& read, Real scale) {
  m_kind = Kind::hadamard;
  const auto factor = [&](const std::string& number, Matrix<Real>& left, Matrix<Real>& right) {
    left = flattened(read("hada_w" + number + "_a"), "hada_w" + number + "_a");
    right = flattened(read("hada_w" + number + "_b"), "hada_w" + number + "_b");
    if (has(module, "hada_t" + number)) {
      left = transpose(left);
      right = through_core(read("hada_t" + number), right, "hada_t" + number);
    }
    require_fit(left, right);
  };
  factor("1", m_left, m_right);
  factor("2", m_left2, m_right2);
  scale_by(m_left, scale);
}

template <typename Real>
void Update<Real>::build_kronecker(const AdapterModule& module, const PartReader<Real>& read, Real scale) {
  m_kind = Kind::kronecker;
  const auto factor = [&](const std::string& name) {
    if (has(module, name)) {
      return flattened(read(name), name);
    }
    auto left = flattened(read(name + "_a"), name + "_a");
    auto right = flattened(read(name + "_b"), name + "_b");
    if (name == "lokr_w2" && has(module, "lokr_t2")) {
      left = transpose(left);
      right = through_core(read("lokr_t2"), right, "lokr_t2");
    }
    return product(left, right, name);
  };
  m_left = factor("lokr_w1");
  m_right = factor("lokr_w2");
  if (m_left.rows * m_right.rows != m_rows || m_left.columns * m_right.columns != m_columns) {
    throw UpdateRefused(fmt::format("its update is {} x {}, the weight {}", m_left.rows * m_right.rows, m_left.columns * m_right.columns, weight_shape()));
  }
  scale_by(m_left, scale);
}

template <typename Real>
void Update<Real>::build_difference(const std::string& role, const std::vector<std::uint64_t>& shape, const PartReader<Real>& read, Real scale) {
  m_kind = Kind::difference;
  auto part = read(role);
  if (part.shape != shape) {
    throw UpdateRefused(fmt::format("its part \"{}\" is {}, the weight {}", role, shown(part.shape), weight_shape()));
  }
  m_left = {m_rows, m_columns, std::move(part.values)};
  scale_by(m_left, scale);
}

template <typename Real>
void Update<Real>::build_glora(const AdapterModule& module, const PartReader<Real>& read, Real scale) {
  m_kind = Kind::glora;
  auto a1 = flattened(read("a1"), "a1");
  auto a2 = flattened(read("a2"), "a2");
  auto b1 = flattened(read("b1"), "b1");
  auto b2 = flattened(read("b2"), "b2");
  const auto rank = b1.columns;
  if (a1.columns != rank || a2.rows != rank || b2.rows != rank || b1.rows != m_rows) {  // old files: 1 and 2 exchanged
    std::swap(a1, a2);
    std::swap(b1, b2);
  }
  if (has(module, "bm")) {
    b2 = through_core(read("bm"), b2, "bm");
  }
  require_fit(b1, b2);
  const auto inputs = m_columns / m_kernel;
  if (a1.rows != inputs || a2.columns != inputs || a1.columns != a2.rows) {
    throw UpdateRefused(fmt::format("a1 and a2 do not make a square of {} inputs", inputs));
  }
  scale_by(b1, scale);
  scale_by(a2, scale);
  m_left = std::move(b1);
  m_right = std::move(b2);
  m_left2 = std::move(a1);
  m_right2 = std::move(a2);
}

/// LyCORIS keeps what is added to 1, and in `on_input` where; PEFT the factor itself, as (out, 1) or (1, in).
template <typename Real>
void Update<Real>::build_factor(const AdapterModule& module, UpdateTarget target, const PartReader<Real>& read, double strength) {
  m_kind = Kind::factor;
  auto part = read("factor");
  const bool lycoris = is_lycoris_ia3(module);
  const bool on_input = lycoris ? read("on_input").values.at(0) != Real{0} : part.shape.size() > 1 && part.shape[0] == 1;
  m_factor_on_rows = target == UpdateTarget::bias || on_input == module.base_transposed;
  const auto wanted = m_factor_on_rows ? m_rows : m_columns / m_kernel;
  if (part.values.size() != wanted) {
    throw UpdateRefused(fmt::format("it has {} factors for {} {}s of the weight {}", part.values.size(), wanted, m_factor_on_rows ? "row" : "column", weight_shape()));
  }
  for (const auto value : part.values) {
    m_factor.push_back(static_cast<Real>(1 + strength * (static_cast<double>(value) - (lycoris ? 0 : 1))));
  }
}

template <typename Real>
void Update<Real>::build_magnitude(const AdapterModule& module, const PartReader<Real>& read) {
  m_magnitude = read("magnitude").values;
  const bool on_rows = (module.magnitude_axis != "in") != module.base_transposed;
  const auto wanted = on_rows ? m_rows : m_columns / m_kernel;
  if (m_magnitude.size() != wanted) {
    throw UpdateRefused(fmt::format("it has {} magnitudes for {} {}s of the weight {}", m_magnitude.size(), wanted, on_rows ? "row" : "column", weight_shape()));
  }
  m_lengths = on_rows ? Lengths::rows : Lengths::columns;
}

template <typename Real>
void Update<Real>::add_experts(std::size_t row, std::size_t count, std::span<Real> weights) const {
  const auto rows = static_cast<std::size_t>(m_shape[1]);
  const auto rank = m_left.columns;
  for (std::size_t done = 0; done < count;) {
    const auto expert = (row + done) / rows;
    const auto part = std::min(count - done, (expert + 1) * rows - row - done);
    numeric::add_product(m_left.from(row + done, part), m_right.from(expert * rank, rank), rank, m_columns, weights.subspan(done * m_columns, part * m_columns));
    done += part;
  }
}

template <typename Real>
void Update<Real>::add_hadamard(std::size_t row, std::size_t count, std::span<Real> weights) const {
  std::vector<Real> first(weights.size());
  std::vector<Real> second(weights.size());
  numeric::add_product(m_left.from(row, count), std::span(m_right.values), m_left.columns, m_columns, std::span(first));
  numeric::add_product(m_left2.from(row, count), std::span(m_right2.values), m_left2.columns, m_columns, std::span(second));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] += first[i] * second[i];
  }
}

template <typename Real>
void Update<Real>::add_kronecker(std::size_t row, std::size_t count, std::span<Real> weights) const {
  for (std::size_t i = 0; i < count; ++i) {
    const auto outer = m_left.from((row + i) / m_right.rows, 1);
    const auto inner = m_right.from((row + i) % m_right.rows, 1);
    auto* out = weights.data() + i * m_columns;
    for (const auto factor : outer) {
      for (const auto value : inner) {
        *out++ += factor * value;
      }
    }
  }
}

/// Each row of `rows` x (inputs x kernel) with its kernel's positions before its inputs, or back.
template <typename Real>
std::vector<Real> turned_kernels(std::span<const Real> rows, std::size_t first, std::size_t second) {
  std::vector<Real> out(rows.size());
  for (std::size_t start = 0; start < rows.size(); start += first * second) {
    for (std::size_t i = 0; i < first * second; ++i) {
      out[start + i % second * first + i / second] = rows[start + i];
    }
  }
  return out;
}

/// W @ a1 @ a2 over the inputs, at each position of a kernel.
template <typename Real>
void Update<Real>::add_glora(std::size_t row, std::size_t count, std::span<Real> weights) const {
  const auto inputs = m_columns / m_kernel;
  const auto old = turned_kernels(std::span<const Real>(weights), inputs, m_kernel);
  std::vector<Real> middle(count * m_kernel * m_left2.columns);
  numeric::add_product(std::span<const Real>(old), std::span(m_left2.values), inputs, m_left2.columns, std::span(middle));
  std::vector<Real> turned(weights.size());
  numeric::add_product(std::span<const Real>(middle), std::span(m_right2.values), m_left2.columns, inputs, std::span(turned));
  auto update = turned_kernels(std::span<const Real>(turned), m_kernel, inputs);
  numeric::add_product(m_left.from(row, count), std::span(m_right.values), m_left.columns, m_columns, std::span(update));
  std::transform(weights.begin(), weights.end(), update.begin(), weights.begin(), std::plus<>());
}

template <typename Real>
void Update<Real>::multiply(std::size_t row, std::size_t count, std::span<Real> weights) const {
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t column = 0; column < m_columns; ++column) {
      weights[i * m_columns + column] *= m_factor[m_factor_on_rows ? row + i : column / m_kernel];
    }
  }
}

template <typename Real>
void Update<Real>::add(std::size_t row, std::span<Real> weights) const {
  const auto count = weights.size() / m_columns;
  switch (m_kind) {
    case Kind::low_rank:
      return numeric::add_product(m_left.from(row, count), std::span(m_right.values), m_left.columns, m_columns, weights);
    case Kind::experts:
      return add_experts(row, count, weights);
    case Kind::hadamard:
      return add_hadamard(row, count, weights);
    case Kind::kronecker:
      return add_kronecker(row, count, weights);
    case Kind::difference:
      std::transform(weights.begin(), weights.end(), m_left.from(row, count).begin(), weights.begin(), std::plus<>());
      return;
    case Kind::replacement:
      std::copy_n(m_left.from(row, count).begin(), weights.size(), weights.begin());
      return;
    case Kind::glora:
      return add_glora(row, count, weights);
    case Kind::factor:
      return multiply(row, count, weights);
    case Kind::rotation:
    case Kind::butterfly:
    case Kind::input_rotation:
      return turn(row, count, weights);
  }
}

/// A row of zeros has no direction to scale: it stays.
template <typename Real>
void Update<Real>::normalise(std::size_t row, std::size_t count, std::span<Real> weights) const {
  for (std::size_t i = 0; i < count; ++i) {
    const auto values = weights.subspan(i * m_columns, m_columns);
    if (m_lengths == Lengths::columns) {
      for (std::size_t column = 0; column < m_columns; ++column) {
        values[column] *= m_magnitude[column / m_kernel];
      }
      continue;
    }
    double sum = 0;
    for (const auto value : values) {
      sum += static_cast<double>(value) * static_cast<double>(value);
    }
    const auto factor = sum > 0 ? static_cast<Real>(static_cast<double>(m_magnitude[row + i]) / std::sqrt(sum)) : Real{1};
    std::transform(values.begin(), values.end(), values.begin(), [factor](Real value) { return value * factor; });
  }
}

template <typename Real>
void Update<Real>::apply(std::size_t row, std::span<Real> weights) const {
  add(row, weights);
  if (m_lengths != Lengths::none) {
    normalise(row, weights.size() / m_columns, weights);
  }
}

template <typename Real>
void Update<Real>::add_squares(std::size_t row, std::span<Real> weights, std::span<double> sums) const {
  add(row, weights);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    sums[i % m_columns / m_kernel] += static_cast<double>(weights[i]) * static_cast<double>(weights[i]);
  }
}

/// From here on the magnitudes are factors.
template <typename Real>
void Update<Real>::set_lengths(std::span<const double> sums) {
  for (std::size_t i = 0; i < m_magnitude.size(); ++i) {
    m_magnitude[i] = sums[i] > 0 ? static_cast<Real>(static_cast<double>(m_magnitude[i]) / std::sqrt(sums[i])) : Real{1};
  }
}

template class Update<float>;
template class Update<double>;

}  // namespace upinspect::lora
