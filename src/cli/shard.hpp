// SPDX-License-Identifier: Apache-2.0
// One of several runs that share a list of files.
#pragma once

#include "upinspect/integrity.hpp"

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upinspect::cli {

/// Every `count`-th file from the `number`-th on, counted from 1: neighbours in the list, which are often alike in size, go to
/// different runs.
struct Shard {
  std::uint64_t number = 1;
  std::uint64_t count = 1;

  /// Of "2/8"; the whole of an empty text. Throws ExpectationError.
  [[nodiscard]] static Shard of(const std::string& text) {
    Shard shard;
    const auto slash = text.find('/');
    const bool fits = text.empty() || (slash != std::string::npos && read(std::string_view(text).substr(0, slash), shard.number) &&
                                       read(std::string_view(text).substr(slash + 1), shard.count) && shard.number <= shard.count);
    if (!fits) {
      throw ExpectationError("--shard: expected I/N, as 2/8, with I from 1 to N; found \"" + text + "\"");
    }
    return shard;
  }

  template <typename Item>
  [[nodiscard]] std::vector<Item> part_of(std::vector<Item> all) const {
    if (count == 1) {
      return all;
    }
    std::vector<Item> part;
    for (std::uint64_t i = number - 1; i < all.size(); i += count) {
      part.push_back(std::move(all[static_cast<std::size_t>(i)]));
    }
    return part;
  }

  /// "2/8"; empty for the whole.
  [[nodiscard]] std::string text() const { return count == 1 ? std::string() : std::to_string(number) + "/" + std::to_string(count); }

 private:
  static bool read(std::string_view digits, std::uint64_t& out) {
    constexpr std::uint64_t k_most = 1'000'000;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return error == std::errc() && end == digits.data() + digits.size() && out >= 1 && out <= k_most;
  }
};

}  // namespace upinspect::cli
