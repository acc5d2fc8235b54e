// SPDX-License-Identifier: Apache-2.0
// The table of rules about adapters.
#include "analysis/adapter_rule.hpp"

#include <array>
#include <utility>

namespace upinspect::analysis {

void missing_halves(AdapterCase&);
void alpha_conflict(AdapterCase&);
void scale_unknown(AdapterCase&);
void mixed_ranks(AdapterCase&);
void rank_differs(AdapterCase&);
void empty_part(AdapterCase&);
void same_halves(AdapterCase&);
void untrained(AdapterCase&);
void collapsed_rank(AdapterCase&);
void dominant_module(AdapterCase&);
void non_finite_part(AdapterCase&);
void unknown_key(AdapterCase&);
void unmatched_target(AdapterCase&);
void untargeted_module(AdapterCase&);
void initial_down(AdapterCase&);

namespace {

constexpr std::array k_adapter_rules{
    AdapterRule{"lora.missing-down", missing_halves},  // and lora.missing-up, lora.missing-part
    AdapterRule{"lora.alpha-conflict", alpha_conflict},
    AdapterRule{"lora.scale-unknown", scale_unknown},
    AdapterRule{"lora.mixed-ranks", mixed_ranks},
    AdapterRule{"lora.rank-differs", rank_differs},
    AdapterRule{"lora.empty-part", empty_part},
    AdapterRule{"lora.same-halves", same_halves},
    AdapterRule{"lora.untrained", untrained},
    AdapterRule{"lora.collapsed-rank", collapsed_rank},
    AdapterRule{"lora.dominant-module", dominant_module},
    AdapterRule{"lora.non-finite", non_finite_part},
    AdapterRule{"lora.unknown-key", unknown_key},
    AdapterRule{"lora.unmatched-target", unmatched_target},
    AdapterRule{"lora.untargeted-module", untargeted_module},
    AdapterRule{"lora.initial-down", initial_down},
};

}  // namespace

AdapterCase::AdapterCase(Artifact& artifact, const Value* config, std::set<std::string> drawn)
    : m_artifact(artifact), m_config(config), m_drawn(std::move(drawn)) {}

const Tensor* AdapterCase::tensor(const AdapterPart* part) const {
  const auto& tensors = m_artifact.tensors;
  return part == nullptr ? nullptr : part->index < tensors.size() ? &tensors[part->index] : tensor(part->tensor);
}

const Tensor* AdapterCase::tensor(const std::string& name) const {
  if (m_tensors.empty()) {
    m_tensors.reserve(m_artifact.tensors.size());
    for (const auto& tensor : m_artifact.tensors) {
      m_tensors.emplace(tensor.name, &tensor);
    }
  }
  const auto found = m_tensors.find(name);
  return found == m_tensors.end() ? nullptr : found->second;
}

void AdapterCase::find(std::string_view id, Severity severity, std::string message, const std::string& tensor_name) {
  Finding finding;
  finding.id = id;
  finding.severity = severity;
  finding.message = std::move(message);
  finding.tensor = tensor_name;
  place(finding);
  m_artifact.findings.push_back(std::move(finding));
}

void AdapterCase::place(Finding& finding) const {
  const auto* about = finding.tensor.empty() ? nullptr : tensor(finding.tensor);
  // In a joined artifact the offset is another file's.
  const bool plain = about != nullptr && about->location.packing == Packing::stored && about->location.packed.end() <= m_artifact.size;
  if (plain && about->location.packed.length != 0) {
    finding.offset = about->location.packed.offset;
    finding.length = about->location.packed.length;
  }
}

/// What reading the shapes found knows names, not places.
void AdapterCase::place_all() {
  for (auto& finding : m_artifact.findings) {
    if (finding.id.starts_with("lora.") && !finding.offset) {
      place(finding);
    }
  }
}

std::span<const AdapterRule> adapter_rules() noexcept { return k_adapter_rules; }

void judge_adapter(Artifact& artifact, const Value* config, std::set<std::string> drawn) {
  if (!artifact.adapter) {
    return;
  }
  AdapterCase judged(artifact, config, std::move(drawn));
  judged.place_all();
  for (const auto& rule : k_adapter_rules) {
    rule.apply(judged);
  }
}

std::string named(const std::vector<std::string>& names, std::string_view noun) {
  constexpr std::size_t k_listed = 4;
  auto text = std::to_string(names.size()) + " " + std::string(noun) + (names.size() == 1 ? "" : "s") + ": ";
  for (std::size_t i = 0; i < names.size() && i < k_listed; ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  return text + (names.size() > k_listed ? ", and " + std::to_string(names.size() - k_listed) + " more" : "");
}

}  // namespace upinspect::analysis
