// SPDX-License-Identifier: Apache-2.0
// LoRA:   up = Q1 R1, down^T = Q2 R2: the singular values of up @ down are those of R1 R2^T, rank x rank.
// Tucker: the core goes between, R1 core R2^T, rank x (rank kernel): Q2 beside a kernel is still a rotation.
// Fused:  each block of rows has its own R1; the stacked downs have one R2.
// LoHa:   (a1 b1) * (a2 b2) is the product of the factors' row-wise Kronecker products, of rank r1 r2.
// LoKr:   every product of a singular value of w1 and one of w2.
// Full:   the difference itself, where it is small enough; else its length alone.
#include "lora/strength.hpp"

#include "lora/drawn.hpp"
#include "lora/hadamard.hpp"
#include "lora/matrix.hpp"
#include "lora/spectrum.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

namespace upinspect::lora {

namespace {

constexpr std::size_t k_most_whole = 256;       // the smaller side of a full difference
constexpr std::size_t k_most_experts = 1024;
constexpr std::size_t k_most_listed = 1024;
constexpr std::size_t k_first_numbers = 1024;   // of a half, which tell most that were not drawn from those that were

/// What the method has in place of an update; empty where it has one.
std::string why_no_update(const AdapterModule& module) {
  const auto has = [&module](const std::string& role) { return !module.part(role).empty(); };
  const auto& method = module.method;
  if (method == "ia3") {
    return "IA3 multiplies the weight: how much it changes depends on the base model";
  }
  if (method == "oft" || method == "boft") {
    return "a rotation of the weight adds nothing by itself: how much it changes depends on the base model";
  }
  if (has("set_weight")) {
    return "the weight is replaced: how much it changes depends on the base model";
  }
  const bool only_bias = (method == "full" && !has("diff")) || (method == "norm" && !has("w_norm"));
  return only_bias ? "only a bias changes" : "";
}

class Measuring {
 public:
  Measuring(const AdapterModule& module, const PartSource& source) : m_module(module), m_source(source) {}

  [[nodiscard]] Strength run();

 private:
  [[nodiscard]] bool has(const std::string& role) const { return !m_module.part(role).empty(); }
  [[nodiscard]] PartValues<double> part(const std::string& role) const;
  [[nodiscard]] Matrix<double> matrix(const std::string& role) const { return flattened(part(role), role); }
  [[nodiscard]] Spectrum measure();
  [[nodiscard]] Spectrum low_rank();
  [[nodiscard]] bool is_plain() const;
  [[nodiscard]] Spectrum plain(const PartView& up, const PartView& down);
  [[nodiscard]] Spectrum mixture() const;
  [[nodiscard]] Spectrum interleaved(const PartValues<double>& up, const PartValues<double>& down, std::size_t experts) const;
  [[nodiscard]] Spectrum fused(const std::vector<Matrix<double>>& ups, const Matrix<double>& down) const;
  [[nodiscard]] Spectrum split() const;
  [[nodiscard]] Spectrum grouped() const;
  [[nodiscard]] Spectrum through_middle(const Matrix<double>& up, const Matrix<double>& down) const;
  [[nodiscard]] Spectrum hadamard() const;
  [[nodiscard]] Spectrum kronecker() const;
  [[nodiscard]] Spectrum kronecker_factor(const std::string& name) const;
  [[nodiscard]] Spectrum added_of_glora() const;
  [[nodiscard]] Spectrum difference() const;
  [[nodiscard]] UpdateStrength figures(Spectrum spectrum, double scale) const;

