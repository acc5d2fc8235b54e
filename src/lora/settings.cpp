// SPDX-License-Identifier: Apache-2.0
#include "lora/settings.hpp"

#include "lora/values.hpp"

#include <algorithm>

namespace upinspect::lora {

namespace {

constexpr std::size_t k_most_patterns = 4096;

std::vector<PatternNumber> patterns(const Value* object) {
  std::vector<PatternNumber> out;
  const auto* members = object == nullptr ? nullptr : object->if_object();
  if (members == nullptr || members->size() > k_most_patterns) {
    return out;
  }
  for (const auto& [key, value] : *members) {
    if (const auto number = as_number(&value)) {
      out.push_back({key, suffix_pattern(key), *number});
    }
  }
  return out;
}

/// Nothing in it but letters, digits, underscores, hyphens and dots; the dots match any character.
bool is_plain(const std::string& key) {
  return std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.';
  });
}

bool ends_like(std::string_view path, const std::string& key) {
  if (key.size() > path.size() || (key.size() < path.size() && path[path.size() - key.size() - 1] != '.')) {
    return false;
  }
  return std::equal(key.rbegin(), key.rend(), path.rbegin(), [](char k, char p) { return k == p || (k == '.' && p != '\n'); });
}

const PatternNumber* match(const std::vector<PatternNumber>& patterns, std::string_view path, std::uint64_t& work_left) {
  for (const auto& pattern : patterns) {
    if (matches_suffix(pattern.key, pattern.pattern, path, work_left) == Match::yes) {
      return &pattern;
    }
  }
  return nullptr;
}

}  // namespace

Pattern suffix_pattern(const std::string& key) { return is_plain(key) ? Pattern("") : Pattern("(.*\\.)?(" + key + ")"); }

Match matches_suffix(const std::string& key, const Pattern& pattern, std::string_view path, std::uint64_t& work_left) {
  if (is_plain(key)) {
    return ends_like(path, key) ? Match::yes : Match::no;
  }
  const auto cost = pattern.cost(path);
  if (cost > work_left) {
    return Match::unknown;
  }
  work_left -= cost;
  return pattern.matches(path);
}

std::optional<double> PeftSettings::alpha_of(std::string_view path, std::string& where) const {
  if (const auto* found = match(alpha_pattern, path, work_left)) {
    where = "alpha_pattern[\"" + found->key + "\"]";
    return found->number;
  }
  where = "lora_alpha";
  return alpha;
}

std::optional<std::uint64_t> PeftSettings::rank_of(std::string_view path) const {
  const auto* found = match(rank_pattern, path, work_left);
  const Value number(found == nullptr ? 0.0 : found->number);
  return found == nullptr ? rank : as_count(&number);
}

PeftSettings peft_settings(const Value& object, const std::string& prefix) {
  PeftSettings settings;
  settings.alpha = as_number(object.find(prefix + "lora_alpha"));
  settings.rank = as_count(object.find(prefix + "r"));
  settings.rank_stabilised = is_true(object.find(prefix + "use_rslora"));
  settings.alpha_pattern = patterns(object.find(prefix + "alpha_pattern"));
  settings.rank_pattern = patterns(object.find(prefix + "rank_pattern"));
  return settings;
}

}  // namespace upinspect::lora
