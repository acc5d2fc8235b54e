// SPDX-License-Identifier: Apache-2.0
// What to do about a finding, in one sentence.
#pragma once

#include <string_view>

namespace upinspect::report {

/// The advice for a finding's id; empty where there is none to give.
[[nodiscard]] std::string_view advice(std::string_view finding_id) noexcept;

}  // namespace upinspect::report
