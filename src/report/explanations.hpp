// SPDX-License-Identifier: Apache-2.0
// What every finding means, why it matters and what to do about it: upinspect explain and docs/checks print this table.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace upinspect::report {

struct ExplainedFinding {
  std::string_view id;
  std::string_view title;    ///< a few words, no full stop
  std::string_view meaning;  ///< what was found
  std::string_view why;      ///< why it matters
  std::string_view advice;   ///< what to do; in the drawers empty where the table of advice.cpp has it
};

// The drawers of the table, each sorted by id.
[[nodiscard]] std::span<const ExplainedFinding> containers_explanations() noexcept;
[[nodiscard]] std::span<const ExplainedFinding> zip_explanations() noexcept;
[[nodiscard]] std::span<const ExplainedFinding> arrays_explanations() noexcept;
[[nodiscard]] std::span<const ExplainedFinding> folders_explanations() noexcept;
[[nodiscard]] std::span<const ExplainedFinding> pickle_explanations() noexcept;
[[nodiscard]] std::span<const ExplainedFinding> torch_explanations() noexcept;
[[nodiscard]] std::span<const ExplainedFinding> adapters_explanations() noexcept;
[[nodiscard]] std::span<const ExplainedFinding> tensors_explanations() noexcept;
[[nodiscard]] std::span<const ExplainedFinding> bits_explanations() noexcept;
[[nodiscard]] std::span<const ExplainedFinding> checks_explanations() noexcept;

/// The whole table, sorted by id, every row with its advice.
[[nodiscard]] std::span<const ExplainedFinding> explanations();

/// The row of a finding's id; null where there is none.
[[nodiscard]] const ExplainedFinding* explanation(std::string_view finding_id);

/// Up to five ids that somebody may have meant by `text`, the nearest first: by spelling, by a part of it, by family.
[[nodiscard]] std::vector<std::string_view> similar_ids(std::string_view text);

/// "zip" of "zip.crc-mismatch".
[[nodiscard]] constexpr std::string_view family_of(std::string_view finding_id) noexcept {
  return finding_id.substr(0, finding_id.find('.'));
}

}  // namespace upinspect::report
