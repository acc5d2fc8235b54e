// SPDX-License-Identifier: Apache-2.0
// The words of the contract for the model's enumerations, in one place for all reporters.
#pragma once

#include "upinspect/artifact.hpp"

#include <string>
#include <string_view>

namespace upinspect::report {

[[nodiscard]] std::string_view word(Severity severity) noexcept;
[[nodiscard]] std::string_view word(RegionKind kind) noexcept;
[[nodiscard]] std::string_view word(Packing packing) noexcept;
[[nodiscard]] std::string_view word(ByteOrder order) noexcept;
[[nodiscard]] std::string_view word(PickleVerdict verdict) noexcept;

[[nodiscard]] std::string_view word(AlphaSource source) noexcept;
[[nodiscard]] std::string_view word(HashVerdict verdict) noexcept;
[[nodiscard]] std::string_view word(FitVerdict verdict) noexcept;

/// Empty where it was not measured.
[[nodiscard]] std::string_view word(Provenance provenance) noexcept;

/// A dtype as people say it: "float32" for "f32". Names that have no longer form are answered as they are.
[[nodiscard]] std::string spoken_dtype(std::string_view name);

}  // namespace upinspect::report
