// SPDX-License-Identifier: Apache-2.0
// to += factor * from: the inner loop of a product of matrices.
#pragma once

#include <span>

namespace upinspect::numeric {

/// Both have one length. A factor of zero adds nothing, whatever `from` holds.
void add_scaled(double factor, std::span<const double> from, std::span<double> to) noexcept;

}  // namespace upinspect::numeric
