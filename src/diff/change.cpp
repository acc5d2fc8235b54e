// SPDX-License-Identifier: Apache-2.0
#include "diff/change.hpp"

#include "diff/classify.hpp"
#include "diff/measure.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace upinspect::diff {
namespace {

using numeric::ElementDifference;

std::optional<UlpDifference> ulps_of(const ElementDifference& measured) {
  const auto median = measured.median_distance();
  if (!median) {
    return std::nullopt;
  }
  UlpDifference ulps;
  ulps.median = *median;
  ulps.max = measured.greatest_distance;
  std::uint64_t bound = 1;
  std::uint64_t count = 0;
  for (std::size_t bin = 0; bin < measured.distances.size(); ++bin) {
    // Bounds are powers of two, and a bin of distances never reaches past one: it starts at most at the bound itself.
    while (measured.distances[bin] != 0 && numeric::bin_start(bin) > bound) {
      if (count != 0) {
        ulps.histogram.emplace_back(bound, count);
      }
      count = 0;
      bound = bound > UINT64_MAX / 2 ? UINT64_MAX : bound * 2;
    }
    count += measured.distances[bin];
  }
  ulps.histogram.emplace_back(bound, count);
  return ulps;
}

/// Bytes that the span of a field of `bits` holds; of scattered places as many as must have been written for so many to
/// differ.
std::uint64_t capacity_of(const ElementDifference& measured, unsigned bits) {
  const auto slots = (measured.last - measured.first) / std::max<std::uint64_t>(measured.step, 1) + 1;
  const auto share = 1 - std::ldexp(1.0, -static_cast<int>(bits));
  const auto written = static_cast<double>(measured.changed) / share;
  const auto used = written < 0.5 * static_cast<double>(slots) ? written : static_cast<double>(slots);
  return static_cast<std::uint64_t>(used * bits / 8 + 0.5);
}

}  // namespace

std::string form_words(const Tensor& tensor) {
  auto words = tensor.dtype_name.str();
  if (tensor.shape.empty()) {
    return words + " scalar";
  }
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    words += (i == 0 ? " " : " x ") + std::to_string(tensor.shape[i]);
  }
  return words;
}

bool same_form(const Tensor& before, const Tensor& after) {
  const bool guessed = before.name.empty() || after.name.empty();
  return before.dtype == after.dtype && before.dtype_name == after.dtype_name && before.bytes == after.bytes &&
         (guessed ? before.elements == after.elements : before.shape == after.shape);
}

TensorChange describe_change(const Pair& pair, const ElementDifference& measured) {
  TensorChange change;
  const auto& tensor = pair.new_tensor();
  change.name = tensor.name;
  change.old_name = pair.old_tensor().name == tensor.name ? "" : pair.old_tensor().name;
  change.dtype = tensor.dtype_name;
  change.shape = tensor.shape;
  change.elements = measured.elements;
  change.changed = measured.changed;
  change.bits = measured.bit_counts();
  change.bits_flipped = std::accumulate(change.bits.begin(), change.bits.end(), std::uint64_t{0});
  change.ulp = ulps_of(measured);
  change.absolute_mean = measured.measured() == 0 ? 0 : measured.absolute_sum / static_cast<double>(measured.measured());
  change.absolute_max = measured.absolute_max;
  change.not_finite = measured.format.scale == numeric::Scale::opaque ? 0 : measured.not_finite;
  change.carries = measured.carries;
  change.first = measured.first;
  change.last = measured.last;
  change.stride = std::max<std::uint64_t>(measured.step, 1);
  change.places.assign(measured.places.begin(), measured.places.end());
  const auto explanation = explain({pair, measured});
  change.kind = explanation.kind;
  change.why = explanation.why;
  change.field_bits = explanation.field_bits;
  change.field_base = explanation.field_base;
  change.p_value = explanation.p_value;
  change.field_capacity = explanation.field_bits == 0 ? 0 : capacity_of(measured, explanation.field_bits);
  return change;
}

std::optional<TensorChange> describe_conversion(const Pair& pair) {
  if (pair.old_tensor().elements != pair.new_tensor().elements || pair.new_tensor().elements == 0) {
    return std::nullopt;
  }
  const auto why = explain_conversion(pair);
  if (why.empty()) {
    return std::nullopt;
  }
  TensorChange change;
  const auto& tensor = pair.new_tensor();
  change.name = tensor.name;
  change.old_name = pair.old_tensor().name == tensor.name ? "" : pair.old_tensor().name;
  change.dtype = tensor.dtype_name;
  change.old_dtype = pair.old_tensor().dtype_name;
  change.shape = tensor.shape;
  change.elements = change.changed = tensor.elements;
  change.last = tensor.elements - 1;
  change.kind = tensor.dtype == Dtype::f16 ? ChangeKind::cast_f16 : tensor.dtype == Dtype::bf16 ? ChangeKind::cast_bf16 : ChangeKind::cast_f32;
  change.why = why;
  return change;
}

ChangedTensor changed_tensor(const Pair& pair, const ElementDifference& measured, const TensorChange& change) {
  ChangedTensor changed{pair, change.kind};
  changed.units = measured.elements;
  changed.first = measured.first;
  changed.last = measured.last;
  changed.step = measured.step;
  changed.changed = measured.changed;
  changed.flipped_bits = measured.flipped_bits;
  changed.field_bits = change.field_bits;
  changed.field_base = change.field_base;
  return changed;
}

}  // namespace upinspect::diff
