// SPDX-License-Identifier: Apache-2.0
// The content digest: the identity of a file's tensors, whatever container, order and metadata surround them.
#pragma once

#include "upinspect/artifact.hpp"

#include <optional>
#include <string>

namespace upinspect::inspecting {

/// SHA-256 over one line for each tensor, sorted by name as bytes (docs/digests.md). Nothing where a tensor's own
/// SHA-256 is missing, because a digest of a part would pass for one of the whole.
[[nodiscard]] std::optional<std::string> content_digest(const Artifact& artifact);

/// `text` as an ASCII-only JSON string, as Python's json.dumps writes it. Bytes that are no UTF-8 become \udcXX, as
/// Python's surrogateescape has it.
[[nodiscard]] std::string ascii_json_string(const std::string& text);

}  // namespace upinspect::inspecting
