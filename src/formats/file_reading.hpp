// SPDX-License-Identifier: Apache-2.0
// The second reading of a pickle whose frames are too short for its opcodes.
#pragma once

#include "formats/pickled.hpp"

namespace upinspect::formats {

/// Where CPython reads another program from a file than from memory, runs that too: a finding tells both verdicts, and
/// `report` takes the worse of them and the globals that only the other reading fetches.
void judge_file_reading(model::Builder& builder, const pickle::Program& program, const PickleSetting& setting,
                        std::uint64_t start, const pickle::Options& options, PickleReport& report);

}  // namespace upinspect::formats
