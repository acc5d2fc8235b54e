// SPDX-License-Identifier: Apache-2.0
#include "numeric/small_float.hpp"

namespace upinspect::numeric {

std::optional<SmallFloat> small_float(Dtype dtype) noexcept {
  switch (dtype) {
    case Dtype::f16: return k_f16;
    case Dtype::bf16: return k_bf16;
    case Dtype::f8_e4m3: return k_f8_e4m3;
    case Dtype::f8_e5m2: return k_f8_e5m2;
    case Dtype::f8_e4m3fnuz: return k_f8_e4m3fnuz;
    case Dtype::f8_e5m2fnuz: return k_f8_e5m2fnuz;
    case Dtype::f8_e8m0: return k_f8_e8m0;
    case Dtype::f4: return k_f4;
    default: return std::nullopt;
  }
}

}  // namespace upinspect::numeric
