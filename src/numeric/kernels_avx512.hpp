// SPDX-License-Identifier: Apache-2.0
// Kernels for processors with AVX-512 VBMI2, BITALG and GFNI.
#pragma once

#include "numeric/kernels.hpp"

namespace upinspect::numeric {

#if defined(__x86_64__)
/// `avx512` with the quicker kernels in place of its own; null where this machine does not run them.
[[nodiscard]] const Kernels* vbmi_kernels(const Kernels& avx512) noexcept;
#endif

}  // namespace upinspect::numeric
