// SPDX-License-Identifier: Apache-2.0
#include "lora/tag_frequency.hpp"

#include "bytes/json_reader.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace upinspect::lora {

namespace {

constexpr std::size_t k_most_tags_text = std::size_t{32} << 20;
constexpr std::size_t k_most_different = 500'000;
constexpr std::size_t k_most_folders = 64;
constexpr std::size_t k_kept = 20;

class Tags {
 public:
  explicit Tags(std::string_view json) : m_reader(json, 0, "ss_tag_frequency") {}

  [[nodiscard]] TagFrequency read() {
    m_reader.enter_object();
    std::string key;
    while (m_reader.next_key(key)) {
      if (m_reader.peek() == bytes::JsonKind::object) {
        folder(key);
      } else {
        count(key);
      }
    }
    m_reader.expect_end();
    return ranked();
  }

 private:
  void folder(const std::string& name) {
    if (m_found.folders.size() < k_most_folders) {
      m_found.folders.push_back(name);
    }
    m_reader.enter_object();
    std::string tag;
    while (m_reader.next_key(tag)) {
      count(tag);
    }
  }

  void count(const std::string& tag) {
    if (m_reader.peek() != bytes::JsonKind::number) {
      m_reader.skip();
      return;
    }
    const auto text = m_reader.number();
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size() && (m_counts.size() < k_most_different || m_counts.contains(tag))) {
      auto& sum = m_counts[tag];
      sum = number > UINT64_MAX - sum ? UINT64_MAX : sum + number;
    }
  }

  [[nodiscard]] TagFrequency ranked() {
    std::vector<TagCount> all;
    all.reserve(m_counts.size());
    for (const auto& [tag, number] : m_counts) {
      all.push_back({tag, number});
    }
    const auto more = [](const TagCount& a, const TagCount& b) { return a.count != b.count ? a.count > b.count : a.tag < b.tag; };
    const auto kept = std::min(all.size(), k_kept);
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(), more);
    m_found.different = all.size();
    all.resize(kept);
    m_found.most = std::move(all);
    return std::move(m_found);
  }

  bytes::JsonReader m_reader;
  TagFrequency m_found;
  std::unordered_map<std::string, std::uint64_t> m_counts;
};

}  // namespace

std::optional<TagFrequency> tag_frequency(std::string_view json) {
  if (json.size() > k_most_tags_text) {
    return std::nullopt;
  }
  try {
    return Tags(json).read();
  } catch (const bytes::ParseError&) {
    return std::nullopt;
  }
}

}  // namespace upinspect::lora
