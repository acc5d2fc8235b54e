// SPDX-License-Identifier: Apache-2.0
// The texts of labels, one after another in large pieces: two hundred thousand of them cost no allocation each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace upinspect::model {

class LabelTexts {
 public:
  /// A copy of both, joined by a space where there are two, that stays where it is as long as this lives.
  [[nodiscard]] std::string_view add(std::string_view text, std::string_view second = {}) {
    const auto length = text.size() + (second.empty() ? 0 : 1 + second.size());
    if (length > m_left) {
      m_left = std::max(length, std::min(k_first_piece << std::min<std::size_t>(m_pieces.size(), 8), k_most_piece));
      m_pieces.push_back(std::make_unique_for_overwrite<char[]>(m_left));
      m_next = m_pieces.back().get();
    }
    auto* const start = m_next;
    m_next = std::copy(text.begin(), text.end(), m_next);
    if (!second.empty()) {
      *m_next++ = ' ';
      m_next = std::copy(second.begin(), second.end(), m_next);
    }
    m_left -= length;
    return {start, length};
  }

  /// Keeps the texts of other labels as well.
  void keep(std::shared_ptr<const LabelTexts> others) { m_others.push_back(std::move(others)); }

 private:
  /// Most files have few labels; who has many gets twice as much each time.
  static constexpr std::size_t k_first_piece = 4096;
  static constexpr std::size_t k_most_piece = 65536;

  std::vector<std::unique_ptr<char[]>> m_pieces;
  std::vector<std::shared_ptr<const LabelTexts>> m_others;
  char* m_next = nullptr;
  std::size_t m_left = 0;
};

}  // namespace upinspect::model
