// SPDX-License-Identifier: Apache-2.0
// Products of row-major matrices, added to what is there, with the same bits on every processor.
#pragma once

#include <cstddef>
#include <span>

namespace upinspect::numeric {

/// out += a @ b: a is rows x inner, b inner x columns, out rows x columns, where the spans' sizes give the rows. The
/// terms of a sum are added from the first to the last, each product rounded by itself, and the sum then to `out`.
void add_product(std::span<const float> a, std::span<const float> b, std::size_t inner, std::size_t columns, std::span<float> out);
void add_product(std::span<const double> a, std::span<const double> b, std::size_t inner, std::size_t columns, std::span<double> out);

/// The largest magnitude; NaN where there is one.
[[nodiscard]] float largest(std::span<const float> values) noexcept;
[[nodiscard]] double largest(std::span<const double> values) noexcept;

/// The largest magnitude of a - b, which have one length; NaN where one is.
[[nodiscard]] float largest_difference(std::span<const float> a, std::span<const float> b) noexcept;
[[nodiscard]] double largest_difference(std::span<const double> a, std::span<const double> b) noexcept;

}  // namespace upinspect::numeric
