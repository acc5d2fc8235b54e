// SPDX-License-Identifier: Apache-2.0
#include "diff/verdict.hpp"

#include "numeric/element_format.hpp"

#include <algorithm>

namespace upinspect::diff {
namespace {

bool is_cast(const TensorChange& change) {
  return change.kind == ChangeKind::cast_f16 || change.kind == ChangeKind::cast_bf16 || change.kind == ChangeKind::cast_f32;
}

bool is_lsb_only(const TensorChange& change) {
  const auto high = change.bits.begin() + std::min<std::ptrdiff_t>(low_bits_of(change.dtype), static_cast<std::ptrdiff_t>(change.bits.size()));
  return change.old_dtype.empty() && !change.bits.empty() && !is_cast(change) && std::all_of(high, change.bits.end(), [](auto count) { return count == 0; });
}

bool has_metadata_changes(const Difference& difference) {
  return !difference.metadata_added.empty() || !difference.metadata_removed.empty() || !difference.metadata_changed.empty();
}

bool has_unread(const Difference& difference) {
  return std::any_of(difference.findings.begin(), difference.findings.end(), [](const Finding& finding) { return finding.id == "diff.unread-tensor"; });
}

void add(Difference& difference, const char* id, Severity severity, std::string message, const std::string& tensor) {
  Finding finding;
  finding.id = id;
  finding.severity = severity;
  finding.message = std::move(message);
  finding.tensor = tensor;
  difference.findings.push_back(std::move(finding));
}

bool is_beside_modules(const Artifact& side, const std::string& name) {
  const auto& beside = side.adapter->other;
  return std::find(beside.begin(), beside.end(), name) != beside.end();
}

/// The adapters' updates are equal, every other tensor is too, and nothing was written into the numbers.
bool is_same_update(const Difference& difference) {
  if (!difference.update || !difference.update->equal || has_unread(difference)) {
    return false;
  }
  const auto beside = [&](const std::string& name) {
    return is_beside_modules(difference.old_side, name) || is_beside_modules(difference.new_side, name);
  };
  const auto is_outside = [&](const TensorNote& note) { return beside(note.name); };
  const auto is_telling = [&](const TensorChange& change) { return change.kind == ChangeKind::bit_field || beside(change.name); };
  return std::none_of(difference.changes.begin(), difference.changes.end(), is_telling) &&
         std::none_of(difference.added.begin(), difference.added.end(), is_outside) &&
         std::none_of(difference.removed.begin(), difference.removed.end(), is_outside) &&
         std::none_of(difference.reshaped.begin(), difference.reshaped.end(), is_outside);
}

}  // namespace

unsigned low_bits_of(const std::string& dtype) {
  const auto known = dtype_from_name(dtype);
  if (!known) {
    return 0;
  }
  const auto format = numeric::element_format(*known);
  switch (format.scale) {
    case numeric::Scale::floating: return std::clamp((format.layout.fraction_bits + 1) / 2, 1U, 8U);
    case numeric::Scale::opaque: return 0;
    default: return std::max(1U, format.bits() / 8);
  }
}

DiffVerdict judge(const Difference& difference) {
  if (is_same_update(difference)) {
    return DiffVerdict::same_update;
  }
  const bool no_tensors = difference.old_side.tensors.empty() && difference.new_side.tensors.empty();
  if (!difference.added.empty() || !difference.removed.empty() || !difference.reshaped.empty() || has_unread(difference) || no_tensors) {
    return DiffVerdict::structure;
  }
  const auto& changes = difference.changes;
  if (changes.empty()) {
    return has_metadata_changes(difference) ? DiffVerdict::metadata_only : DiffVerdict::same_tensors;
  }
  if (std::all_of(changes.begin(), changes.end(), is_cast)) {
    return DiffVerdict::cast;
  }
  return std::all_of(changes.begin(), changes.end(), is_lsb_only) ? DiffVerdict::lsb_only : DiffVerdict::values;
}

void add_findings(Difference& difference) {
  for (const auto& change : difference.changes) {
    if (change.kind == ChangeKind::bit_field) {
      add(difference, "diff.bit-field", Severity::warning,
          "a field of " + std::to_string(change.field_bits) + (change.field_bits == 1 ? " bit" : " bits") + " was written into the numbers", change.name);
    }
  }
  for (const auto& payload : difference.payloads) {
    if (payload.evidence >= PayloadEvidence::known_header) {
      add(difference, "diff.message", Severity::error, "the change holds a message: " + payload.title + ", " + std::to_string(payload.size) + " bytes",
          payload.layout.tensor);
    }
  }
  const auto& old_findings = difference.old_side.findings;
  for (const auto& finding : difference.new_side.findings) {
    const auto same = [&finding](const Finding& other) { return other.id == finding.id && other.tensor == finding.tensor; };
    if (std::none_of(old_findings.begin(), old_findings.end(), same)) {
      difference.findings.push_back(finding);
    }
  }
}

}  // namespace upinspect::diff
