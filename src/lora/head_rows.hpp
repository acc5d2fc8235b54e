// SPDX-License-Identifier: Apache-2.0
// llama.cpp's converter reorders the rows of queries and keys for some architectures: how to have them as they were.
#pragma once

#include "lora/update.hpp"
#include "upinspect/value.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace upinspect::lora {

/// Why the rows of this module cannot be put back into order; empty where they can, or need not.
[[nodiscard]] std::string why_rows_stay(const AdapterModule& module, const HeadCounts& heads);

/// Which of the `rows` of the module's up half is the first, the second, … in transformers' order; empty where they are in
/// that order, or cannot be put into it.
[[nodiscard]] std::vector<std::size_t> rows_in_order(const AdapterModule& module, const HeadCounts& heads, std::size_t rows);

/// The rows of an up half, in transformers' order.
template <typename Real>
void put_rows_back(const AdapterModule& module, const HeadCounts& heads, Matrix<Real>& up);

/// For an adapter in GGUF with this header: out of the first of `sources` that states them, each a base's config.json, the
/// header of a GGUF, or null.
[[nodiscard]] HeadCounts head_counts(const Value& header, std::initializer_list<const Value*> sources);

}  // namespace upinspect::lora
