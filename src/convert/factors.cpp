// SPDX-License-Identifier: Apache-2.0
#include "convert/factors.hpp"

#include "convert/arrange.hpp"
#include "convert/listing.hpp"
#include "lora/canonical.hpp"
#include "lora/head_rows.hpp"
#include "lora/keys.hpp"
#include "lora/split_names.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace upinspect::convert {

namespace {

/// Why a method's update is no product of two thin matrices; empty for those that are.
std::string why_not(const std::string& method) {
  static const std::map<std::string, std::string> k_reasons{
      {"adalora", "AdaLoRA keeps singular values beside its halves, which plain LoRA has no place for"},
      {"loha", "LoHa is a product element by element of two low-rank matrices, which LoRA cannot express"},
      {"lokr", "LoKr is a Kronecker product, which LoRA cannot express"},
      {"glora", "GLoRA's update depends on the weight, which LoRA's cannot"},
      {"ia3", "IA3 multiplies the weight, which LoRA cannot express"},
      {"oft", "OFT rotates the weight, which LoRA cannot express"},
      {"boft", "BOFT rotates the weight, which LoRA cannot express"},
      {"full", "a full difference has no low rank, which LoRA needs"},
      {"norm", "a difference of a normalisation layer is no matrix, which LoRA needs"}};
  const auto found = k_reasons.find(method);
  return found != k_reasons.end()                 ? found->second
         : method == "lora" || method == "dora" ? ""
                                                  : method + " is nothing that LoRA can express";
}

/// Parts that change the update and have no place in plain LoRA.
std::string why_not_part(const std::string& role) {
  static const std::map<std::string, std::string> k_reasons{
      {"mid", "a Tucker core (lora_mid) stands between the halves, which LoRA has no place for"},
      {"scalar", "a trained scalar multiplies the update, which LoRA has no place for"},
      {"up_bias", "the up half has a bias, which plain LoRA has no place for"},
      {"diff_b", "a bias difference belongs to the module, which LoRA has no place for"},
      {"reshape_weight", "the module reshapes its weight, which LoRA cannot express"}};
  const auto found = k_reasons.find(role);
  if (found != k_reasons.end()) {
    return found->second;
  }
  const bool known = role == "down" || role == "up" || role == "alpha" || role == "magnitude" || role.starts_with("down.") ||
                     role.starts_with("up.");
  return known ? "" : "a part (" + role + ") that plain LoRA has no place for";
}

class FactorReader {
 public:
  FactorReader(const Input& input, const FactorOptions& options) : m_input(input), m_options(options) {}

  std::vector<ModuleFactors> run(Reasons& reasons);

 private:
  [[nodiscard]] std::string obstacle(const AdapterModule& module) const;
  [[nodiscard]] std::string shape_obstacle(const AdapterModule& module) const;
  [[nodiscard]] std::string gguf_obstacle(const AdapterModule& module) const;
  [[nodiscard]] std::uint64_t rows_of_whole(const AdapterModule& module) const;
  [[nodiscard]] ModuleFactors read(const AdapterModule& module) const;
  void read_halves(const AdapterModule& module, ModuleFactors& factors) const;
  void read_groups(const AdapterModule& module, ModuleFactors& factors) const;
  void read_split(const AdapterModule& module, ModuleFactors& factors) const;
  void read_magnitude(const AdapterModule& module, ModuleFactors& factors) const;
  [[nodiscard]] Outgoing part(const AdapterModule& module, const std::string& role) const;

