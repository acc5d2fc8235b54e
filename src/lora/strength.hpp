// SPDX-License-Identifier: Apache-2.0
// How strongly a module acts on its weight: norms and singular values of scale x update, from its factors.
#pragma once

#include "lora/tall.hpp"
#include "upinspect/adapter.hpp"

#include <functional>
#include <optional>
#include <string>

namespace upinspect::lora {

/// Where a module's numbers come from.
struct PartSource {
  PartReader<double> values;
  /// The square root of the sum of squares of a part; nothing where it is not known, or not finite.
  std::function<std::optional<double>(const std::string& role)> length;
  /// The same values a few at a time; nothing, or no function, where that cannot be done.
  std::function<std::optional<PartView>(const std::string& role)> view;
};

struct Strength {
  std::optional<UpdateStrength> figures;  ///< spectral and effective rank are NaN where the Frobenius norm alone was computed
  std::string why_none;                   ///< empty where there are figures
  bool down_as_drawn = false;             ///< the down half holds what torch's initialisation drew
};

/// Never the whole update: QR of the factors, then the singular values of what is left. Throws
/// what the source throws.
[[nodiscard]] Strength strength_of(const AdapterModule& module, const PartSource& source);

/// What the figures of a module leave out, or why its method has none; empty where nothing is to be said.
[[nodiscard]] std::string strength_note(const AdapterModule& module);

}  // namespace upinspect::lora
