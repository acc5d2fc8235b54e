// SPDX-License-Identifier: Apache-2.0
// Gives kohya's module names their dots back: "down_blocks_0_attn1_to_q" is "down_blocks.0.attn1.to_q".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::convert {

/// The dotted path of a name whose dots became underscores, by the words that base models are built of. Nothing where a
/// word is unknown or two readings are equally good: names are never guessed.
class Dotting {
 public:
  /// `names` are all names of the adapter: what some of them show decides between models that differ in few words.
  explicit Dotting(const std::vector<std::string>& names);

  [[nodiscard]] std::optional<std::string> dotted(std::string_view name) const;

 private:
  [[nodiscard]] bool knows(std::string_view word) const;

  std::vector<std::string_view> m_more_words;
};

/// The name as kohya flattens it.
[[nodiscard]] std::string flattened(std::string_view path);

}  // namespace upinspect::convert
