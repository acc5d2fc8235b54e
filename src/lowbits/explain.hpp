// SPDX-License-Identifier: Apache-2.0
// Innocent reasons for bits that are not random, and findings for what none of them explains.
#pragma once

#include "forensics/even_planes.hpp"
#include "upinspect/low_bits.hpp"

#include <string_view>

namespace upinspect::lowbits {

// Ids of explanations.
inline constexpr std::string_view k_upcast_f16 = "upcast-f16";
inline constexpr std::string_view k_upcast_bf16 = "upcast-bf16";
inline constexpr std::string_view k_upcast_f32 = "upcast-f32";
inline constexpr std::string_view k_constant = "constant";
inline constexpr std::string_view k_lattice = "lattice";
inline constexpr std::string_view k_grid = "grid";
inline constexpr std::string_view k_repeated = "repeated";
inline constexpr std::string_view k_rounded = "rounded-16";
inline constexpr std::string_view k_no_trained = "not-trained";

/// What the planes and the provenance of a tensor say by themselves.
void explain_planes(TensorPlanes& tensor, unsigned fraction);

/// Nothing explains a low bit of this tensor that is not as often one as zero, in any stretch of it.
[[nodiscard]] bool has_even_low_bits(const TensorPlanes& tensor);

/// Nothing explains it but that its highest planes are not as in trained weights.
[[nodiscard]] bool is_only_untrained(const TensorPlanes& tensor);

/// Gathers the explanations of all tensors, in the order of the list above.
[[nodiscard]] std::vector<Explanation> gather_explanations(const std::vector<TensorPlanes>& tensors);

/// Findings about planes that nothing explains, even stretches and messages.
void add_findings(LowBits& result);

/// What random content could hide in without a trace, from the tensors whose planes are as in trained weights: of float32 as far as `evidence` says so.
[[nodiscard]] std::vector<BlindSpot> blind_spots(const LowBits& result, const std::vector<forensics::EvenPlanes>& evidence);

}  // namespace upinspect::lowbits
