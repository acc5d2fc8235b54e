// SPDX-License-Identifier: Apache-2.0
#include "convert/module_names.hpp"

#include "bytes/json_reader.hpp"
#include "bytes/parse_error.hpp"
#include "convert/dotting.hpp"
#include "convert/listing.hpp"
#include "lora/canonical.hpp"
#include "lora/split_names.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <set>

namespace upinspect::convert {

namespace {

constexpr std::array<std::string_view, 8> k_flat_prefixes{"lora_unet_", "lora_transformer_", "lora_prior_unet_", "lora_te1_",
                                                          "lora_te2_", "lora_te3_", "lora_te_", "lycoris_"};

constexpr std::string_view k_raw_triad = "raw-triad";

/// True for names without dots, as kohya and LyCORIS flatten them.
bool is_flat(std::string_view name) {
  return std::any_of(k_flat_prefixes.begin(), k_flat_prefixes.end(),
                     [name](std::string_view prefix) { return name.starts_with(prefix); });
}

/// A module that says nothing of where it belongs: a raw triad's, a bare list's.
bool is_nameless(const Adapter& adapter, const AdapterModule& module) {
  const auto& name = module.name;
  const auto separator = name.find_last_of(adapter.family == k_raw_triad ? ":." : ":");
  const auto digits = name.substr(separator == std::string::npos ? 0 : separator + 1);
  const bool number = digits.find_first_not_of("0123456789") == std::string::npos;
  const bool component = name == "unet" || name == "transformer" || name == "text_encoder" || name == "text_encoder_2";
  return number || adapter.guessed || (component && adapter.family == k_raw_triad);
}

/// Text encoders keep their component: another network of the same pipeline can have a module of the same path.
std::string with_component(std::string_view module, const std::string& path) {
  const auto component = lora::component_of(module);
  return component.starts_with("text_encoder") || component == "prior" ? std::string(component) + "." + path : path;
}

/// kohya's flat names, given their dots back by whoever knows them.
class FlatNames {
 public:
  FlatNames(const Input& input, const std::vector<std::string>& flat, const NamingOptions& options) : m_dotting(flat) {
    read_header(input.metadata());
    for (const auto& weight : options.base_weights) {
      m_known.emplace(flattened(lora::base_path(weight)), lora::base_path(weight));
    }
  }

  [[nodiscard]] std::optional<std::string> path(const std::string& flat) const {
    const auto known = m_known.find(flat);
    return known != m_known.end() ? std::optional(known->second) : m_dotting.dotted(flat);
  }

 private:
  /// What stands there is believed only where it is the same name with dots.
  void read_header(const Value& metadata) {
    const auto* entry = metadata.find(k_paths_key);
    const auto* text = entry == nullptr ? nullptr : entry->if_string();
    if (text == nullptr) {
      return;
    }
    try {
      const auto object = bytes::parse_json(*text, 0, k_paths_key);
      for (const auto& [name, path] : object.if_object() == nullptr ? Value::Object{} : *object.if_object()) {
        const auto* dotted = path.if_string();
        if (dotted != nullptr && flattened(*dotted) == name) {
          m_known.emplace(name, *dotted);
        }
      }
    } catch (const bytes::ParseError&) {
      m_known.clear();
    }
  }

  std::map<std::string, std::string, std::less<>> m_known;
  Dotting m_dotting;
};

std::uint64_t number_at_end(const std::string& name) {
  const auto start = name.find_last_not_of("0123456789") + 1;
  const auto digits = name.substr(start, 18);
  return digits.empty() ? 0 : std::stoull(digits);
}

class Naming {
 public:
  Naming(const Input& input, const std::vector<ModuleFactors>& modules, const NamingOptions& options)
      : m_input(input), m_modules(modules), m_options(options), m_paths(modules.size()) {}

  std::vector<std::string> run(Reasons& reasons) {
    name_nameless(reasons);
    name_flat(reasons);
    name_dotted(reasons);
    return std::move(m_paths);
  }

