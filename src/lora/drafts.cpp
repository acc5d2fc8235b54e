// SPDX-License-Identifier: Apache-2.0
#include "lora/drafts.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

namespace upinspect::lora {

namespace {

/// No method has so many; parts are looked for one by one.
constexpr std::size_t k_most_parts = 256;

class DraftsByKey {
 public:
  explicit DraftsByKey(const std::vector<Tensor>& tensors) : m_tensors(tensors) {}

  Drafts sorted() {
    for (const auto& tensor : m_tensors) {
      if (auto reading = read_key(tensor.name)) {
        m_strength[reading->module] |= reading->weight == Weight::strong;
        m_roles[reading->module].insert(reading->role);
        m_ia3 = m_ia3 || reading->role == "on_input";
      }
    }
    for (const auto& tensor : m_tensors) {
      place(tensor);
    }
    return std::move(m_drafts);
  }

 private:
  void place(const Tensor& tensor) {
    auto reading = read_key(tensor.name);
    if (!reading && m_ia3) {
      reading = factor(tensor.name);
    }
    if (!reading || !is_module(*reading)) {
      m_drafts.other.push_back(&tensor);
      return;
    }
    auto& draft = draft_of(reading->module);
    if (draft.parts.size() >= k_most_parts || draft.has(reading->role)) {
      m_drafts.other.push_back(&tensor);  // two adapters under one module: the first is told
      return;
    }
    if (draft.spelling == Spelling::shared || reading->role == "down" || reading->role == "up") {
      draft.spelling = reading->spelling == Spelling::shared ? draft.spelling : reading->spelling;
    }
    draft.parts.push_back({reading->role, &tensor});
  }

  /// IA3 calls its vector X.weight, as any layer does; X.on_input beside it tells.
  std::optional<KeyReading> factor(const std::string& name) const {
    constexpr std::string_view k_suffix = ".weight";
    if (!name.ends_with(k_suffix)) {
      return std::nullopt;
    }
    auto module = name.substr(0, name.size() - k_suffix.size());
    const auto roles = m_roles.find(module);
    if (roles == m_roles.end() || !roles->second.contains("on_input")) {
      return std::nullopt;
    }
    return KeyReading{std::move(module), "factor", Spelling::lycoris, Weight::strong};
  }

  /// GLoRA's four matrices have names that layers of base models can have as well.
  [[nodiscard]] bool is_module(const KeyReading& reading) const {
    if (reading.weight == Weight::strong || m_strength.at(reading.module)) {
      return true;
    }
    const auto& roles = m_roles.at(reading.module);
    const bool named = reading.module.starts_with("lora_") || reading.module.starts_with("lycoris_");
    const auto halves = roles.count("a1") + roles.count("a2") + roles.count("b1") + roles.count("b2");
    return halves == 4 || (named && halves > 0);
  }

  Draft& draft_of(const std::string& module) {
    const auto [place, fresh] = m_index.try_emplace(module, m_drafts.modules.size());
    if (fresh) {
      m_drafts.modules.push_back({module, Spelling::shared, {}, {}});
    }
    return m_drafts.modules[place->second];
  }

