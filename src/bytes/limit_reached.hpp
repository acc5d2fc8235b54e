// SPDX-License-Identifier: Apache-2.0
// Thrown where a file asks for more than the limits allow, so that what was read until then is kept.
#pragma once

#include <stdexcept>

namespace upinspect::bytes {

/// No ParseError: nothing is wrong with the file, and no reader may go on behind it.
struct LimitReached : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace upinspect::bytes
