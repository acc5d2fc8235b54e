// SPDX-License-Identifier: Apache-2.0
// Where the source tree lies, for tests that read its samples.
#pragma once

#include <filesystem>

namespace upinspect::test {

[[nodiscard]] std::filesystem::path source_folder();

}  // namespace upinspect::test
