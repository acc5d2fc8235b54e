// SPDX-License-Identifier: Apache-2.0
#include "lora/drafts.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
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
    std::vector<Placed> readings;  // of those that name a part
    for (const auto& tensor : m_tensors) {
      if (auto reading = view_key(tensor.name)) {
        auto& module = module_of(reading->module);
        auto& company = module.second;
        company.strong = company.strong || reading->weight == Weight::strong;
        company.add(reading->role);
        m_ia3 = m_ia3 || company.on_input;
        if (readings.empty()) {
          readings.reserve(m_tensors.size());
        }
        readings.push_back({&tensor, &module, std::move(reading->role), reading->spelling, reading->weight});
      }
    }
    m_drafts.modules.reserve(m_modules.size());
    auto next = readings.begin();
    for (const auto& tensor : m_tensors) {
      if (next != readings.end() && next->tensor == &tensor) {
        place(*next);
        ++next;
      } else {
        place_unnamed(tensor);
      }
    }
    return std::move(m_drafts);
  }

 private:
  /// What the keys of one module have.
  struct Company {
    bool strong = false;  ///< a part that makes a module by itself
    bool on_input = false;
    std::uint8_t halves = 0;  ///< of GLoRA's four matrices, a bit each
    std::size_t draft = k_no_draft;

    void add(std::string_view role) {
      constexpr std::array<std::string_view, 4> k_halves{"a1", "a2", "b1", "b2"};
      if (role.size() == k_halves.front().size()) {
        const auto half = std::find(k_halves.begin(), k_halves.end(), role) - k_halves.begin();
        halves = static_cast<std::uint8_t>(halves | ((1U << half) & 0x0fU));
      }
      on_input = on_input || role == "on_input";
    }
  };

  /// Names are views of the tensors' names.
  using Modules = std::unordered_map<std::string_view, Company>;

  /// What a key says, and the module of it among the others; the map's elements stay where they are.
  struct Placed {
    const Tensor* tensor;
    Modules::value_type* module;
    std::string role;
    Spelling spelling;
    Weight weight;
  };

  /// The halves of a module mostly follow one another.
  Modules::value_type& module_of(std::string_view name) {
    if (m_last == nullptr || m_last->first != name) {
      m_last = &*m_modules.try_emplace(name).first;
    }
    return *m_last;
  }

  void place_unnamed(const Tensor& tensor) {
    if (auto* module = m_ia3 ? module_of_factor(tensor.name) : nullptr) {
      Placed part{&tensor, module, "factor", Spelling::lycoris, Weight::strong};
      place(part);
    } else {
      m_drafts.other.push_back(&tensor);
    }
  }

  /// Takes the role.
  void place(Placed& part) {
    if (!is_module(part)) {
      m_drafts.other.push_back(part.tensor);
      return;
    }
    auto& draft = draft_of(*part.module);
    if (draft.parts.size() >= k_most_parts || draft.has(part.role)) {
      m_drafts.other.push_back(part.tensor);  // two adapters under one module: the first is told
      return;
    }
    if (const std::string_view role = part.role; draft.spelling == Spelling::shared || role == "down" || role == "up") {
      draft.spelling = part.spelling == Spelling::shared ? draft.spelling : part.spelling;
    }
    draft.parts.push_back({std::move(part.role), part.tensor});
  }

  /// IA3 calls its vector X.weight, as any layer does; X.on_input beside it tells.
  Modules::value_type* module_of_factor(std::string_view name) {
    constexpr std::string_view k_suffix = ".weight";
    if (!name.ends_with(k_suffix)) {
      return nullptr;
    }
    const auto module = m_modules.find(name.substr(0, name.size() - k_suffix.size()));
    return module == m_modules.end() || !module->second.on_input ? nullptr : &*module;
  }

  /// GLoRA's four matrices have names that layers of base models can have as well.
  [[nodiscard]] static bool is_module(const Placed& part) {
    constexpr unsigned k_all = 0x0f;
    const auto& [name, company] = *part.module;
    const bool named = name.starts_with("lora_") || name.starts_with("lycoris_");
    return part.weight == Weight::strong || company.strong || company.halves == k_all || (named && company.halves != 0);
  }

  Draft& draft_of(Modules::value_type& module) {
    auto& company = module.second;
    if (company.draft == k_no_draft) {
      company.draft = m_drafts.modules.size();
      m_drafts.modules.push_back({std::string(module.first), Spelling::shared, {}, {}});
      m_drafts.modules.back().parts.reserve(2);
    }
    return m_drafts.modules[company.draft];
  }

  static constexpr std::size_t k_no_draft = ~std::size_t{0};

  const std::vector<Tensor>& m_tensors;
  Drafts m_drafts;
  bool m_ia3 = false;
  Modules m_modules;
  Modules::value_type* m_last = nullptr;
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
  explicit DraftsByShape(const std::vector<Tensor>& tensors) : m_tensors(tensors) {}

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
    if (tensor.shape.size() < 2 || m_taken.contains(&tensor)) {
      return;
    }
    for (const auto& partner : partners_of(tensor.name)) {
      const auto found = by_name().find(partner.name);
      if (found == by_name().end() || m_taken.contains(found->second)) {
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

  /// Made when the first name has a word with a partner.
  const std::unordered_map<std::string_view, const Tensor*>& by_name() {
    for (const auto& tensor : m_by_name.empty() ? std::span(m_tensors) : std::span<const Tensor>()) {
      m_by_name.emplace(tensor.name, &tensor);
    }
    return m_by_name;
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
