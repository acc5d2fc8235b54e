// SPDX-License-Identifier: Apache-2.0
// The hashes that weight files state of themselves, and those under which model sites know a file.
#pragma once

#include "model/builder.hpp"

namespace upinspect::inspecting {

/// Holds sshs_model_hash, sshs_legacy_hash and modelspec.hash_sha256 against every definition that writers use
/// (docs/digests.md) and says which one gives them. Where the file states one or tells of its training, or the options
/// ask for it, the sites' hashes are computed too. Reads the data again in blocks, only as often as a definition needs
/// it. Throws Stopped.
void check_stated_hashes(model::Builder& builder);

}  // namespace upinspect::inspecting
