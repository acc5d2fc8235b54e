// SPDX-License-Identifier: Apache-2.0
// The one pass over a file's data: its digests, its tensors' measurements, the checksums it declares, its gaps.
#pragma once

#include "model/builder.hpp"

namespace upinspect::measure {

/// Reads the whole source once, in order, and fills in what the builder's artifact still lacks: file digests, tensor
/// digests and statistics, and findings for checksums that do not hold, for bytes that cannot be unpacked and for
/// what the gaps of `coverage` contain. A source that shrinks or fails on the way becomes a finding.
/// Throws Stopped when the options ask for it.
void read_data(model::Builder& builder, const Coverage& coverage);

}  // namespace upinspect::measure
