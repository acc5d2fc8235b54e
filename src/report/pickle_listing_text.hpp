// SPDX-License-Identifier: Apache-2.0
// What unpickling would do, as text.
#pragma once

#include "report/text_style.hpp"
#include "upinspect/pickle_listing.hpp"

#include <string>

namespace upinspect::report {

/// The answer in one sentence, the globals, then each stream opcode by opcode and as the object it describes. One line where the
/// style is quiet.
[[nodiscard]] std::string pickle_listing_text(const PickleListing& listing, const TextStyle& style);

}  // namespace upinspect::report
