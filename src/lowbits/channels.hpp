// SPDX-License-Identifier: Apache-2.0
// The places of a file whose bytes no loader needs to make tensors of.
#pragma once

#include "bytes/source.hpp"
#include "inspect/opened.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace upinspect::lowbits {

/// Bytes to rate. `range` says where they lie in the file; those of a deflated entry are `unpacked`.
struct Channel {
  std::string name;
  ByteRange range;
  std::vector<std::byte> unpacked;
};

/// Gaps, padding, comments of archives and of their entries, records that no tensor and no loader asks for, bytes after a
/// pickle's or an array's end. Of deflated entries at most `memory` bytes are unpacked.
[[nodiscard]] std::vector<Channel> idle_channels(const bytes::Source& source, const Artifact& artifact, std::uint64_t memory);

/// What no tensor's view reaches of the storages in the file.
[[nodiscard]] std::vector<Channel> slack_of_storages(const inspecting::Opened& opened);

}  // namespace upinspect::lowbits