 private:
  [[nodiscard]] const std::string& name(std::size_t i) const { return m_modules[i].module->name; }
  /// A raw triad's name is its configuration's, at best: --module goes before it.
  [[nodiscard]] bool nameless(std::size_t i) const {
    const bool renamed = !m_options.modules.empty() && m_input.adapter()->family == k_raw_triad;
    return renamed || is_nameless(*m_input.adapter(), *m_modules[i].module);
  }
  [[nodiscard]] bool flat(std::size_t i) const { return !nameless(i) && is_flat(name(i)); }
  void name_nameless(Reasons& reasons);
  void name_flat(Reasons& reasons);
  void name_dotted(Reasons& reasons);
  [[nodiscard]] std::vector<std::string> configured() const;

  const Input& m_input;
  const std::vector<ModuleFactors>& m_modules;
  const NamingOptions& m_options;
  std::vector<std::string> m_paths;
};

/// target_modules of the configuration, where it is a list of names.
std::vector<std::string> Naming::configured() const {
  std::vector<std::string> names;
  const auto* targets = m_input.config().find("target_modules");
  const auto* list = targets == nullptr ? nullptr : targets->if_array();
  for (const auto& entry : list == nullptr ? Value::Array{} : *list) {
    if (const auto* text = entry.if_string()) {
      names.push_back(*text);
    }
  }
  if (const auto* text = targets == nullptr ? nullptr : targets->if_string();
      text != nullptr && text->find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") == std::string::npos) {
    names.push_back(*text);
  }
  return names;
}

/// --module names them in order (numbered ones in the order of their numbers); one alone can take the configuration's.
void Naming::name_nameless(Reasons& reasons) {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < m_modules.size(); ++i) {
    if (nameless(i)) {
      indices.push_back(i);
    }
  }
  std::stable_sort(indices.begin(), indices.end(), [this](std::size_t a, std::size_t b) {
    const auto head = [](const std::string& text) { return text.substr(0, text.find_last_not_of("0123456789") + 1); };
    return head(name(a)) != head(name(b)) ? false : number_at_end(name(a)) < number_at_end(name(b));
  });
  auto given = m_options.modules;
  const auto from_config = configured();
  if (given.empty() && indices.size() == 1 && from_config.size() == 1) {
    given = from_config;
  }
  if (given.size() != indices.size()) {
    std::vector<std::string> names;
    for (const auto i : indices) {
      names.push_back(name(i));
    }
    const auto count = std::to_string(indices.size());
    reasons.add(indices.empty() ? "--module names modules that have no name of their own; here all " + std::to_string(m_modules.size()) + " have one"
                : given.empty() ? "nothing names " + listing("module", names) + ": give --module NAME " +
                                      (indices.size() == 1 ? "(its path in the base model, such as model.layers.0.self_attn.q_proj)"
                                                           : count + " times, in their order, or --module @FILE with a name on each line")
                                : "--module is given for " + std::to_string(given.size()) + " modules, " + count + " need a name (" +
                                      listing("module", names) + ")");
    return;
  }
  for (std::size_t i = 0; i < indices.size(); ++i) {
    m_paths[indices[i]] = with_component(given[i], lora::without_processor(std::string(lora::base_path(given[i]))));
  }
}

void Naming::name_flat(Reasons& reasons) {
  std::vector<std::string> flat_paths(m_modules.size());
  std::vector<std::string> all;
  for (std::size_t i = 0; i < m_modules.size(); ++i) {
    if (flat(i)) {
      flat_paths[i] = lora::base_path(name(i));
      if (flat_paths[i].starts_with("lycoris_")) {
        flat_paths[i].erase(0, std::string_view("lycoris_").size());
      }
      all.push_back(flat_paths[i]);
    }
  }
  if (m_options.flat == FlatNaming::stays) {
    for (std::size_t i = 0; i < m_modules.size(); ++i) {
      m_paths[i] = flat(i) ? name(i) : m_paths[i];
    }
    return;
  }
  const FlatNames known(m_input, all, m_options);
  std::vector<std::string> unknown;
  for (std::size_t i = 0; i < m_modules.size(); ++i) {
    if (flat(i)) {
      const auto path = known.path(flat_paths[i]);
      path ? static_cast<void>(m_paths[i] = with_component(name(i), *path)) : unknown.push_back(name(i));
    }
  }
  if (!unknown.empty()) {
    reasons.add("the dots that kohya's names have lost cannot be told for " + listing("module", unknown) +
                "; give --base MODEL (a safetensors file or index of the base model; only its header is read)");
  }
}

/// The path of a layer whose name is llama.cpp's, as the base spells it: a part of a larger model may have more before it.
/// Nothing where the base has no such layer. What the output shares with the embeddings has no weight of its own.
std::optional<std::string> path_in_base(const std::string& path, const std::vector<std::string>& weights) {
  const auto ends = [](const std::string& whole, const std::string& end) { return whole == end || whole.ends_with("." + end); };
  std::vector<std::string> longer;
  for (const auto& weight : weights) {
    if (ends(path, weight)) {
      return path;
    }
    if (ends(weight, path)) {
      longer.push_back(weight);
    }
  }
  if (longer.size() == 1) {
    return longer.front();
  }
  return weights.empty() || path == "lm_head" ? std::optional(path) : std::nullopt;
}

void Naming::name_dotted(Reasons& reasons) {
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < m_modules.size(); ++i) {
    if (nameless(i) || flat(i)) {
      continue;
    }
    const auto& given = m_modules[i].module->path;
    const auto in_base = given.empty() ? std::nullopt : path_in_base(given, m_options.base_weights);
    if (!given.empty() && !in_base) {
      missing.push_back(given);
    }
    m_paths[i] = in_base ? *in_base
                         : with_component(name(i), lora::layer_of_first_rows(lora::without_processor(std::string(lora::base_path(name(i))))));
  }
  if (!missing.empty()) {
    reasons.add("the base has no weight for " + listing("module", missing));
  }
}

}  // namespace