  const AdapterModule& m_module;
  const PartSource& m_source;
  bool m_down_as_drawn = false;
};

PartValues<double> Measuring::part(const std::string& role) const {
  if (!has(role)) {
    throw UpdateRefused("its part \"" + role + "\" is missing");
  }
  return m_source.values(role);
}

Spectrum Measuring::through_middle(const Matrix<double>& up, const Matrix<double>& down) const {
  auto core = part("mid");
  if (core.shape.size() < 3 || core.shape[0] != up.columns || core.shape[1] != down.rows) {
    throw UpdateRefused("mid is " + shown(core.shape) + ", which does not fit its halves");
  }
  require_core(core.values.size(), 1);
  const auto left = upper_factor(up.columns, rows_of(up));
  const auto right = upper_factor(down.rows, columns_of(down));
  const auto kernel = core.values.size() / (up.columns * down.rows);
  const Matrix<double> wide{up.columns, down.rows * kernel, std::move(core.values)};
  auto turned = product(left, wide, "mid");
  const auto both = through_core({{up.columns, down.rows, kernel}, std::move(turned.values)}, transpose(right), "mid");
  return spectrum(both, std::min({up.rows, up.columns, down.columns * kernel}));
}

/// PEFT's experts: the rows of one follow each other in the down half, its columns lie `experts` apart in the up half.
Spectrum Measuring::interleaved(const PartValues<double>& up, const PartValues<double>& down, std::size_t experts) const {
  const auto rank = static_cast<std::size_t>(m_module.rank.value_or(0));
  const auto rows = static_cast<std::size_t>(up.shape[0]);
  const auto columns = static_cast<std::size_t>(down.shape[1]);
  if (up.shape[1] != experts * rank || down.shape[0] != experts * rank) {
    throw UpdateRefused("the halves of its experts do not fit");
  }
  Spectrum all;
  for (std::size_t expert = 0; expert < experts; ++expert) {
    Matrix<double> left{rows, rank, std::vector<double>(rows * rank)};
    for (std::size_t i = 0; i < left.values.size(); ++i) {
      left.values[i] = up.values[i / rank * (experts * rank) + i % rank * experts + expert];
    }
    const auto from = std::span(down.values).subspan(expert * rank * columns, rank * columns);
    all.append(spectrum_of_product(left, {rank, columns, {from.begin(), from.end()}}));
  }
  return all;
}

/// Experts beside each other, as one matrix of blocks on the diagonal.
Spectrum Measuring::mixture() const {
  const auto up = part("up");
  const auto down = part("down");
  const auto experts = static_cast<std::size_t>(m_module.experts);
  if (up.shape.size() == 2 && down.shape.size() == 2 && experts <= k_most_experts) {
    return interleaved(up, down, experts);
  }
  if (up.shape.size() != 3 || down.shape.size() != 3 || up.shape[0] != experts || down.shape[0] != experts || experts > k_most_experts) {
    throw UpdateRefused("its experts are " + shown(up.shape) + " and " + shown(down.shape) + ", which is not measured");
  }
  const auto slice = [](const PartValues<double>& values, std::size_t index) {
    const auto rows = static_cast<std::size_t>(values.shape[1]);
    const auto columns = static_cast<std::size_t>(values.shape[2]);
    const auto from = std::span(values.values).subspan(index * rows * columns, rows * columns);
    return Matrix<double>{rows, columns, {from.begin(), from.end()}};
  };
  Spectrum all;
  for (std::size_t i = 0; i < experts; ++i) {
    all.append(spectrum_of_product(slice(up, i), slice(down, i)));
  }
  return all;
}

/// Block i of the rows is ups[i] times its own rows of `down`.
Spectrum Measuring::fused(const std::vector<Matrix<double>>& ups, const Matrix<double>& down) const {
  require_width(down.rows);
  const auto right = transpose(upper_factor(down.rows, columns_of(down)));
  Matrix<double> core{down.rows, down.rows, std::vector<double>(down.rows * down.rows)};
  std::size_t row = 0;
  std::size_t rank = 0;
  for (const auto& up : ups) {
    if (up.columns > down.rows - row) {
      throw UpdateRefused("the halves of its parts do not fit");
    }
    const auto left = upper_factor(up.columns, rows_of(up));
    numeric::add_product(std::span(left.values), right.from(row, up.columns), up.columns, down.rows,
                         std::span(core.values).subspan(row * down.rows, up.columns * down.rows));
    rank += std::min(up.columns, up.rows);
    row += up.columns;
  }
  return spectrum(std::move(core), std::min(rank, down.columns));
}

Spectrum Measuring::split() const {
  std::vector<Matrix<double>> ups;
  Matrix<double> downs;
  for (std::size_t i = 0; has("up." + std::to_string(i)) || has("down." + std::to_string(i)); ++i) {
    ups.push_back(matrix("up." + std::to_string(i)));
    const auto down = matrix("down." + std::to_string(i));
    if (down.rows != ups.back().columns || (i > 0 && down.columns != downs.columns)) {
      throw UpdateRefused("the halves of its part " + std::to_string(i) + " do not fit");
    }
    downs.values.insert(downs.values.end(), down.values.begin(), down.values.end());
    downs.rows += down.rows;
    downs.columns = down.columns;
  }
  return fused(ups, downs);
}

Spectrum Measuring::grouped() const {
  const auto up = matrix("up");
  const auto down = matrix("down");
  const auto groups = static_cast<std::size_t>(m_module.groups);
  if (up.rows % groups != 0 || up.columns * groups != down.rows) {
    throw UpdateRefused("the halves of its groups do not fit");
  }
  std::vector<Matrix<double>> ups;
  for (std::size_t i = 0; i < groups; ++i) {
    const auto rows = up.from(i * (up.rows / groups), up.rows / groups);
    ups.push_back({up.rows / groups, up.columns, {rows.begin(), rows.end()}});
  }
  return fused(ups, down);
}

/// A pair of halves as PEFT and kohya have them, and nothing else.
bool Measuring::is_plain() const {
  static constexpr std::array<std::string_view, 4> k_more{"mid", "singular", "down.0", "up.0"};
  return has("up") && has("down") && !m_module.transposed && !m_module.down_transposed && m_module.experts == 1 && m_module.groups == 1 &&
         std::none_of(k_more.begin(), k_more.end(), [this](std::string_view role) { return has(std::string(role)); });
}

/// Neither half is ever whole in memory as doubles.
Spectrum Measuring::plain(const PartView& up, const PartView& down) {
  const auto left = sides_of(up, "up");
  const auto right = sides_of(down, "down");
  if (left.columns != right.rows) {
    throw UpdateRefused(fmt::format("its halves do not fit each other: {} x {} and {} x {}", left.rows, left.columns, right.rows, right.columns));
  }
  require_width(right.rows);
  std::vector<double> first(std::min<std::size_t>(right.rows * right.columns, k_first_numbers));
  down.read(0, first);
  if (is_as_drawn(first, right.columns)) {
    m_down_as_drawn = is_as_drawn(matrix("down").values, right.columns);
  }
  return spectrum(times_transpose(upper_factor(left.columns, rows_of(up, left)), upper_factor(right.rows, columns_of(down, right))),
                  std::min({left.columns, left.rows, right.columns}));
}

Spectrum Measuring::low_rank() {
  for (const auto* half : {"up", "down"}) {
    if (!has(half) && !has(std::string(half) + ".0")) {
      throw UpdateRefused(std::string("its part \"") + half + "\" is missing");
    }
  }
  if (m_source.view && is_plain()) {
    const auto up = m_source.view("up");
    const auto down = m_source.view("down");
    if (up && down) {
      return plain(*up, *down);
    }
  }
  if (has("down.0") || has("up.0")) {
    return split();
  }
  if (m_module.experts > 1) {
    return mixture();
  }
  if (m_module.groups > 1) {
    return grouped();
  }
  auto down = matrix("down");
  if (!m_module.transposed && !m_module.down_transposed) {
    m_down_as_drawn = is_as_drawn(down.values, down.columns);
  } else {
    down = transpose(down);
  }
  auto up = matrix("up");
  up = m_module.transposed ? transpose(up) : std::move(up);
  if (has("singular")) {
    const auto weights = part("singular").values;
    if (weights.size() != down.rows) {
      throw UpdateRefused("its singular values do not fit its halves");
    }
    for (std::size_t i = 0; i < down.values.size(); ++i) {
      down.values[i] *= weights[i / down.columns];
    }
  }
  require_width(std::max(up.columns, down.rows));
  return has("mid") ? through_middle(up, down) : spectrum_of_product(up, down);
}

Spectrum Measuring::hadamard() const {
  const auto read = [this](const std::string& number, Matrix<double>& left, Matrix<double>& right) {
    left = matrix("hada_w" + number + "_a");
    right = matrix("hada_w" + number + "_b");
    if (has("hada_t" + number)) {
      left = transpose(left);
      const auto core = part("hada_t" + number);
      require_core(core.values.size(), right.columns);
      right = through_core(core, right, "hada_t" + number);
    }
    if (left.columns != right.rows) {
      throw UpdateRefused("the halves of its factor " + number + " do not fit");
    }
  };
  HadamardFactors factors;
  read("1", factors.left1, factors.right1);
  read("2", factors.left2, factors.right2);
  if (factors.left1.rows != factors.left2.rows || factors.right1.columns != factors.right2.columns) {
    throw UpdateRefused("its two factors do not fit each other");
  }
  return spectrum_of(factors);
}

Spectrum Measuring::kronecker_factor(const std::string& name) const {
  if (has(name)) {
    return spectrum_of_whole(matrix(name));
  }
  auto left = matrix(name + "_a");
  auto right = matrix(name + "_b");
  if (name == "lokr_w2" && has("lokr_t2")) {
    left = transpose(left);
    const auto core = part("lokr_t2");
    require_core(core.values.size(), right.columns);
    right = through_core(core, right, "lokr_t2");
  }
  return spectrum_of_product(left, right);
}

Spectrum Measuring::kronecker() const {
  const auto first = kronecker_factor("lokr_w1");
  const auto second = kronecker_factor("lokr_w2");
  require_core(first.values.size(), second.values.size());
  Spectrum out;
  out.squares = first.squares * second.squares;
  for (const auto a : first.values) {
    for (const auto b : second.values) {
      out.values.push_back(a * b);
    }
  }
  return out;
}

/// Old files have 1 and 2 exchanged.
Spectrum Measuring::added_of_glora() const {
  const auto first = matrix("b1");
  const auto second = matrix("b2");
  const bool exchanged = first.columns != second.rows || (m_module.rank && first.columns != *m_module.rank);
  const auto& up = exchanged ? second : first;
  const auto& down = exchanged ? first : second;
  if (!has("bm")) {
    return spectrum_of_product(up, down);
  }
  const auto core = part("bm");
  require_core(core.values.size(), down.columns);
  return spectrum_of_product(up, through_core(core, down, "bm"));
}

Spectrum Measuring::difference() const {
  const auto role = m_module.method == "norm" ? "w_norm" : "diff";
  const auto length = m_source.length(role);
  if (!length) {
    throw UpdateRefused("its values are not all finite");
  }
  Spectrum out;
  out.squares = *length * *length;
  const auto rows = m_module.out_features.value_or(1);
  const auto columns = m_module.in_features.value_or(1);
  if (rows <= 1 || (columns <= 1 && m_module.kernel.empty())) {
    out.values = {*length};
    return out;
  }
  const auto whole = std::accumulate(m_module.kernel.begin(), m_module.kernel.end(), columns, std::multiplies<>());
  if (std::min(rows, whole) <= k_most_whole) {
    return spectrum_of_whole(matrix(role));
  }
  return out;
}

UpdateStrength Measuring::figures(Spectrum spectrum, double scale) const {
  UpdateStrength out;
  out.frobenius = std::sqrt(spectrum.squares) * std::fabs(scale);
  if (spectrum.values.empty()) {
    out.spectral = std::numeric_limits<double>::quiet_NaN();
    out.effective_rank = out.spectral;
    return out;
  }
  std::sort(spectrum.values.begin(), spectrum.values.end(), std::greater<>());
  double entropy = 0;
  for (auto& value : spectrum.values) {
    const double share = spectrum.squares > 0 ? value * value / spectrum.squares : 0;
    entropy -= share > 0 ? share * std::log(share) : 0;
    value *= std::fabs(scale);
  }
  out.spectral = spectrum.values.front();
  out.effective_rank = spectrum.squares > 0 ? std::exp(entropy) : 0;
  spectrum.values.resize(std::min(spectrum.values.size(), k_most_listed));
  out.singular_values = std::move(spectrum.values);
  return out;
}

Spectrum Measuring::measure() {
  const auto& method = m_module.method;
  return method == "loha"                       ? hadamard()
         : method == "lokr"                     ? kronecker()
         : method == "glora"                    ? added_of_glora()
         : method == "full" || method == "norm" ? difference()
                                                : low_rank();
}

Strength Measuring::run() {
  Strength out;
  out.why_none = why_no_update(m_module);
  if (!out.why_none.empty()) {
    return out;
  }
  try {
    const double scalar = has("scalar") ? part("scalar").values.at(0) : 1;
    out.figures = figures(measure(), m_module.scale.value_or(1) * scalar);
    require_finite(out.figures->frobenius);
  } catch (const UpdateRefused& why) {
    out.figures.reset();
    out.why_none = why.what();
  }
  out.down_as_drawn = m_down_as_drawn;
  return out;
}

}  // namespace

Strength strength_of(const AdapterModule& module, const PartSource& source) { return Measuring(module, source).run(); }

std::string strength_note(const AdapterModule& module) {
  if (!module.strength) {
    return module.why_unmeasured.empty() ? "" : "no figures: " + module.why_unmeasured;
  }
  std::vector<std::string> all;
  if (!module.part("magnitude").empty()) {
    all.emplace_back("before DoRA scales it to its magnitudes, which takes the base model");
  }
  if (module.method == "glora") {
    all.emplace_back("of b1 @ b2 alone: what a1 @ a2 does depends on the base model");
  }
  if (module.experts > 1) {
    all.emplace_back(fmt::format("of all {} experts beside each other", module.experts));
  }
  if (!module.scale) {
    all.emplace_back("of the update alone: its scale is unknown");
  }
  if (std::isnan(module.strength->spectral)) {
    all.emplace_back(module.method == "loha" ? fmt::format("no singular values: its rank is more than the {} up to which LoHa's are computed", k_most_hadamard)
                                             : fmt::format("no singular values: both sides of the difference are more than {}", k_most_whole));
  }
  return fmt::format("{}", fmt::join(all, "; "));
}

}  // namespace upinspect::lora
