// SPDX-License-Identifier: Apache-2.0
// cloneofsimo/lora lora_diffusion/lora.py: _find_modules walks model.modules() for CrossAttention, Attention and GEGLU (older
// releases without GEGLU), or CLIPAttention, and takes every nn.Linear below. diffusers registers mid_block after up_blocks,
// for it is first set to None, and old releases of its BasicTransformerBlock the feed-forward before attn2.
#include "lora/positions.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <unordered_map>

namespace upinspect::lora {

namespace {

using Shapes = std::unordered_map<std::string, std::vector<std::uint64_t>>;
/// Signed: libstdc++ before 12.4 compares vectors of unsigned numbers by too few bytes on big-endian machines (PR 113960).
using Key = std::vector<int>;

/// Layers in an order, and the order in words.
struct Order {
  std::vector<std::string> layers;
  std::string words;
  bool proven = true;  ///< by the shapes; else they are all alike
};

/// The numbers in a name.
Key numbers_in(std::string_view name) {
  Key out;
  for (auto at = name.find_first_of("0123456789"); at != std::string_view::npos; at = name.find_first_of("0123456789", at)) {
    int number = 0;
    const auto [end, error] = std::from_chars(name.data() + at, name.data() + name.size(), number);
    out.push_back(error == std::errc() ? number : 0);
    at = static_cast<std::size_t>(end - name.data());
  }
  return out;
}

/// What stands before `end` in every name that ends so, those of one model part after another, each in its own order.
std::vector<std::string> stems(const std::vector<NamedShape>& base, std::string_view end, const std::vector<std::string_view>& parts) {
  std::vector<std::pair<Key, std::string>> found;
  for (const auto& weight : base) {
    const auto& name = weight.name;
    const auto part = std::find_if(parts.begin(), parts.end(), [&name](std::string_view start) { return name.find(start) != std::string::npos; });
    if (name.ends_with(end) && part != parts.end()) {
      const auto stem = name.substr(0, name.size() - end.size());
      auto key = numbers_in(std::string_view(stem).substr(stem.find(*part)));
      key.insert(key.begin(), static_cast<int>(part - parts.begin()));
      found.emplace_back(std::move(key), stem);
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> out;
  std::transform(found.begin(), found.end(), std::back_inserter(out), [](const auto& one) { return one.second; });
  return out;
}

std::vector<std::string> all_of(const std::vector<std::string>& stems, const std::vector<std::string_view>& ends) {
  std::vector<std::string> out;
  for (const auto& stem : stems) {
    for (const auto end : ends) {
      out.push_back(stem + std::string(end));
    }
  }
  return out;
}

/// All orders in which lora_diffusion may have met the layers of this base.
std::vector<Order> orders(const std::vector<NamedShape>& base) {
  static const std::vector<std::string_view> k_attn1{"attn1_to_q", "attn1_to_k", "attn1_to_v", "attn1_to_out_0"};
  static const std::vector<std::string_view> k_attn2{"attn2_to_q", "attn2_to_k", "attn2_to_v", "attn2_to_out_0"};
  static const std::vector<std::string_view> k_forward{"ff_net_0_proj"};
  const auto joined = [](std::vector<std::string_view> first, const std::vector<std::string_view>& second, const std::vector<std::string_view>& third) {
    first.insert(first.end(), second.begin(), second.end());
    first.insert(first.end(), third.begin(), third.end());
    return first;
  };
  std::vector<Order> out;
  for (const auto& [parts, part_words] : {std::pair<std::vector<std::string_view>, const char*>{{"down_blocks_", "up_blocks_", "mid_block_"}, "down, up, mid"},
                                          {{"down_blocks_", "mid_block_", "up_blocks_"}, "down, mid, up"}}) {
    const auto blocks = stems(base, "attn1_to_q", parts);
    out.push_back({all_of(blocks, joined(k_attn1, k_forward, k_attn2)), std::string(part_words) + ", in each block attn1, ff, attn2", true});
    out.push_back({all_of(blocks, joined(k_attn1, k_attn2, k_forward)), std::string(part_words) + ", in each block attn1, attn2, ff", true});
    out.push_back({all_of(blocks, joined(k_attn1, k_attn2, {})), std::string(part_words) + ", in each block attn1, attn2", true});
  }
  out.push_back({all_of(stems(base, "self_attn_q_proj", {"encoder_layers_"}), {"self_attn_k_proj", "self_attn_v_proj", "self_attn_q_proj", "self_attn_out_proj"}),
                 "layer after layer, in each k, v, q, out, as transformers registers them", false});
  return out;
}

bool fits(const AdapterModule& module, const Shapes& shapes, const std::string& layer) {
  const auto found = shapes.find(layer);
  return found != shapes.end() && found->second.size() >= 2 && module.out_features == found->second[0] && module.in_features == found->second[1];
}

unsigned index_of(const std::string& module) {
  unsigned index = 0;
  const auto colon = module.rfind(':');
  const auto start = colon == std::string::npos ? 0 : colon + 1;
  std::from_chars(module.data() + start, module.data() + module.size(), index);
  return index;
}

class Reading {
 public:
  explicit Reading(const std::vector<NamedShape>& base) : m_orders(orders(base)) {
    for (const auto& [name, shape] : base) {
      m_shapes.emplace(name, shape);
    }
  }

  void component(const std::string& name, std::vector<const AdapterModule*> modules, Positions& out) const {
    std::sort(modules.begin(), modules.end(), [](const auto* a, const auto* b) { return index_of(a->name) < index_of(b->name); });
    std::set<std::vector<std::string>> fitting;
    const Order* taken = nullptr;
    for (const auto& order : m_orders) {
      if (!order.layers.empty() && first_misfit(modules, order) == modules.size() && order.layers.size() == modules.size()) {
        taken = fitting.insert(order.layers).second ? &order : taken;
      }
    }
    if (fitting.size() != 1) {
      out.why[name] = fitting.empty() ? why_none(modules) : "its positions fit the base in several orders";
      return;
    }
    for (std::size_t i = 0; i < modules.size(); ++i) {
      out.names.emplace(modules[i]->name, taken->layers[i]);
    }
    out.words += fmt::format("{}the {} positions{} are a guess: {}{}", out.words.empty() ? "" : "; ", modules.size(),
                             name.empty() ? "" : " of " + name, taken->words, taken->proven ? ", the one order that fits all shapes" : "; all shapes are alike");
  }

 private:
  [[nodiscard]] std::size_t first_misfit(const std::vector<const AdapterModule*>& modules, const Order& order) const {
    std::size_t i = 0;
    while (i < modules.size() && i < order.layers.size() && index_of(modules[i]->name) == i && fits(*modules[i], m_shapes, order.layers[i])) {
      ++i;
    }
    return i;
  }

  /// By the order that gets furthest.
  [[nodiscard]] std::string why_none(const std::vector<const AdapterModule*>& modules) const {
    std::size_t furthest = 0;
    std::size_t layers = 0;
    for (const auto& order : m_orders) {
      const auto misfit = first_misfit(modules, order);
      const bool closer = misfit > furthest || (misfit == furthest && order.layers.size() > layers && layers != modules.size());
      layers = closer ? order.layers.size() : layers;
      furthest = std::max(furthest, misfit);
    }
    if (layers == 0) {
      return "its modules are positions, not names, and the base has no UNet's or text encoder's attention layers in diffusers' or LDM's names to count";
    }
    return fmt::format("its modules are positions, not names: {} of them, where the base has {} layers that lora_diffusion would count{}", modules.size(), layers,
                       furthest < modules.size() ? fmt::format("; the shapes part at position {}", furthest) : "");
  }

  std::vector<Order> m_orders;
  Shapes m_shapes;
};

}  // namespace

std::optional<std::string> position_component(const std::string& module) {
  const auto colon = module.rfind(':');
  const auto index = module.substr(colon == std::string::npos ? 0 : colon + 1);
  const bool number = !index.empty() && index.size() < 6 && index.find_first_not_of("0123456789") == std::string::npos;
  return number ? std::optional(colon == std::string::npos ? std::string() : module.substr(0, colon)) : std::nullopt;
}

Positions read_positions(const std::vector<AdapterModule>& modules, const std::vector<NamedShape>& base) {
  std::map<std::string, std::vector<const AdapterModule*>> components;
  for (const auto& module : modules) {
    if (const auto component = position_component(module.name)) {
      components[*component].push_back(&module);
    }
  }
  Positions out;
  if (components.empty()) {
    return out;
  }
  const Reading reading(base);
  for (const auto& [name, members] : components) {
    reading.component(name, members, out);
  }
  return out;
}

}  // namespace upinspect::lora
