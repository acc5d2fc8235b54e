// SPDX-License-Identifier: Apache-2.0
#include "support/source_folder.hpp"

namespace upinspect::test {

std::filesystem::path source_folder() { return UPINSPECT_SOURCE_DIR; }

}  // namespace upinspect::test