  const Input& m_input;
  const FactorOptions& m_options;
};

Outgoing FactorReader::part(const AdapterModule& module, const std::string& role) const {
  return m_input.outgoing(*m_input.find(module.part(role)));
}

/// What the shapes do not allow; the model's reader has found them to fit each other.
std::string FactorReader::shape_obstacle(const AdapterModule& module) const {
  const auto has = [&module](const std::string& role) { return !module.part(role).empty(); };
  if (!has("down.0") && !has("up.0") && (!has("down") || !has("up"))) {
    return has("down") ? "the up half is missing" : "the down half is missing";
  }
  for (const auto& finding : m_input.findings()) {
    const bool here = std::any_of(module.parts.begin(), module.parts.end(),
                                  [&finding](const AdapterPart& part) { return part.tensor == finding.tensor; });
    if (here && finding.severity == Severity::error) {
      return finding.message;
    }
  }
  if (module.experts > 1) {
    return "the module is a mixture of experts, for which PEFT and kohya have no common form";
  }
  if (!module.rank || !module.in_features || !module.out_features) {
    return "the halves do not fit each other";
  }
  if (lora::is_of_first_rows(module.canonical) && rows_of_whole(module) < *module.out_features) {
    return "it acts on the first rows of linear1, and how many that has is not known; give --base with the base model";
  }
  if (module.magnitude_axis == "in") {
    return "the magnitude of DoRA has one value for each input (1 x in), PEFT's has one for each output";
  }
  return {};
}

/// llama.cpp's names are one for all architectures, and its converter reorders rows for some.
std::string FactorReader::gguf_obstacle(const AdapterModule& module) const {
  const auto& architecture = m_options.heads.architecture;
  if (m_input.adapter()->family != "gguf") {
    return {};
  }
  if (module.path.empty()) {
    return architecture.empty() ? "the header names no architecture (general.architecture), and llama.cpp's names are the same for all"
                                : "which layer llama.cpp's name means in transformers' model is not known for the architecture " + architecture;
  }
  auto why = lora::why_rows_stay(module, m_options.heads);
  return why.empty() || m_options.heads.queries != 0
             ? why
             : "llama.cpp's converter reordered the rows of queries and keys by heads, and nothing says how many there are; "
               "give --base with the base model, its folder or its config.json (num_attention_heads)";
}

/// Of the layer in whose first rows XLabs' pair acts; 0 where that is not known. In Flux' single blocks these are queries,
/// keys and values, a width each, and four widths of the MLP follow.
std::uint64_t FactorReader::rows_of_whole(const AdapterModule& module) const {
  const auto found = m_options.base_rows.find(lora::layer_of_first_rows(lora::without_processor(std::string(lora::base_path(module.name)))));
  constexpr std::uint64_t k_widest = std::uint64_t{1} << 32;
  const bool flux = *module.in_features < k_widest && *module.out_features == *module.in_features * 3;
  return found != m_options.base_rows.end() ? found->second : flux ? *module.in_features * 7 : 0;
}

std::string FactorReader::obstacle(const AdapterModule& module) const {
  if (auto why = why_not(module.method); !why.empty()) {
    return why;
  }
  for (const auto& part : module.parts) {
    if (auto why = why_not_part(part.role); !why.empty()) {
      return why;
    }
  }
  if (auto why = shape_obstacle(module); !why.empty()) {
    return why;
  }
  if (auto why = gguf_obstacle(module); !why.empty()) {
    return why;
  }
  if (!module.scale && !m_options.alpha) {
    return "the scale is unknown: neither a tensor nor a configuration nor the header names an alpha; "
           "give adapter_config.json as another input, or --alpha NUMBER";
  }
  return {};
}

/// A kernel of 1 may be left out of one half only.
void match_dimensions(Outgoing& down, Outgoing& up) {
  const auto dimensions = std::max(down.shape.size(), up.shape.size());
  down.shape.resize(dimensions, 1);
  up.shape.resize(dimensions, 1);
}

void FactorReader::read_halves(const AdapterModule& module, ModuleFactors& factors) const {
  factors.down = part(module, "down");
  factors.up = part(module, "up");
  if (module.transposed || module.down_transposed) {
    factors.down = transposed(factors.down);
  }
  if (module.transposed) {
    factors.up = transposed(factors.up);
  }
  if (auto from = lora::rows_in_order(module, m_options.heads, factors.up.shape.at(0)); !from.empty()) {
    factors.up = with_rows(factors.up, std::move(from));
    factors.reordered = true;
  }
  if (lora::is_of_first_rows(module.canonical)) {
    factors.up = spread({factors.up}, 0, {{0, 0}}, {rows_of_whole(module), *module.rank});
    factors.padded = true;
  }
  match_dimensions(factors.down, factors.up);
}

/// loralib's fused layers: group g of `up` acts on rows g x rank of `down` and on one of the enabled blocks of rows.
void FactorReader::read_groups(const AdapterModule& module, ModuleFactors& factors) const {
  factors.down = part(module, "down");
  const auto rows = *module.out_features / module.groups;
  std::vector<BlockPlace> places;
  for (std::uint64_t group = 0, block = 0; group < module.groups; ++group, ++block) {
    while (block < module.enabled.size() && !module.enabled[block]) {
      ++block;
    }
    places.push_back({block * rows, group * *module.rank});
  }
  const auto blocks = module.enabled.empty() ? module.groups : module.enabled.size();
  auto up = part(module, "up");
  up.shape = {up.shape.at(0), up.shape.at(1)};
  factors.up = spread({up}, rows, places, {blocks * rows, *module.rank * module.groups});
  factors.rank = *module.rank * module.groups;
  factors.widened = true;
}

void FactorReader::read_split(const AdapterModule& module, ModuleFactors& factors) const {
  std::vector<Outgoing> downs;
  std::vector<Outgoing> ups;
  std::vector<BlockPlace> places;
  std::uint64_t row = 0;
  for (std::uint64_t i = 0; i < module.groups; ++i) {
    downs.push_back(part(module, "down." + std::to_string(i)));
    ups.push_back(part(module, "up." + std::to_string(i)));
    places.push_back({row, i * *module.rank});
    row += ups.back().shape.at(0);
  }
  factors.rank = *module.rank * module.groups;
  factors.down = stacked(downs);
  factors.up = spread(ups, 0, places, {row, factors.rank});
  factors.widened = module.groups > 1;
}

void FactorReader::read_magnitude(const AdapterModule& module, ModuleFactors& factors) const {
  if (!module.part("magnitude").empty()) {
    factors.magnitude = part(module, "magnitude");
    factors.magnitude->shape = {*module.out_features};
  }
}

ModuleFactors FactorReader::read(const AdapterModule& module) const {
  ModuleFactors factors;
  factors.module = &module;
  factors.rank = *module.rank;
  if (!module.part("down.0").empty()) {
    read_split(module, factors);
  } else if (module.groups > 1) {
    read_groups(module, factors);
  } else {
    read_halves(module, factors);
  }
  read_magnitude(module, factors);
  factors.scale = module.scale ? *module.scale : *m_options.alpha / static_cast<double>(*module.rank);
  factors.convolution = factors.down.shape.size() > 2;
  const auto key = lora::read_key(factors.down.name);
  factors.embedding = (key && key->spelling == lora::Spelling::peft_embedding) || module.down_transposed;
  return factors;
}

std::vector<ModuleFactors> FactorReader::run(Reasons& reasons) {
  std::vector<ModuleFactors> all;
  std::vector<std::pair<std::string, std::vector<std::string>>> refused;
  for (const auto& module : m_input.adapter()->modules) {
    const auto why = obstacle(module);
    if (why.empty()) {
      all.push_back(read(module));
      continue;
    }
    const auto same = std::find_if(refused.begin(), refused.end(), [&why](const auto& entry) { return entry.first == why; });
    (same == refused.end() ? refused.emplace_back(why, std::vector<std::string>()) : *same).second.push_back(module.name);
  }
  for (const auto& [why, names] : refused) {
    reasons.add(why + " (" + listing("module", names) + ")");
  }
  return all;
}

}  // namespace

std::vector<ModuleFactors> factors_of(const Input& input, const FactorOptions& options, Reasons& reasons) {
  return FactorReader(input, options).run(reasons);
}

}  // namespace upinspect::convert
