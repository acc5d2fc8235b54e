// SPDX-License-Identifier: Apache-2.0
// lora.untargeted-module: the file holds modules that the configuration's target_modules leave out; PEFT ignores them.
#include "analysis/adapter_rule.hpp"

#include "lora/canonical.hpp"
#include "lora/pattern.hpp"
#include "lora/target_parameters.hpp"

#include <algorithm>

namespace upinspect::analysis {

namespace {

/// Whether a list or a regular expression covers a path, as PEFT's check_target_module_exists has it.
class Targets {
 public:
  explicit Targets(const Value& value) : m_pattern(value.if_string() == nullptr ? std::string_view() : *value.if_string()) {
    m_is_pattern = value.if_string() != nullptr;
    m_all = m_is_pattern && *value.if_string() == "all-linear";
    if (const auto* list = value.if_array()) {
      for (const auto& entry : *list) {
        if (const auto* text = entry.if_string()) {
          m_names.push_back(*text);
        }
      }
    }
  }

  [[nodiscard]] bool known() const { return !m_all && (m_is_pattern || (!m_names.empty() && m_names.size() <= 4096)); }

  [[nodiscard]] bool leaves_out(std::string_view path) {
    if (!m_is_pattern) {
      return std::none_of(m_names.begin(), m_names.end(), [path](const std::string& name) {
        return path == name || (path.size() > name.size() && path.ends_with(name) && path[path.size() - name.size() - 1] == '.');
      });
    }
    const auto cost = m_pattern.cost(path);
    if (cost > m_work_left) {
      return false;
    }
    m_work_left -= cost;
    return m_pattern.matches(path) == lora::Match::no;
  }

 private:
  lora::Pattern m_pattern;
  bool m_is_pattern = false;
  bool m_all = false;
  std::vector<std::string> m_names;
  std::uint64_t m_work_left = 1'000'000'000;
};

}  // namespace

void untargeted_module(AdapterCase& judged) {
  const auto* value = judged.config() == nullptr ? nullptr : judged.config()->find("target_modules");
  if (value == nullptr) {
    return;
  }
  Targets targets(*value);
  std::vector<std::string> names;
  std::string first;
  for (const auto& module : judged.adapter().modules) {
    // A module without a name is the configuration's to name.
    const auto path = lora::base_path(module.name);
    if (!module.name.empty() && targets.known() && targets.leaves_out(path) && !lora::targets_parameter(*judged.config(), path)) {
      first = names.empty() && !module.parts.empty() ? module.parts.front().tensor : first;
      names.push_back(module.name);
    }
  }
  if (!names.empty()) {
    judged.find("lora.untargeted-module", Severity::warning,
                "PEFT does not load what the configuration's target_modules leave out: " + named(names, "module"), first);
  }
}

}  // namespace upinspect::analysis