  const std::vector<Tensor>& m_tensors;
  Drafts m_drafts;
  bool m_ia3 = false;
  std::unordered_map<std::string, bool> m_strength;
  std::unordered_map<std::string, std::unordered_set<std::string>> m_roles;
  std::unordered_map<std::string, std::size_t> m_index;
};

/// Down (r, in, …) and up (out, r, …) with an r that is well below both: `times` smaller.
bool are_halves(const Tensor& down, const Tensor& up, std::uint64_t times = 2) {
  if (down.shape.size() < 2 || up.shape.size() < 2 || down.elements == 0 || up.elements == 0) {
    return false;
  }
  const auto rank = down.shape[0];
  return up.shape[1] == rank && rank <= down.shape[1] / times && rank <= up.shape[0] / times;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Words that tell two halves apart, in either order.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> k_partners{
    {{"a", "b"}, {"A", "B"}, {"down", "up"}, {"Down", "Up"}, {"in", "out"}, {"u", "v"}, {"left", "right"}}};

/// The name of the other half, for every word of the name that has a partner; the module is the name without the word.
struct Partner {
  std::string name;
  std::string module;
  std::uint64_t times = 2;  ///< how much smaller a rank must be
};

std::string without_word(const std::string& name, std::size_t start, std::size_t length) {
  auto head = name.substr(0, start);
  auto tail = name.substr(start + length);
  if (!head.empty() && !tail.empty() && !is_letter(head.back()) && !is_letter(tail.front()) && head.back() == tail.front()) {
    tail.erase(0, 1);
  }
  return head + tail;
}

/// A hostile name can be words and nothing else.
constexpr std::size_t k_most_partners = 8;

std::vector<Partner> partners_of(const std::string& name) {
  std::vector<Partner> out;
  for (std::size_t start = 0; start < name.size() && out.size() < k_most_partners;) {
    if (!is_letter(name[start])) {
      ++start;
      continue;
    }
    auto end = start;
    while (end < name.size() && is_letter(name[end])) {
      ++end;
    }
    const auto word = std::string_view(name).substr(start, end - start);
    for (const auto& [one, other] : k_partners) {
      if (word == one) {
        auto partner = name;
        // The projections of a base model's MLP are called up and down too, and are a quarter as narrow.
        out.push_back({partner.replace(start, word.size(), other), without_word(name, start, word.size()), word.size() == 1 ? 2U : 8U});
      }
    }
    start = end;
  }
  return out;
}

class DraftsByShape {
 public:
  explicit DraftsByShape(const std::vector<Tensor>& tensors) : m_tensors(tensors) {
    for (const auto& tensor : tensors) {
      m_by_name.emplace(tensor.name, &tensor);
    }
  }

  Drafts sorted() {
    pair_list();
    if (m_drafts.modules.empty()) {
      for (const auto& tensor : m_tensors) {
        pair(tensor);
      }
    }
    if (m_drafts.modules.size() * 4 < m_tensors.size()) {
      return {};
    }
    for (const auto& tensor : m_tensors) {
      if (!m_taken.contains(&tensor)) {
        m_drafts.other.push_back(&tensor);
      }
    }
    m_drafts.guessed = true;
    return std::move(m_drafts);
  }

 private:
  /// cloneofsimo's .pt: a bare list [up0, down0, up1, down1, …].
  void pair_list() {
    if (m_tensors.empty() || m_tensors.size() % 2 != 0) {
      return;
    }
    for (std::size_t i = 0; i < m_tensors.size(); i += 2) {
      if (m_tensors[i].name != std::to_string(i) || m_tensors[i + 1].name != std::to_string(i + 1) ||
          !are_halves(m_tensors[i + 1], m_tensors[i])) {
        return;
      }
    }
    for (std::size_t i = 0; i < m_tensors.size(); i += 2) {
      take(std::to_string(i / 2), m_tensors[i + 1], m_tensors[i], Spelling::cloneofsimo);
    }
  }

  void pair(const Tensor& tensor) {
    if (m_taken.contains(&tensor)) {
      return;
    }
    for (const auto& partner : partners_of(tensor.name)) {
      const auto found = m_by_name.find(partner.name);
      if (found == m_by_name.end() || m_taken.contains(found->second)) {
        continue;
      }
      const auto& other = *found->second;
      if (are_halves(tensor, other, partner.times) || are_halves(other, tensor, partner.times)) {
        const bool is_down = are_halves(tensor, other);
        take(partner.module, is_down ? tensor : other, is_down ? other : tensor, Spelling::shared);
        return;
      }
    }
  }

  void take(std::string module, const Tensor& down, const Tensor& up, Spelling spelling) {
    m_taken.insert(&down);
    m_taken.insert(&up);
    std::vector<DraftPart> parts{{"down", &down}, {"up", &up}};
    if (std::less<>()(&up, &down)) {
      std::swap(parts[0], parts[1]);
    }
    m_drafts.modules.push_back({std::move(module), spelling, std::move(parts), {}});
  }

  const std::vector<Tensor>& m_tensors;
  Drafts m_drafts;
  std::unordered_map<std::string_view, const Tensor*> m_by_name;
  std::unordered_set<const Tensor*> m_taken;
};

}  // namespace

Drafts drafts_by_key(const std::vector<Tensor>& tensors) { return DraftsByKey(tensors).sorted(); }

Drafts drafts_by_shape(const std::vector<Tensor>& tensors) { return DraftsByShape(tensors).sorted(); }

}  // namespace upinspect::lora
