// SPDX-License-Identifier: Apache-2.0
// Makes one artifact of an adapter whose halves are files of their own.
#pragma once

#include "inspect/conduct.hpp"
#include "inspect/triad_files.hpp"

#include <string>

namespace upinspect::inspecting {

/// Reads the halves, alphas and configuration of a folder as one artifact, in the order of their names. Whatever stands
/// in the way of one file is a finding; nothing outside the folder is opened.
[[nodiscard]] Inspected inspect_triad(const std::string& folder, const TriadFiles& files, const InspectOptions& options);

/// A file, or an adapter's folder: a whole adapter's weights, as loaders choose them, or halves. Throws InputError.
[[nodiscard]] Inspected inspect_file_or_folder(const std::string& path, const InspectOptions& options);

/// For a file that holds one half and nothing more: says that the other lies beside it, or that the adapter is dead.
void note_other_half(Artifact& artifact);

}  // namespace upinspect::inspecting
