// SPDX-License-Identifier: Apache-2.0
// Looks into the members of archives: each is sniffed, read and judged as a file of its own would be.
#pragma once

#include "model/builder.hpp"

namespace upinspect::inspecting {

/// How many archives within each other are opened: the file, its members and theirs. What lies in these is still read.
inline constexpr unsigned k_most_archive_levels = 3;

/// Reads the members that the builder's reader has left. What unpickling them would do joins the artifact's pickle report,
/// what is wrong with them its findings, each with the way there ("outer.zip > inner.pt > archive/data.pkl") and at the
/// place of the outermost member. What is not looked into, for its packing or a limit, is a finding
/// `container.not-inspected`.
void look_into_members(model::Builder& builder);

}  // namespace upinspect::inspecting
