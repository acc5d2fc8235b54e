// SPDX-License-Identifier: Apache-2.0
#include "forensics/smooth_density.hpp"

#include "forensics/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace upinspect::forensics {
namespace {

constexpr std::size_t k_most_terms = 5;
constexpr std::size_t k_points = 64;   ///< of an octave, at which the density is taken

using Terms = std::array<double, k_most_terms>;
using Square = std::array<Terms, k_most_terms>;

Terms terms_at(double size) { return {size, size * size, std::log1p(size * size), std::sqrt(size), std::log(size)}; }

double sum_of(const Terms& weights, const Terms& terms) {
  double sum = 0;
  for (std::size_t i = 0; i < k_most_terms; ++i) {
    sum += weights[i] * terms[i];
  }
  return sum;
}

double middle(std::size_t octave, std::size_t point, std::size_t points) {
  return octave_begin(octave) * (1 + (static_cast<double>(point) + 0.5) / static_cast<double>(points));
}

const std::vector<Terms>& terms_of_points() {
  static const auto table = [] {
    std::vector<Terms> made;
    for (std::size_t octave = 0; octave < k_octaves; ++octave) {
      for (std::size_t point = 0; point < k_points; ++point) {
        made.push_back(terms_at(middle(octave, point, k_points)));
      }
    }
    return made;
  }();
  return table;
}

/// x of `matrix` x = `right` for the first `size` rows of a positive definite matrix (Cholesky).
Terms solved(Square matrix, Terms right, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      for (std::size_t k = 0; k < j; ++k) {
        matrix[i][j] -= matrix[i][k] * matrix[j][k];
      }
      matrix[i][j] = i == j ? std::sqrt(std::max(matrix[i][i], std::numeric_limits<double>::min())) : matrix[i][j] / matrix[j][j];
    }
    for (std::size_t k = 0; k < i; ++k) {
      right[i] -= matrix[i][k] * right[k];
    }
    right[i] /= matrix[i][i];
  }
  for (auto i = size; i-- > 0;) {
    for (auto k = i + 1; k < size; ++k) {
      right[i] -= matrix[k][i] * right[k];
    }
    right[i] /= matrix[i][i];
  }
  return right;
}

}  // namespace

/// Fisher's scoring over counts of cells.
class DensityFit {
 public:
  DensityFit(std::span<const std::uint64_t> cells, unsigned bits) : m_cells(cells), m_bits(bits) { m_density.m_holds.fill(true); }

  std::optional<SmoothDensity> run(std::size_t most_left_out);

 private:
  /// What the density at hand makes of the cells.
  struct Picture {
    std::vector<double> chances;   ///< of each cell, 1 in sum
    std::vector<Terms> means;      ///< of the terms in it
    double likelihood = 0;         ///< ln
  };

  [[nodiscard]] bool holds(std::size_t cell) const { return m_density.m_holds[cell >> m_bits]; }
  [[nodiscard]] Picture picture(const Terms& weights) const;
  [[nodiscard]] Terms step(const Picture& now, std::size_t terms) const;
  [[nodiscard]] std::uint64_t count_of(std::size_t octave) const;
  void climb(std::size_t terms);
  [[nodiscard]] std::array<double, k_octaves> misfits() const;
  [[nodiscard]] bool is_enough() const;

  std::span<const std::uint64_t> m_cells;
  unsigned m_bits;
  double m_total = 0;
  SmoothDensity m_density;
};

std::uint64_t DensityFit::count_of(std::size_t octave) const {
  const auto cells = m_cells.subspan(octave << m_bits, std::size_t{1} << m_bits);
  return std::accumulate(cells.begin(), cells.end(), std::uint64_t{0});
}

DensityFit::Picture DensityFit::picture(const Terms& weights) const {
  const auto& terms = terms_of_points();
  std::vector<double> logs(terms.size());
  double most = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < logs.size(); ++i) {
    logs[i] = m_density.m_holds[i / k_points] ? sum_of(weights, terms[i]) : -std::numeric_limits<double>::infinity();
    most = std::max(most, logs[i]);
  }
  Picture seen{std::vector<double>(m_cells.size()), std::vector<Terms>(m_cells.size()), 0};
  const auto in_cell = k_points >> m_bits;
  double total = 0;
  for (std::size_t i = 0; i < logs.size(); ++i) {
    const auto share = std::exp(logs[i] - most) * octave_begin(i / k_points);
    const auto cell = i / in_cell;
    seen.chances[cell] += share;
    total += share;
    for (std::size_t k = 0; k < k_most_terms; ++k) {
      seen.means[cell][k] += share * terms[i][k];
    }
  }
  for (std::size_t cell = 0; cell < m_cells.size(); ++cell) {
    for (auto& mean : seen.means[cell]) {
      mean = seen.chances[cell] > 0 ? mean / seen.chances[cell] : 0;
    }
    seen.chances[cell] /= total;
    if (holds(cell) && m_cells[cell] != 0) {
      seen.likelihood += static_cast<double>(m_cells[cell]) * std::log(std::max(seen.chances[cell], std::numeric_limits<double>::min()));
    }
  }
  return seen;
}

