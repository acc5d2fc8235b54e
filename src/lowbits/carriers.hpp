// SPDX-License-Identifier: Apache-2.0
// Brings tensors into memory as carriers: those of one type side by side, a bounded piece at a time.
#pragma once

#include "forensics/carrier.hpp"
#include "inspect/opened.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace upinspect::lowbits {

/// A carrier whose parts are numbered: `tensors[i]` is the index of parts[i]'s tensor in the artifact.
struct Loaded {
  forensics::Carrier carrier;
  std::vector<std::size_t> tensors;
};

/// Tensors of one type, as they lie in the file.
struct Group {
  Dtype dtype = Dtype::other;
  std::vector<std::size_t> tensors;
  std::uint64_t bytes = 0;
};

/// Groups of the tensors that have elements, whose names match, and that do not repeat another's bytes.
[[nodiscard]] std::vector<Group> groups_of(const Artifact& artifact, const std::string& glob);

/// Bytes of an element; of complex numbers, of one half.
[[nodiscard]] unsigned width_of(const Group& group);

/// How many carriers of at most `most` bytes a group makes.
[[nodiscard]] std::uint64_t carriers_of(const Group& group, std::uint64_t most);

/// Hands the group's elements to `sink` in carriers of at most `most` bytes. A tensor that cannot be read is told to `unread`; what was read
/// of it stays.
void load_group(const inspecting::Opened& opened, const Group& group, std::uint64_t most, const std::function<void(Loaded&)>& sink,
                const std::function<void(std::size_t tensor, const std::string& why)>& unread);

}  // namespace upinspect::lowbits
