// SPDX-License-Identifier: Apache-2.0
// The Gram matrix of many samples: all the inner products of a tall matrix's columns, with the same bits on every
// processor.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace upinspect::numeric {

/// Some samples of `width` numbers: feature f of sample s is values[s * sample_stride + f * feature_stride].
struct SampleBlock {
  const double* values = nullptr;
  std::size_t samples = 0;
  std::size_t sample_stride = 0;
  std::size_t feature_stride = 0;
};

class Gram {
 public:
  /// Samples that are added in one go; blocks of this size are quickest.
  static constexpr std::size_t k_samples = 128;

  /// Holds `width` squared numbers from here on.
  explicit Gram(std::size_t width);

  void add(const SampleBlock& block);

  /// Row-major, width x width, symmetric: the sum over all samples of feature i times feature j. The samples of a piece of
  /// k_samples are added in their order, each product rounded by itself, and the piece's sum then to those before.
  [[nodiscard]] std::vector<double> matrix() const;

 private:
  void add_piece(const SampleBlock& block);

  std::size_t m_width;
  std::size_t m_strips;
  std::vector<double> m_piece;  ///< strips of eight features, each with the samples one after another
  std::vector<double> m_sums;   ///< rows of all strips' features; tiles below the diagonal stay zero
};

}  // namespace upinspect::numeric
