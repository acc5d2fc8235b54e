// SPDX-License-Identifier: Apache-2.0
// Cayley's transform as LyCORIS' diag_oft.py has it (the constraint there is alpha times the output features) and as PEFT's
// tuners/oft/layer.py has it.
#include "lora/rotation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace upinspect::lora {

namespace {

/// Square, row-major, of one width.
using Square = std::vector<double>;

/// Gauss and Jordan with the largest pivot: x becomes a^-1 x. False where a has no inverse.
bool solve(Square& a, Square& x, std::size_t width) {
  for (std::size_t step = 0; step < width; ++step) {
    std::size_t pivot = step;
    for (std::size_t row = step + 1; row < width; ++row) {
      pivot = std::abs(a[row * width + step]) > std::abs(a[pivot * width + step]) ? row : pivot;
    }
    if (!(std::abs(a[pivot * width + step]) > 0)) {
      return false;
    }
    for (std::size_t column = 0; column < width; ++column) {
      std::swap(a[step * width + column], a[pivot * width + column]);
      std::swap(x[step * width + column], x[pivot * width + column]);
    }
    for (std::size_t row = 0; row < width; ++row) {
      const double factor = row == step ? 0 : a[row * width + step] / a[step * width + step];
      for (std::size_t column = 0; factor != 0 && column < width; ++column) {
        a[row * width + column] -= factor * a[step * width + column];
        x[row * width + column] -= factor * x[step * width + column];
      }
    }
  }
  for (std::size_t row = 0; row < width; ++row) {
    for (std::size_t column = 0; column < width; ++column) {
      x[row * width + column] /= a[row * width + row];
    }
  }
  return true;
}

std::vector<double> skewed(const std::vector<double>& blocks, std::size_t count, std::size_t width, double constraint) {
  std::vector<double> q(blocks.size());
  double squares = 0;
  for (std::size_t i = 0; i < count * width * width; ++i) {
    const auto block = i / (width * width) * width * width;
    const auto row = i % (width * width) / width;
    q[i] = blocks[i] - blocks[block + i % width * width + row];
    squares += q[i] * q[i];
  }
  const double length = std::sqrt(squares) + 1e-8;
  if (constraint > 0 && length > constraint) {
    std::transform(q.begin(), q.end(), q.begin(), [&](double value) { return value * constraint / length; });
  }
  return q;
}

}  // namespace

std::vector<double> rotations(const std::vector<double>& blocks, std::size_t count, std::size_t width, double constraint, double strength) {
  auto q = skewed(blocks, count, width, constraint);
  for (std::size_t block = 0; block < count; ++block) {
    // (I + Q) and (I - Q)^-1 commute, and Q^T is -Q: R^T is (I + Q)^-1 (I - Q).
    Square plus(width * width);
    Square minus(width * width);
    for (std::size_t i = 0; i < width * width; ++i) {
      const double one = i / width == i % width ? 1 : 0;
      plus[i] = one + q[block * width * width + i];
      minus[i] = one - q[block * width * width + i];
    }
    if (!solve(plus, minus, width)) {
      return {};
    }
    for (std::size_t i = 0; i < width * width; ++i) {
      q[block * width * width + i] = minus[i] * strength + (i / width == i % width ? 1 - strength : 0);
    }
  }
  return q;
}

namespace {

/// Blocks with the numbers above their diagonals, times `sign`.
std::vector<double> upper_blocks(const std::vector<double>& upper, std::size_t count, std::size_t width, double sign) {
  std::vector<double> blocks(count * width * width);
  auto next = upper.begin();
  for (std::size_t block = 0; block < count; ++block) {
    for (std::size_t row = 0; row < width; ++row) {
      for (std::size_t column = row + 1; column < width; ++column) {
        blocks[(block * width + row) * width + column] = sign * *next++;
      }
    }
  }
  return blocks;
}

Square times(const Square& a, const Square& b, std::size_t width) {
  Square out(width * width);
  for (std::size_t row = 0; row < width; ++row) {
    for (std::size_t inner = 0; inner < width; ++inner) {
      for (std::size_t column = 0; column < width; ++column) {
        out[row * width + column] += a[row * width + inner] * b[inner * width + column];
      }
    }
  }
  return out;
}

void add_times(Square& sum, const Square& addend, double factor) {
  std::transform(sum.begin(), sum.end(), addend.begin(), sum.begin(), [factor](double a, double b) { return a + factor * b; });
}

/// I + 2 Q + 2 Q^2 + ..., whose last power stands once, or twice as well.
Square series(const Square& q, std::size_t width, std::size_t terms, bool doubled) {
  Square sum(width * width);
  for (std::size_t i = 0; i < width; ++i) {
    sum[i * width + i] = 1;
  }
  if (terms > 1) {
    add_times(sum, q, 2);
  }
  if (terms > 2) {
    auto power = times(q, q, width);
    add_times(sum, power, 2);
    for (std::size_t i = 3; i + (doubled ? 0 : 1) < terms; ++i) {
      power = times(power, q, width);
      add_times(sum, power, 2);
    }
    if (!doubled) {
      add_times(sum, times(power, q, width), 1);
    }
  }
  return sum;
}

}  // namespace

void shorten_blocks(std::vector<double>& values, std::size_t count, double weight, double radius) {
  const auto size = static_cast<std::ptrdiff_t>(values.size() / count);
  for (auto block = values.begin(); block != values.end(); block += size) {
    const auto length = std::sqrt(weight * std::inner_product(block, block + size, block, 0.0));
    if (length > radius) {
      std::transform(block, block + size, block, [&](double value) { return value * radius / length; });
    }
  }
}

std::vector<double> input_rotations(const std::vector<double>& upper, std::size_t count, std::size_t width, const RotationSettings& how,
                                    double strength) {
  if (how.cayley == Cayley::exact) {
    return rotations(upper_blocks(upper, count, width, -1), count, width, 0, strength);
  }
  const auto q = skewed(upper_blocks(upper, count, width, 1), count, width, 0);
  std::vector<double> out(q.size());
  for (std::size_t block = 0; block < count; ++block) {
    const auto begin = q.begin() + static_cast<std::ptrdiff_t>(block * width * width);
    const auto turned = series(Square(begin, begin + static_cast<std::ptrdiff_t>(width * width)), width, how.terms, how.cayley == Cayley::doubled_series);
    for (std::size_t i = 0; i < width * width; ++i) {
      const auto place = block * width * width + i % width * width + i / width;
      out[place] = turned[i] * strength + (i / width == i % width ? 1 - strength : 0);
    }
  }
  return out;
}

}  // namespace upinspect::lora
