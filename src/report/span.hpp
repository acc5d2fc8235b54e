// SPDX-License-Identifier: Apache-2.0
// Where in the file a tensor's own elements lie.
#pragma once

#include "upinspect/artifact.hpp"

namespace upinspect::report {

/// The bytes of the file from the tensor's first element to the end of its last, in the order of the file: of a strided
/// view the stretch it spans. Where the tensor is deflated, or its view does not lie within its storage, the packed range.
[[nodiscard]] ByteRange element_span(const Tensor& tensor) noexcept;

}  // namespace upinspect::report
