// SPDX-License-Identifier: Apache-2.0
// The pickle that stands in a .npy file in place of an object array's elements.
#pragma once

#include "formats/pickled.hpp"

#include <string>

namespace upinspect::formats {

/// Runs the pickle in `range` of `setting`'s stream inertly, judges it and lists what it holds under the setting's
/// prefix. True where it gave an array, which is then added as a tensor of its own, as numpy.load takes its shape from
/// the pickle and not from the header.
bool read_object_pickle(model::Builder& builder, const PickleSetting& setting, ByteRange range);

}  // namespace upinspect::formats
