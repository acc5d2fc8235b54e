// SPDX-License-Identifier: Apache-2.0
// What must hold of every Artifact, whatever the bytes were: used by the hostile-input tests and by the fuzzers.
#pragma once

#include "upinspect/artifact.hpp"

#include <string>

namespace upinspect::test {

/// What is wrong with `artifact` as a report on `size` bytes; empty where all is well.
[[nodiscard]] std::string unsoundness(const Artifact& artifact, std::uint64_t size);

/// True where a finding of severity warning or error says that something is wrong.
[[nodiscard]] bool complains(const Artifact& artifact);

}  // namespace upinspect::test
