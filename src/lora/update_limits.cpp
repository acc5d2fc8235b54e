// SPDX-License-Identifier: Apache-2.0
#include "lora/update_limits.hpp"

#include "lora/head_rows.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <vector>

namespace upinspect::lora {

namespace {

/// Parts that the method's update is made of, by their names or how these begin.
bool is_used(const std::string& method, const std::string& role) {
  static const std::map<std::string, std::vector<std::string_view>> k_roles{
      {"lora", {"up", "down", "mid"}}, {"dora", {"up", "down", "mid"}}, {"adalora", {"up", "down", "singular"}}, {"loha", {"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2"}},
      {"lokr", {"lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2"}}, {"glora", {"a1", "a2", "b1", "b2", "bm"}},
      {"ia3", {"factor", "on_input"}}, {"oft", {"oft_blocks", "rescale"}}, {"boft", {"oft_blocks", "rescale"}}, {"full", {"diff"}}, {"norm", {"w_norm", "b_norm"}}, {std::string(k_saved_layer), {"saved"}}};
  static constexpr std::array<std::string_view, 5> k_any{"alpha", "scalar", "magnitude", "diff_b", "up_bias"};
  const auto found = k_roles.find(method);
  const auto is_role = [&role](std::string_view known) { return role == known; };
  const bool split = (role.starts_with("up.") || role.starts_with("down.")) && role.find_first_not_of("0123456789", role.find('.') + 1) == std::string::npos;
  return std::any_of(k_any.begin(), k_any.end(), is_role) ||
         (found != k_roles.end() && (std::any_of(found->second.begin(), found->second.end(), is_role) || (found->second[0] == "up" && split)));
}

std::string unsupported(const AdapterModule& module, const UpdateOptions& options) {
  const auto blocks = module.part("oft_blocks");
  const bool needs_settings = blocks.find("oft_R") != std::string::npos || blocks.find("oft_embedding_R") != std::string::npos;
  if (needs_settings && options.rotation.cayley == Cayley::unknown) {
    return "its rotation is not known: there is no adapter_config.json that says use_cayley_neumann";
  }
  if (!module.part("boft_R").empty()) {
    return "PEFT's BOFT (boft_R) is a rotation that merge does not know";
  }
  if (is_rotation(module) && !module.part("magnitude").empty()) {
    return "merge does not know DoRA over " + module.method;
  }
  for (const auto& part : module.parts) {
    if (!is_used(module.method, part.role)) {
      return "its part \"" + part.role + "\" is nothing that merge can add";
    }
  }
  if (module.experts > 1 && !module.part("magnitude").empty()) {
    return "merge does not know DoRA over mixtures of experts";
  }
  return why_rows_stay(module, options.heads);
}

std::string why_not_undone(const AdapterModule& module) {
  if (!module.part("magnitude").empty()) {
    return "--undo cannot take back DoRA: the lengths that the weight had are gone";
  }
  if (module.method == k_saved_layer) {
    return "--undo cannot take back layers that were saved whole: what they replaced is gone";
  }
  if (is_rotation(module)) {
    return "--undo cannot take back OFT: turning back does not undo the rounding of what was turned";
  }
  if (module.method == "ia3") {
    return "--undo cannot take back IA3: dividing by what multiplied the weight is not exact, and impossible for zeros";
  }
  return module.method == "glora" ? "--undo cannot take back GLoRA: its update was made of the weight that is gone" : "";
}

}  // namespace

bool is_rotation(const AdapterModule& module) { return module.method == "oft" || module.method == "boft"; }

std::string why_not_merged(const AdapterModule& module, const UpdateOptions& options) {
  auto why = unsupported(module, options);
  return why.empty() && options.undo ? why_not_undone(module) : why;
}

double scale_of(const AdapterModule& module, const UpdateOptions& options) {
  if (module.method == "ia3" || is_rotation(module)) {
    return options.strength;
  }
  if (module.method == k_saved_layer) {
    return 1;
  }
  if (!module.scale) {
    throw UpdateRefused("its scale is unknown" + (module.scale_rule.starts_with("unknown: ") ? module.scale_rule.substr(7) : ""));
  }
  // PEFT divides AdaLoRA's alpha not by the rank but by a little more, so that it may be 0.
  constexpr double k_more = 1e-5;
  const auto rank = static_cast<double>(module.rank.value_or(1));
  const auto scale = *module.scale * (module.method == "adalora" ? rank / (rank + k_more) : 1);
  return (options.undo ? -1 : 1) * options.strength * scale;
}

}  // namespace upinspect::lora
