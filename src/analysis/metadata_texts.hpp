// SPDX-License-Identifier: Apache-2.0
// All text in a file's metadata, each piece under the key of its top-level member.
#pragma once

#include "upinspect/value.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace upinspect::analysis {

/// Calls `take` for every text in `metadata`, however deep it stands: JSON inside of text as it is written. Long lists of
/// texts, such as a tokenizer's words, are no settings and are left out; so is what lies beyond the first 16 MiB.
void for_each_text(const Value& metadata, const std::function<void(const std::string& key, std::string_view text)>& take);

/// Of long text the beginning, cut between letters, in quotation marks.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace upinspect::analysis
