// SPDX-License-Identifier: Apache-2.0
// Rules that look at a finished adapter: its modules, the tensors they are made of, the configuration beside them.
#pragma once

#include "upinspect/artifact.hpp"

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace upinspect::analysis {

/// One adapter before its judges.
class AdapterCase {
 public:
  /// `config` is what adapter_config.json holds, or null; `drawn` names the tensors that were found to hold what
  /// initialisation drew when they were read. Findings go to the artifact.
  AdapterCase(Artifact& artifact, const Value* config, std::set<std::string> drawn = {});

  [[nodiscard]] const Adapter& adapter() const { return *m_artifact.adapter; }
  [[nodiscard]] const Artifact& artifact() const { return m_artifact; }
  [[nodiscard]] const Value* config() const { return m_config; }
  [[nodiscard]] bool is_as_drawn(const std::string& tensor) const { return m_drawn.contains(tensor); }

  /// The tensor of that name; null where there is none.
  [[nodiscard]] const Tensor* tensor(const std::string& name) const;
  /// The tensor of a module's part; null where there is no such part or tensor.
  [[nodiscard]] const Tensor* tensor(const AdapterPart* part) const;

  /// Of a tensor: the finding stands at its bytes where they are stored plainly.
  void find(std::string_view id, Severity severity, std::string message, const std::string& tensor = {});

  /// Gives the findings that name a tensor and no place the place of its bytes.
  void place_all();

 private:
  void place(Finding& finding) const;

  Artifact& m_artifact;
  const Value* m_config;
  std::set<std::string> m_drawn;
  mutable std::unordered_map<std::string_view, const Tensor*> m_tensors;  ///< made when the first name is looked for
};

struct AdapterRule {
  std::string_view id;
  void (*apply)(AdapterCase&);
};

/// Every rule, in the order in which they are applied.
[[nodiscard]] std::span<const AdapterRule> adapter_rules() noexcept;

/// Applies every rule to an artifact whose adapter has been read; does nothing where it is none.
void judge_adapter(Artifact& artifact, const Value* config, std::set<std::string> drawn = {});

/// "3 modules: a, b, c": the first names of a list in which no report should drown.
[[nodiscard]] std::string named(const std::vector<std::string>& names, std::string_view noun);

}  // namespace upinspect::analysis
