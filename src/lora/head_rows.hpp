// SPDX-License-Identifier: Apache-2.0
// llama.cpp's converter reorders the rows of queries and keys for some architectures: how to have them as they were.
#pragma once

#include "lora/update.hpp"
#include "upinspect/value.hpp"

#include <cstdint>
#include <string>

namespace upinspect::lora {

/// Why the rows of this module cannot be put back into order; empty where they can, or need not.
[[nodiscard]] std::string why_rows_stay(const AdapterModule& module, const HeadCounts& heads);

/// The rows of an up half, in transformers' order.
template <typename Real>
void put_rows_back(const AdapterModule& module, const HeadCounts& heads, Matrix<Real>& up);

/// Out of a base's config.json (null: there is none), for an adapter in GGUF with the architecture that its header names.
[[nodiscard]] HeadCounts head_counts(const std::string& architecture, const Value& base_config);

}  // namespace upinspect::lora
