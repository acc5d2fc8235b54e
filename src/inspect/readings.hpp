// SPDX-License-Identifier: Apache-2.0
// Chooses how to read a source: the first format that claims it, and every other that reads it too.
#pragma once

#include "model/builder.hpp"

namespace upinspect::inspecting {

/// Reads the builder's source as the first format of the registry whose sniffer claims it, and keeps what was read
/// where the reader breaks off. Other readings that succeed are named in `also_reads_as`; an extension that promises
/// another format is a finding, with what that format's reader says.
void read_best(model::Builder& builder);

/// Adds what unpickling another reading, or another file of the same artifact, would do.
void adopt_pickle(model::Builder& builder, const std::optional<PickleReport>& report);

/// Names the format that each gap's content starts like, where one is recognised.
void name_gap_contents(model::Builder& builder);

}  // namespace upinspect::inspecting
