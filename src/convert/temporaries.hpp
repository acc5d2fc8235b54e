// SPDX-License-Identifier: Apache-2.0
// The temporary names in use, kept so that a signal handler can read them.
#pragma once

#include <string>

namespace upinspect::convert {

/// Notes a file (or a folder, once its files are noted) until the matching `forget`. A path that is too long, or one
/// too many, is not noted: destructors remove it all the same.
void remember(const std::string& path) noexcept;
void forget(const std::string& path) noexcept;

}  // namespace upinspect::convert