Terms DensityFit::step(const Picture& now, std::size_t terms) const {
  Terms mean{};
  for (std::size_t cell = 0; cell < m_cells.size(); ++cell) {
    for (std::size_t k = 0; k < terms; ++k) {
      mean[k] += now.chances[cell] * now.means[cell][k];
    }
  }
  Terms slope{};
  Square information{};
  for (std::size_t cell = 0; cell < m_cells.size(); ++cell) {
    const auto count = holds(cell) ? static_cast<double>(m_cells[cell]) : 0;
    for (std::size_t k = 0; k < terms; ++k) {
      const auto off = now.means[cell][k] - mean[k];
      slope[k] += (count - m_total * now.chances[cell]) * now.means[cell][k];
      for (std::size_t other = 0; other <= k; ++other) {
        information[k][other] += m_total * now.chances[cell] * off * (now.means[cell][other] - mean[other]);
      }
    }
  }
  for (std::size_t k = 0; k < terms; ++k) {
    information[k][k] += 1e-9 * m_total;
  }
  return solved(information, slope, terms);
}

void DensityFit::climb(std::size_t terms) {
  constexpr int k_most_steps = 25;
  constexpr double k_shortest = 1e-4;
  constexpr double k_gain = 1e-6;
  m_total = 0;
  for (std::size_t cell = 0; cell < m_cells.size(); ++cell) {
    m_total += holds(cell) ? static_cast<double>(m_cells[cell]) : 0;
  }
  auto now = picture(m_density.m_weights);
  for (int i = 0; i < k_most_steps; ++i) {
    const auto direction = step(now, terms);
    double length = 1;
    auto next = m_density.m_weights;
    Picture then;
    for (; length > k_shortest; length /= 2) {
      for (std::size_t k = 0; k < terms; ++k) {
        next[k] = m_density.m_weights[k] + length * direction[k];
      }
      then = picture(next);
      if (then.likelihood >= now.likelihood) {
        break;
      }
    }
    if (length <= k_shortest) {
      return;
    }
    const auto gain = then.likelihood - now.likelihood;
    m_density.m_weights = next;
    now = std::move(then);
    if (gain < k_gain) {
      return;
    }
  }
}

/// By octave, the chance of lying so far off; numbers may be off by a twentieth for no honest density is quite of this form.
std::array<double, k_octaves> DensityFit::misfits() const {
  constexpr double k_off = 0.05;
  constexpr double k_least_expected = 5;
  const auto seen = picture(m_density.m_weights);
  std::array<double, k_octaves> chances{};
  for (std::size_t octave = 0; octave < k_octaves; ++octave) {
    double statistic = 0;
    double freedom = 0;
    double few_expected = 0;
    double few = 0;
    const auto add = [&](double expected, double count) {
      statistic += (count - expected) * (count - expected) / (expected + k_off * k_off * expected * expected);
      freedom += 1;
    };
    for (auto cell = octave << m_bits; cell < (octave + 1) << m_bits; ++cell) {
      const auto expected = m_total * seen.chances[cell];
      if (expected >= k_least_expected) {
        add(expected, static_cast<double>(m_cells[cell]));
      } else {
        few_expected += expected;
        few += static_cast<double>(m_cells[cell]);
      }
    }
    if (few_expected > 1 || few > 1) {
      add(std::max(few_expected, 1.0), few);
    }
    chances[octave] = m_density.m_holds[octave] && freedom > 0 ? chi_square_tail(statistic, freedom) : 1;
  }
  return chances;
}

bool DensityFit::is_enough() const {
  std::size_t enough = 0;
  for (std::size_t octave = 0; octave < k_octaves; ++octave) {
    enough += m_density.m_holds[octave] && count_of(octave) >= k_enough_of_octave ? 1U : 0U;
  }
  return enough >= 2;
}

std::optional<SmoothDensity> DensityFit::run(std::size_t most_left_out) {
  constexpr double k_as_well = 1e-3;
  for (std::size_t left_out = 0; left_out <= most_left_out && is_enough(); ++left_out) {
    std::array<double, k_octaves> chances{};
    for (const auto terms : {std::size_t{3}, std::size_t{4}, k_most_terms}) {
      climb(terms);
      chances = misfits();
      if (std::all_of(chances.begin(), chances.end(), [](double chance) { return chance > k_as_well; })) {
        return m_density;
      }
    }
    m_density.m_holds[static_cast<std::size_t>(std::min_element(chances.begin(), chances.end()) - chances.begin())] = false;
    m_density.m_weights = {};
  }
  return std::nullopt;
}

std::optional<SmoothDensity> SmoothDensity::fitted(std::span<const std::uint64_t> cells, unsigned bits, Misfits misfits) {
  constexpr std::size_t k_most_left_out = 6;
  return DensityFit(cells, bits).run(misfits == Misfits::left_out ? k_most_left_out : 0);
}

double SmoothDensity::log_at(double size) const { return sum_of(m_weights, terms_at(size)); }

std::vector<double> part_scores(const SmoothDensity& density, double begin, double width, std::size_t parts) {
  std::vector<double> logs(parts);
  double mean = 0;
  for (std::size_t i = 0; i < parts; ++i) {
    logs[i] = density.log_at(begin + width * (static_cast<double>(i) + 0.5) / static_cast<double>(parts));
    mean += std::exp(logs[i] - logs[0]);
  }
  const auto log_mean = std::log(mean / static_cast<double>(parts)) + logs[0];
  for (auto& log : logs) {
    log = log_mean - log;
  }
  return logs;
}

}  // namespace upinspect::forensics
