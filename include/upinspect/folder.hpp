// SPDX-License-Identifier: Apache-2.0
// Adapters whose halves are files of their own: the files of a folder that are one adapter, read as one.
#pragma once

#include "upinspect/inspect.hpp"

#include <string>
#include <vector>

namespace upinspect {

/// Names, sorted, of the files in `folder` that belong to an adapter in halves: the halves, alphas, and the
/// configuration where no whole adapter beside them has it. Empty where no file is a half. Opens nothing.
[[nodiscard]] std::vector<std::string> adapter_files(const std::string& folder);

/// Reads those files as one artifact: the tensors of all under names that pair, each with its file in
/// Location::entry; what makes them no adapter is a finding. Throws InputError where adapter_files is empty.
[[nodiscard]] Artifact inspect_adapter_folder(const std::string& folder, const InspectOptions& options = {});

}  // namespace upinspect
