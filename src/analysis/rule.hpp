// SPDX-License-Identifier: Apache-2.0
// Rules look at what was read and measured, whatever the format, and say what is worth knowing about it.
#pragma once

#include "model/builder.hpp"

#include <span>
#include <string_view>

namespace upinspect::analysis {

struct Rule {
  std::string_view id;
  void (*apply)(model::Builder&);
};

/// Every rule, in the order in which they are applied.
[[nodiscard]] std::span<const Rule> rules() noexcept;

/// Applies every rule to a finished artifact.
void judge(model::Builder& builder);

}  // namespace upinspect::analysis
