// SPDX-License-Identifier: Apache-2.0
// Sizes as --max-memory takes them.
#pragma once

#include <cstdint>
#include <string>

namespace upinspect::cli {

/// "512M", "1G", "4096": bytes, in powers of 1024. Throws CLI::ValidationError where it is no size.
[[nodiscard]] std::uint64_t memory_size(const std::string& text);

}  // namespace upinspect::cli
