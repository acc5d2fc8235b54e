// SPDX-License-Identifier: Apache-2.0
// What headerless numbers most likely are: element types weighed by how few bits each would need for the bytes.
#pragma once

#include "upinspect/artifact.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace upinspect::numeric {

/// One way to read the bytes.
struct DtypeCandidate {
  Dtype dtype = Dtype::f32;
  ByteOrder order = ByteOrder::little;
  double bits = 0;          ///< description length in bits per element under a model of weights, see guess_dtype
  double exponent_entropy = 0;  ///< bits, of the exponent field; 0 for integers
  double finite = 1;        ///< share of elements that are finite
  double zeros = 0;         ///< share of elements that are zero
};

struct DtypeGuess {
  unsigned period = 1;      ///< the bytes' own rhythm: byte positions i and i + period have the same distribution
  std::array<double, 8> plane_entropy{};  ///< bits per byte at each position modulo 8
  bool all_zero = false;
  std::vector<DtypeCandidate> candidates; ///< those that fit, best first; empty where none does
};

/// Weighs f16, bf16, f32, f64, i16, i32 and i64 of both byte orders on `sample` (of less than 8 GiB), whose first byte lies on a multiple
/// of 8 from the start of the numbers (as must any joint inside it). A candidate's cost is its description length: a
/// float takes a sign bit, its mantissa, and the less for its exponent the nearer the magnitude is to 2^-6 (two-sided
/// geometric, mean distance about 5 octaves); an integer takes an Elias gamma code; zero takes two bits. A candidate
/// fits if it needs less than 15/16 of its own bits, if its width is at least the period, and if at least 99.9 % of
/// the elements are finite.
[[nodiscard]] DtypeGuess guess_dtype(std::span<const std::byte> sample);

/// Two-dimensional shapes that weights of `elements` elements usually have: near squares of multiples of 64 first,
/// then one long side and a usual rank (as an up half, out x rank). At most `most`.
[[nodiscard]] std::vector<std::array<std::uint64_t, 2>> plausible_shapes(std::uint64_t elements, std::size_t most = 6);

}  // namespace upinspect::numeric
