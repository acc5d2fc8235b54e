// SPDX-License-Identifier: Apache-2.0
// What unpickling would do, judged from what the inert machine saw.
#pragma once

#include "bytes/source.hpp"
#include "pickle/program.hpp"
#include "pickle/weights_only.hpp"
#include "upinspect/artifact.hpp"

namespace upinspect::pickle {

/// The verdict over one pickle: the worst of its globals; never `inert` where something that is no known global is
/// called, a global is written to, items are set on what is no mapping, an extension is used, the stream breaks before STOP, or
/// frames make it ambiguous. Streams inside of it (`torch.storage._load_from_bytes`) are judged with it, `depth` levels
/// down; beyond that they are unknown.
[[nodiscard]] PickleVerdict judge(const Program& program, const bytes::Source& source, unsigned depth = 4);

/// The globals with their verdicts, those of inner streams after them (at the offset of the bytes that hold them).
[[nodiscard]] PickleReport report(const Program& program, const bytes::Source& source, const WeightsOnly& loads);

/// Adds the report of a further pickle of the same file: the worse verdict, the first refusal, all globals.
void merge(PickleReport& into, const PickleReport& next);

}  // namespace upinspect::pickle
