// SPDX-License-Identifier: Apache-2.0
// Lists a pickle opcode by opcode, in the manner of CPython's pickletools, with what each of them means.
#pragma once

#include "pickle/machine.hpp"
#include "upinspect/pickle_listing.hpp"

#include <cstdint>

namespace upinspect::pickle {

/// A stream and the program it is, for what lies within it.
struct Listed {
  PickleStream stream;
  Program program;
};

struct ListingLimits {
  std::uint64_t steps = 0;
  std::uint64_t object_lines = 0;
};

/// Lists the pickle at `start`, as much of it as the limits allow.
[[nodiscard]] Listed list(const bytes::Source& source, std::uint64_t start, const Options& options, ListingLimits most);

}  // namespace upinspect::pickle
