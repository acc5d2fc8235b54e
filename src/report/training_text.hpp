// SPDX-License-Identifier: Apache-2.0
// What a file says of its training, as a block of facts.
#pragma once

#include "report/facts.hpp"
#include "upinspect/artifact.hpp"

#include <string>

namespace upinspect::report {

/// Who trained it on what, from which base, for how long. Empty where the file says nothing.
[[nodiscard]] std::string training_text(const Artifact& artifact, const TextStyle& style);

/// The hashes of model sites, and whether the hashes that the file states of itself hold.
void add_hashes(Facts& facts, const Artifact& artifact);

}  // namespace upinspect::report
