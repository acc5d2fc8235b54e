// SPDX-License-Identifier: Apache-2.0
// Digests that others know a file by, beside SHA-256.
#pragma once

#include <string>

namespace upinspect::integrity {

/// The SHA-1 by which git knows the content of `file`. Throws InputError, and bytes::ReadError where the file shrinks.
[[nodiscard]] std::string git_blob_of(const std::string& file);

/// Civitai's AutoV3, 64 lower-case digits; empty where the file is too small to have one. Throws the same.
[[nodiscard]] std::string autov3_of(const std::string& file);

}  // namespace upinspect::integrity
