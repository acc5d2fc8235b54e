// SPDX-License-Identifier: Apache-2.0
// ss_tag_frequency: how often each tag or caption stands beside the training images, by folder.
#pragma once

#include "upinspect/training.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::lora {

struct TagFrequency {
  std::vector<TagCount> most;        ///< most frequent first, then by the tag as bytes
  std::uint64_t different = 0;
  std::vector<std::string> folders;  ///< the first of them
};

/// Reads {folder: {tag: count}}, or {tag: count}, as it comes, without a tree. Nothing where the text is no such JSON,
/// or larger than any trainer writes.
[[nodiscard]] std::optional<TagFrequency> tag_frequency(std::string_view json);

}  // namespace upinspect::lora
