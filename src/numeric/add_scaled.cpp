// SPDX-License-Identifier: Apache-2.0
#include "numeric/add_scaled.hpp"

#include <algorithm>
#include <cstddef>

namespace upinspect::numeric {

void add_scaled(double factor, std::span<const double> from, std::span<double> to) noexcept {
  if (factor == 0) {
    return;
  }
  const auto length = std::min(from.size(), to.size());
  const double* source = from.data();
  double* target = to.data();
  for (std::size_t i = 0; i < length; ++i) {
    target[i] += factor * source[i];
  }
}

}  // namespace upinspect::numeric
