// SPDX-License-Identifier: Apache-2.0
#include "lora/base_match.hpp"

#include "lora/canonical.hpp"
#include "lora/split_names.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace upinspect::lora {

namespace {

constexpr std::string_view k_weight = ".weight";
constexpr std::string_view k_bias = ".bias";

std::string without(const std::string& name, std::string_view suffix) { return name.substr(0, name.size() - suffix.size()); }

}  // namespace

std::vector<std::uint64_t> shape_for(const AdapterModule& module, const BaseWeight& found, const std::vector<std::size_t>& places,
                                     const std::vector<Tensor>& base) {
  auto shape = base[places.front()].shape;
  for (std::size_t i = 1; i < places.size() && !shape.empty(); ++i) {
    const auto& part = base[places[i]].shape;
    const bool alike = part.size() == shape.size() && std::equal(part.begin() + 1, part.end(), shape.begin() + 1);
    shape[0] += alike ? part[0] : 0;  // what is left out makes the sizes differ
  }
  if (found.first_rows && module.out_features && !shape.empty() && *module.out_features <= shape[0]) {
    shape[0] = *module.out_features;
  }
  return shape;
}

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
  if (std::any_of(modules.begin(), modules.end(), [](const AdapterModule& module) { return position_component(module.name).has_value(); })) {
    std::vector<NamedShape> shapes;
    for (const auto& [name, entry] : m_weights) {
      shapes.push_back({name, entry.weight ? base[*entry.weight].shape : std::vector<std::uint64_t>()});
    }
    m_positions = read_positions(modules, shapes);
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
    return std::count_if(modules.begin(), modules.end(), [this](const AdapterModule& module) { return of(module).found(); });
  };
  const auto unmatched = std::find_if(modules.begin(), modules.end(), [this](const AdapterModule& module) {
    return !position_component(module.name) && !of(module).weight && !of(module).bias && of(module).parts.empty();
  });
  if (unmatched == modules.end()) {
    return;
  }
  auto most = matching();
  std::pair<bool, std::string> best;
  auto candidates = prefixes_for(name_in_base(unmatched->canonical));
  for (const auto& name : split_names(unmatched->canonical)) {
    const auto more = prefixes_for(name);
    candidates.insert(candidates.end(), more.begin(), more.end());
  }
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
    return m_positions.words;
  }
  return std::string(m_adapter_has_more ? "the adapter's" : "the base's") + " names have \"" + m_prefix + "\" before the other's" +
         (m_positions.words.empty() ? "" : "; " + m_positions.words);
}

std::string BaseMatch::why_missing(const AdapterModule& module, bool bias) const {
  if (const auto component = position_component(module.name)) {
    if (const auto found = m_positions.why.find(*component); found != m_positions.why.end()) {
      return found->second;
    }
  }
  return std::string("no ") + (bias ? "bias" : "weight") + " of the base has this name";
}

std::string BaseMatch::canonical_of(const AdapterModule& module) const {
  const auto position = m_positions.names.find(module.name);
  return position == m_positions.names.end() ? module.canonical : position->second;
}

/// All of them, or none.
BaseWeight BaseMatch::split(const std::string& canonical) const {
  BaseWeight out;
  for (const auto& name : split_names(canonical)) {
    const auto found = m_weights.find(spelled(name));
    if (found == m_weights.end() || !found->second.weight) {
      return {};
    }
    out.ambiguous = out.ambiguous || found->second.ambiguous;
    out.parts.push_back(*found->second.weight);
  }
  return out;
}

BaseMatch::SavedLayer BaseMatch::saved_layer(const std::string& tensor) const {
  const auto cut = [](std::string text, std::string_view end) { return text.ends_with(end) ? without(text, end) : text; };
  const bool is_bias = tensor.ends_with(k_bias);
  SavedLayer out;
  out.target = is_bias ? UpdateTarget::bias : UpdateTarget::weight;
  out.module.name = cut(cut(cut(tensor, is_bias ? k_bias : k_weight), ".default"), ".modules_to_save");
  out.module.canonical = canonical_name(out.module.name);
  out.module.method = k_saved_layer;
  out.module.parts = {{"saved", tensor}};
  out.found = of(out.module);
  out.found.parts.clear();
  return out;
}

BaseWeight BaseMatch::of(const AdapterModule& module) const {
  const auto canonical = canonical_of(module);
  const auto found = m_weights.find(spelled(name_in_base(canonical)));
  if (found == m_weights.end()) {
    return split(canonical);
  }
  auto out = found->second;
  out.first_rows = is_of_first_rows(canonical);
  return out;
}

}  // namespace upinspect::lora
