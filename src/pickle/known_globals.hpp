// SPDX-License-Identifier: Apache-2.0
// What is known of the names that pickles import: which only make data, and which act.
#pragma once

#include "pickle/graph.hpp"
#include "upinspect/artifact.hpp"

namespace upinspect::pickle {

/// Default deny. `inert` are exact pairs of module and name whose calls make data and nothing else; `dangerous` are
/// names, whole modules and ways through attributes that are known to act; all the rest is `unknown`.
[[nodiscard]] PickleVerdict judge(const GlobalName& name);

/// The classes and functions of torch that torch.load(weights_only=True) takes without being asked to: its own types,
/// `builtins`, `collections` and `_codecs.encode`, in the newest release.
[[nodiscard]] bool weights_only_allows(const GlobalName& name);

}  // namespace upinspect::pickle
