// SPDX-License-Identifier: Apache-2.0
// Regular expressions as PEFT's configurations hold them, matched in time that is linear in the text.
#pragma once

#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

namespace upinspect::lora {

enum class Match : std::uint8_t { no, yes, unknown };

/// A pattern of Python's `re` over bytes: alternatives, groups, classes, \d \w \s \b, ^ $ and all quantifiers, lazy ones
/// too. What needs more than a finite automaton (look-around, back-references) and what is too large is unknown.
class Pattern {
 public:
  explicit Pattern(std::string_view text);

  /// As re.fullmatch. Texts of more than 4096 bytes are unknown: a module's name is shorter.
  [[nodiscard]] Match matches(std::string_view text) const;

  /// What a match costs at most: steps times characters.
  [[nodiscard]] std::uint64_t cost(std::string_view text) const { return m_steps.size() * (text.size() + 1); }

  struct Step {
    enum class Kind : std::uint8_t { set, split, begin, end, word_edge, no_word_edge, accept };
    Kind kind = Kind::accept;
    std::bitset<256> set;
    std::size_t next = 0;
    std::size_t other = 0;
  };

 private:
  std::vector<Step> m_steps;  ///< empty: the pattern is not understood
};

}  // namespace upinspect::lora
