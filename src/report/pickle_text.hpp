// SPDX-License-Identifier: Apache-2.0
// What unpickling would do, in a sentence or two.
#pragma once

#include "report/facts.hpp"
#include "upinspect/artifact.hpp"

namespace upinspect::report {

[[nodiscard]] Tone tone_of(PickleVerdict verdict) noexcept;

/// The globals that make the pickle as bad as it is: "os.system is called at offset 42"; the first few of them.
[[nodiscard]] std::string pickle_culprits(const PickleReport& pickle, const TextStyle& style);

/// What torch.load(weights_only=True) would do.
[[nodiscard]] std::string weights_only_sentence(const PickleReport& pickle, const TextStyle& style);

/// The fact "pickle": the verdict, who earned it, and what torch.load(weights_only=True) says. "none" where the format
/// holds tensors without one. Verbose lists the globals.
void add_pickle(Facts& facts, const Artifact& artifact);

}  // namespace upinspect::report
