// SPDX-License-Identifier: Apache-2.0
// lora.base-missing, lora.base-shape, lora.base-ambiguous, lora.base-ignored: what loading this adapter onto that base
// would leave out, refuse or guess.
#include "analysis/base_fit_rules.hpp"

#include "analysis/adapter_rule.hpp"

#include <algorithm>
#include <map>

namespace upinspect::analysis {

namespace {

class FitJudge {
 public:
  explicit FitJudge(Artifact& artifact) : m_case(artifact, nullptr), m_fit(*artifact.base_fit) {}

  void run() {
    missing();
    by_reason(FitVerdict::wrong_shape, "lora.base-shape", Severity::error);
    by_reason(FitVerdict::ambiguous, "lora.base-ambiguous", Severity::warning);
    ignored();
  }

 private:
  [[nodiscard]] std::vector<std::string> modules(FitVerdict verdict) const {
    std::vector<std::string> names;
    for (const auto& module : m_fit.modules) {
      if (module.verdict == verdict) {
        names.push_back(module.module);
      }
    }
    return names;
  }

  /// A tensor of the module, for the finding to stand at.
  [[nodiscard]] std::string tensor_of(const std::string& name) const {
    for (const auto& module : m_case.adapter().modules) {
      if (module.name == name && !module.parts.empty()) {
        return module.parts.front().tensor;
      }
    }
    return {};
  }

  /// Of modules that have positions for names, why these mean nothing in the base.
  [[nodiscard]] std::string why_positions() const {
    const auto told = std::find_if(m_fit.modules.begin(), m_fit.modules.end(), [](const ModuleFit& module) {
      return module.verdict == FitVerdict::missing && module.why.find("positions") != std::string::npos;
    });
    return told == m_fit.modules.end() ? std::string() : told->why;
  }

  void missing() {
    const auto names = modules(FitVerdict::missing);
    if (names.empty()) {
      return;
    }
    if (const auto why = why_positions(); !why.empty()) {
      m_case.find("lora.base-missing", Severity::error, named(names, "module") + ": " + why, tensor_of(names.front()));
      return;
    }
    if (names.size() == m_fit.modules.size()) {
      m_case.find("lora.base-missing", Severity::error,
                  "no module has a weight in the base (" + named(names, "module") + "): this is an adapter for another model, or "
                  "under names that this base does not use; most loaders go on without a word, and nothing changes",
                  tensor_of(names.front()));
      return;
    }
    m_case.find("lora.base-missing", Severity::warning, "the base has no weight for " + named(names, "module") + "; most loaders leave them out without a word",
                tensor_of(names.front()));
  }

  /// One finding for all modules that do not fit for the same reason.
  void by_reason(FitVerdict verdict, std::string_view id, Severity severity) {
    std::map<std::string, std::vector<std::string>> reasons;
    for (const auto& module : m_fit.modules) {
      if (module.verdict == verdict) {
        reasons[module.why].push_back(module.module);
      }
    }
    constexpr std::size_t k_listed = 32;
    std::size_t told = 0;
    for (const auto& [why, names] : reasons) {
      if (told++ < k_listed) {
        m_case.find(id, severity, named(names, "module") + ": " + why, tensor_of(names.front()));
      }
    }
    if (told > k_listed) {
      m_case.find(id, severity, std::to_string(told - k_listed) + " more reasons like these are not listed");
    }
  }

  void ignored() {
    if (!m_fit.ignored.empty()) {
      m_case.find("lora.base-ignored", Severity::note,
                  named(m_fit.ignored, "tensor") + " of no module: a loader that only looks for adapters leaves them out", m_fit.ignored.front());
    }
  }

  AdapterCase m_case;
  const BaseFit& m_fit;
};

}  // namespace

void judge_base_fit(Artifact& artifact) {
  if (artifact.base_fit) {
    FitJudge(artifact).run();
    return;
  }
  if (artifact.tensors.empty()) {
    return;  // a configuration or a web page beside the adapter
  }
  Finding finding;
  finding.id = "lora.base-no-adapter";
  finding.message = "not held against the base: this is no adapter of any family that we know";
  artifact.findings.push_back(std::move(finding));
}

}  // namespace upinspect::analysis
