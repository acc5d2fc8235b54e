// SPDX-License-Identifier: Apache-2.0
#include "lora/adapter_reading.hpp"

#include "lora/canonical.hpp"
#include "lora/drafts.hpp"
#include "lora/llama_names.hpp"
#include "lora/shapes.hpp"
#include "lora/target_parameters.hpp"
#include "lora/values.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace upinspect::lora {

namespace {

/// Halves of each method, all of which a module needs.
bool is_whole(const AdapterModule& module) {
  const auto has = [&module](std::string_view role) { return !module.part(role).empty(); };
  const auto factored = [&has](const std::string& name) { return has(name) || (has(name + "_a") && has(name + "_b")); };
  const std::string_view method = module.method;
  if (method == "loha") {
    return has("hada_w1_a") && has("hada_w1_b") && has("hada_w2_a") && has("hada_w2_b");
  }
  if (method == "lokr") {
    return factored("lokr_w1") && factored("lokr_w2");
  }
  if (method == "glora") {
    return has("a1") && has("a2") && has("b1") && has("b2");
  }
  if (method == "ia3") {
    return has("factor");
  }
  if (method != "lora" && method != "dora" && method != "adalora") {
    return true;
  }
  if (has("down") && has("up") && module.parts.size() == 2) {
    return true;
  }
  bool split = has("down.0") || has("up.0");
  bool whole = split || (has("down") && has("up"));
  for (unsigned i = 0; split && whole; ++i) {
    const bool down = has("down." + std::to_string(i));
    const bool up = has("up." + std::to_string(i));
    split = down || up;
    whole = down == up;
  }
  return whole;
}

/// The alpha that a folder of halves keeps in one file for all of them: it is in their scales.
bool is_alpha_of_all(const std::string& name) {
  const auto key = read_key(name);
  return key && key->spelling == Spelling::half_file && key->role == "alpha" && key->module.empty();
}

std::string common_method(const std::vector<AdapterModule>& modules) {
  std::map<std::string, std::size_t> counts;
  for (const auto& module : modules) {
    ++counts[module.method];
  }
  const auto most = std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most->second * 2 > modules.size() ? most->first : "mixed";
}

std::optional<std::uint64_t> common_rank(const std::vector<AdapterModule>& modules) {
  std::optional<std::uint64_t> rank;
  for (const auto& module : modules) {
    if (module.rank && rank && *rank != *module.rank) {
      return std::nullopt;
    }
    rank = module.rank ? module.rank : rank;
  }
  return rank;
}

std::string base_model(const Value& metadata, const Value* config) {
  const auto first_of = [](const Value& object, std::initializer_list<const char*> keys) {
    for (const auto* key : keys) {
      if (auto text = as_text(object.find(key)); !text.empty() && text != "None") {
        return text;
      }
    }
    return std::string();
  };
  auto name = config == nullptr ? std::string() : first_of(*config, {"base_model_name_or_path", "model"});
  return !name.empty() ? name
                       : first_of(metadata, {"ss_base_model_version", "modelspec.architecture", "general.base_model.0.name",
                                             "general.architecture"});
}

/// The draft's name becomes the module's.
AdapterModule module_of(Draft& draft, const Tensor* tensors, const Value* config, std::vector<Finding>& findings) {
  AdapterModule module;
  module.name = std::move(draft.name);
  module.path = std::move(draft.path);
  module.canonical = canonical_name(module.path.empty() ? module.name : module.path);
  module.parts.reserve(draft.parts.size());
  for (const auto& part : draft.parts) {
    module.parts.push_back({part.role, part.tensor->name, static_cast<std::uint32_t>(part.tensor - tensors)});
  }
  read_shapes(draft, config, module, findings);
  read_target_parameter(config, module);
  return module;
}

/// Each module is read from its own draft, so that they can be read in any order.
std::vector<AdapterModule> modules_of(Drafts& drafts, const Tensor* tensors, const Value* config, std::vector<Finding>& findings,
                                      const Together& together) {
  constexpr std::size_t k_piece = 512;
  const auto count = drafts.modules.size();
  const auto pieces = (count + k_piece - 1) / k_piece;
  std::vector<AdapterModule> modules(count);
  std::vector<std::vector<Finding>> found(pieces);
  const auto read = [&](std::size_t piece) {
    for (auto i = piece * k_piece; i < std::min(count, (piece + 1) * k_piece); ++i) {
      modules[i] = module_of(drafts.modules[i], tensors, config, found[piece]);
    }
  };
  if (together && pieces > 4) {
    together(pieces, read);
  } else {
    for (std::size_t piece = 0; piece < pieces; ++piece) {
      read(piece);
    }
  }
  for (auto& some : found) {
    std::move(some.begin(), some.end(), std::back_inserter(findings));
  }
  return modules;
}

}  // namespace

std::optional<double> measured_scalar(const Tensor& tensor) {
  if (tensor.elements != 1 || !tensor.stats) {
    return std::nullopt;
  }
  const auto number = tensor.stats->min;
  if (const auto* real = std::get_if<double>(&number)) {
    return *real;
  }
  if (const auto* whole = std::get_if<std::int64_t>(&number)) {
    return static_cast<double>(*whole);
  }
  if (const auto* whole = std::get_if<std::uint64_t>(&number)) {
    return static_cast<double>(*whole);
  }
  return std::nullopt;
}

std::optional<Adapter> read_adapter(const std::vector<Tensor>& tensors, const Value& metadata, const Value* adapter_config,
                                    std::vector<Finding>& findings, const ScalarReader& scalar, const Together& together) {
  auto drafts = drafts_by_key(tensors);
  if (drafts.modules.empty()) {
    drafts = drafts_by_shape(tensors);
  }
  if (drafts.modules.empty()) {
    return std::nullopt;
  }
  read_llama_names(drafts, metadata);
  Adapter adapter;
  adapter.modules = modules_of(drafts, tensors.data(), adapter_config, findings, together);
  const auto& family = family_of(drafts, adapter.modules, metadata);
  ScaleReader scales(family, metadata, adapter_config, scalar);
  for (std::size_t i = 0; i < adapter.modules.size(); ++i) {
    auto& module = adapter.modules[i];
    scales.read(module, drafts.modules[i].part("alpha"));
    if (!is_whole(module)) {
      for (const auto& part : module.parts) {
        adapter.unpaired.push_back(part.tensor);
      }
    }
  }
  for (const auto* tensor : drafts.other) {
    if (!is_alpha_of_all(tensor->name)) {
      adapter.other.push_back(tensor->name);
    }
  }
  adapter.family = family.id;
  adapter.family_title = family.title;
  adapter.guessed = drafts.guessed;
  adapter.method = common_method(adapter.modules);
  adapter.rank = common_rank(adapter.modules);
  adapter.base_model = base_model(metadata, adapter_config);
  return adapter;
}

}  // namespace upinspect::lora
