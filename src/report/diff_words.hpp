// SPDX-License-Identifier: Apache-2.0
// The words of the contract for what differs, and the sentences that people read for them.
#pragma once

#include "report/text_style.hpp"
#include "upinspect/difference.hpp"

#include <string>
#include <string_view>

namespace upinspect::report {

[[nodiscard]] std::string_view word(DiffVerdict verdict) noexcept;
[[nodiscard]] std::string_view word(ChangeKind kind) noexcept;
[[nodiscard]] std::string_view word(PayloadStream stream) noexcept;
[[nodiscard]] std::string_view word(PayloadEvidence evidence) noexcept;
[[nodiscard]] std::string_view word(BitOrder order) noexcept;

/// What happened, in one sentence without its full stop.
[[nodiscard]] std::string verdict_sentence(const Difference& difference, const TextStyle& style);

/// Where a payload's bits are: "bit 0, first bit highest, from value 14,100,213".
[[nodiscard]] std::string layout_words(const PayloadLayout& layout, const TextStyle& style);

/// "p = 3e-12", "p < 1e-300"
[[nodiscard]] std::string chance_words(double p);

}  // namespace upinspect::report
