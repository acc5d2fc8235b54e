// SPDX-License-Identifier: Apache-2.0
// name   = [ module separator ] role [ separator "param" ] "." extension
// role   = "up" | "down" | "lora_up" | "lora_down" | "lora_A" | "lora_B" | "alpha" | "lora_alpha"
// module = a component ("lora_unet", "lora_te", "unet", …) or any text
#include "lora/half_name.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace upinspect::lora {

namespace {

constexpr std::array<std::string_view, 14> k_extensions{".bin", ".pt",  ".pth", ".npy", ".npz", ".safetensors", ".ckpt",
                                                        ".pkl", ".pickle", ".zip", ".raw", ".dat", ".f32", ".f16"};
constexpr std::array<std::string_view, 2> k_text_extensions{".txt", ".json"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> k_half_components{
    {{"unet", "unet"}, {"te", "text_encoder"}, {"te1", "text_encoder"}, {"te2", "text_encoder_2"}, {"te3", "text_encoder_3"},
     {"text_encoder", "text_encoder"}, {"text_encoder_2", "text_encoder_2"}, {"text_encoder_3", "text_encoder_3"},
     {"transformer", "transformer"}}};

bool is_separator(char c) { return c == '_' || c == '-' || c == '.' || c == ' '; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// A stem taken apart from its end, word by word.
class Words {
 public:
  explicit Words(std::string_view stem) : m_head(stem) {}

  [[nodiscard]] std::string_view last() const {
    const auto start = std::find_if(m_head.rbegin(), m_head.rend(), is_separator).base();
    return m_head.substr(static_cast<std::size_t>(start - m_head.begin()));
  }
  void drop() {
    m_head.remove_suffix(last().size());
    while (!m_head.empty() && is_separator(m_head.back())) {
      m_head.remove_suffix(1);
    }
  }
  bool drop_if(std::string_view word) {
    const bool there = lower(last()) == word;
    if (there) {
      drop();
    }
    return there;
  }
  [[nodiscard]] std::string_view head() const { return m_head; }

 private:
  std::string_view m_head;
};

std::optional<std::string_view> stem_of(std::string_view file, bool& is_text) {
  const auto dot = file.rfind('.');
  if (dot == std::string_view::npos) {
    return std::nullopt;
  }
  constexpr std::size_t k_longest = std::string_view(".safetensors").size();
  // Keys of models end like that, by the hundred thousand.
  if (file.size() - dot > k_longest || file.substr(dot) == ".weight" || file.substr(dot) == ".bias") {
    return std::nullopt;
  }
  const auto extension = lower(file.substr(dot));
  is_text = std::find(k_text_extensions.begin(), k_text_extensions.end(), extension) != k_text_extensions.end();
  const bool known = is_text || std::find(k_extensions.begin(), k_extensions.end(), extension) != k_extensions.end();
  return known ? std::optional(file.substr(0, dot)) : std::nullopt;
}

/// The role at the end of the words, which is then gone; "lora" before it goes with it and makes it certain.
std::string role_at_end(Words& words, bool& certain) {
  const auto word = lower(words.last());
  std::string role = word == "up" || word == "down" || word == "alpha" ? word : "";
  if (!role.empty()) {
    words.drop();
    const bool named = words.drop_if("lora") || (role == "alpha" && words.drop_if("network"));
    certain = certain || named;
    return role;
  }
  if (word != "a" && word != "b") {
    return {};
  }
  words.drop();
  certain = true;
  return words.drop_if("lora") ? (word == "a" ? "down" : "up") : "";
}

std::string component_of_file(std::string_view head) {
  auto name = lower(head);
  name = name.starts_with("lora_") || name.starts_with("lora-") ? name.substr(5) : name;
  std::replace(name.begin(), name.end(), '-', '_');
  const auto* found = std::find_if(k_half_components.begin(), k_half_components.end(), [&name](const auto& row) { return row.first == name; });
  return found == k_half_components.end() ? std::string() : std::string(found->second);
}

}  // namespace

std::optional<HalfName> read_half_name(std::string_view file) {
  bool is_text = false;
  const auto stem = stem_of(file, is_text);
  if (!stem) {
    return std::nullopt;
  }
  Words words(*stem);
  bool certain = words.drop_if("param") || words.drop_if("params") || words.drop_if("weight") || words.drop_if("weights");
  HalfName name;
  name.role = role_at_end(words, certain);
  if (name.role.empty() || (is_text && name.role != "alpha")) {
    return std::nullopt;
  }
  const auto component = component_of_file(words.head());
  name.module = component.empty() ? std::string(words.head()) : component;
  name.sureness = certain || words.head().empty() || !component.empty() ? Sureness::certain : Sureness::plausible;
  return name;
}

std::string_view opposite(std::string_view role) { return role == "up" ? "down" : "up"; }

bool is_component(std::string_view module) { return !component_text(module).empty(); }

std::string_view component_text(std::string_view module) {
  const auto* found = std::find_if(k_half_components.begin(), k_half_components.end(), [module](const auto& row) { return row.second == module; });
  return found == k_half_components.end() ? std::string_view() : found->second;
}

}  // namespace upinspect::lora
