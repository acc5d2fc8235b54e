// SPDX-License-Identifier: Apache-2.0
#include "lora/base_match.hpp"

#include "lora/canonical.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

namespace upinspect::lora {

namespace {

constexpr std::string_view k_weight = ".weight";
constexpr std::string_view k_bias = ".bias";

/// XLabs numbers the streams of a double block; the base calls them image and text.
struct Renamed {
  std::string_view adapter;
  std::string_view base;
};
constexpr std::array k_xlabs_names{Renamed{"_processor_qkv_lora1", "_img_attn_qkv"}, Renamed{"_processor_proj_lora1", "_img_attn_proj"},
                             Renamed{"_processor_qkv_lora2", "_txt_attn_qkv"}, Renamed{"_processor_proj_lora2", "_txt_attn_proj"}};

std::string in_base(const std::string& canonical) {
  for (const auto& [adapter, base] : k_xlabs_names) {
    if (canonical.ends_with(adapter)) {
      return canonical.substr(0, canonical.size() - adapter.size()) + std::string(base);
    }
  }
  return canonical;
}

std::string without(const std::string& name, std::string_view suffix) { return name.substr(0, name.size() - suffix.size()); }

}  // namespace

BaseMatch::BaseMatch(const std::vector<Tensor>& base, const std::vector<AdapterModule>& modules) {
  for (std::size_t i = 0; i < base.size(); ++i) {
    const auto& name = base[i].name;
    const bool is_bias = name.ends_with(k_bias);
    const auto module = is_bias ? without(name, k_bias) : name.ends_with(k_weight) ? without(name, k_weight) : name;
    auto& entry = m_weights[canonical_name(module)];
    auto& place = is_bias ? entry.bias : entry.weight;
    entry.ambiguous = entry.ambiguous || place.has_value();
    place = i;
  }
  find_prefix(modules);
}

/// Prefixes that would lead from this name to one of the base: one that it has too much, or one that it lacks.
std::vector<std::pair<bool, std::string>> BaseMatch::prefixes_for(const std::string& canonical) const {
  std::vector<std::pair<bool, std::string>> found;
  for (auto at = canonical.find('_'); at != std::string::npos; at = canonical.find('_', at + 1)) {
    if (m_weights.contains(canonical.substr(at + 1))) {
      found.emplace_back(true, canonical.substr(0, at + 1));
    }
  }
  for (const auto& [name, weight] : m_weights) {
    if (name.size() > canonical.size() && name.ends_with(canonical) && name[name.size() - canonical.size() - 1] == '_') {
      found.emplace_back(false, name.substr(0, name.size() - canonical.size()));
    }
  }
  return found;
}

void BaseMatch::find_prefix(const std::vector<AdapterModule>& modules) {
  const auto matching = [&] {
    return std::count_if(modules.begin(), modules.end(), [this](const AdapterModule& module) { return of(module).weight.has_value(); });
  };
  const auto unmatched = std::find_if(modules.begin(), modules.end(), [this](const AdapterModule& module) {
    return !m_weights.contains(in_base(module.canonical));
  });
  if (unmatched == modules.end()) {
    return;
  }
  auto most = matching();
  std::pair<bool, std::string> best;
  const auto candidates = prefixes_for(in_base(unmatched->canonical));
  for (const auto& candidate : std::set(candidates.begin(), candidates.end())) {
    std::tie(m_adapter_has_more, m_prefix) = candidate;
    const auto count = matching();
    if (count >= most) {
      best = count > most ? candidate : std::pair<bool, std::string>();  // two that do equally well: neither
      most = count;
    }
  }
  std::tie(m_adapter_has_more, m_prefix) = best;
}

std::string BaseMatch::spelled(const std::string& canonical) const {
  if (!m_adapter_has_more) {
    return m_prefix + canonical;
  }
  return canonical.starts_with(m_prefix) ? canonical.substr(m_prefix.size()) : canonical;
}

std::string BaseMatch::prefix_words() const {
  if (m_prefix.empty()) {
    return {};
  }
  return std::string(m_adapter_has_more ? "the adapter's" : "the base's") + " names have \"" + m_prefix + "\" before the other's";
}

BaseWeight BaseMatch::of(const AdapterModule& module) const {
  const auto found = m_weights.find(spelled(in_base(module.canonical)));
  return found == m_weights.end() ? BaseWeight() : found->second;
}

}  // namespace upinspect::lora
