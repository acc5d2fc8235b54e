// SPDX-License-Identifier: Apache-2.0
#include "upinspect/compact_text.hpp"

#include <algorithm>
#include <memory>

namespace upinspect {

CompactText::CompactText(std::string_view text) {
  if (!text.empty()) {
    auto copy = std::make_unique<char[]>(text.size());
    std::copy(text.begin(), text.end(), copy.get());
    m_data = copy.release();
    m_size = 2 * text.size() + 1;
  }
}

CompactText CompactText::fixed(std::string_view text) noexcept {
  CompactText out;
  out.m_data = text.data();
  out.m_size = 2 * text.size();
  return out;
}

CompactText::CompactText(const CompactText& other) : CompactText(other.is_owner() ? CompactText(other.view()) : fixed(other.view())) {}

void CompactText::release() noexcept { const std::unique_ptr<const char[]> last(m_data); }

}  // namespace upinspect
