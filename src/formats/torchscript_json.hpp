// SPDX-License-Identifier: Apache-2.0
// The tensors of TorchScript archives of torch 1.0 and 1.1, which are listed in model.json.
#pragma once

#include "formats/torch_archive.hpp"

namespace upinspect::formats {

/// Adds every tensor of model.json under the path of the module that has it. What is malformed is a finding.
void read_script_json(TorchArchive& archive, model::Builder& builder);

}  // namespace upinspect::formats