std::vector<std::string> peft_paths(const Input& input, const std::vector<ModuleFactors>& modules, const NamingOptions& options,
                                    Reasons& reasons) {
  return Naming(input, modules, options).run(reasons);
}

std::string canonical_at(const Input& input, const ModuleFactors& module, const std::string& path) {
  const bool renamed = is_nameless(*input.adapter(), *module.module) || input.adapter()->family == k_raw_triad ||
                       !module.module->path.empty() || module.padded;
  return renamed ? lora::canonical_name(path) : module.module->canonical;
}

std::vector<std::string> kohya_names(const std::vector<std::string>& paths) {
  const bool several = std::any_of(paths.begin(), paths.end(), [](const std::string& path) {
    const auto component = lora::component_of(path);
    return component == "text_encoder_2" || component == "text_encoder_3";
  });
  std::vector<std::string> names;
  for (const auto& path : paths) {
    const auto component = lora::component_of(path);
    const std::string prefix = component == "text_encoder"     ? (several ? "lora_te1_" : "lora_te_")
                               : component == "text_encoder_2" ? "lora_te2_"
                               : component == "text_encoder_3" ? "lora_te3_"
                               : component == "prior"          ? "lora_prior_unet_"
                                                               : "lora_unet_";
    names.push_back(prefix + flattened(lora::base_path(path)));
  }
  return names;
}

void require_different(const std::vector<std::string>& names, const std::vector<ModuleFactors>& modules, Reasons& reasons) {
  std::map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto [entry, is_new] = first.emplace(names[i], i);
    if (!is_new && !names[i].empty()) {
      reasons.add("\"" + modules[entry->second].module->name + "\" and \"" + modules[i].module->name + "\" would both be called \"" +
                  names[i] + "\"");
    }
  }
}

}  // namespace upinspect::convert
