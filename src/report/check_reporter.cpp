// SPDX-License-Identifier: Apache-2.0
#include "report/check_reporter.hpp"

#include "report/advice.hpp"
#include "report/units.hpp"

#include <algorithm>

namespace upinspect::report {

std::string_view word(SubjectStatus status) noexcept {
  switch (status) {
    case SubjectStatus::ok: return "ok";
    case SubjectStatus::modified: return "modified";
    case SubjectStatus::missing: return "missing";
    case SubjectStatus::extra: return "extra";
    case SubjectStatus::unreadable: return "unreadable";
    case SubjectStatus::policy: return "policy";
  }
  return "unreadable";
}

std::string_view word(TensorFate fate) noexcept {
  switch (fate) {
    case TensorFate::changed: return "changed";
    case TensorFate::reshaped: return "reshaped";
    case TensorFate::added: return "added";
    case TensorFate::removed: return "removed";
    case TensorFate::renamed: return "renamed";
    case TensorFate::unreadable: return "unreadable";
  }
  return "changed";
}

const Finding* reason_of(const Subject& subject) noexcept {
  if (subject.status != SubjectStatus::policy) {
    return nullptr;
  }
  const auto found = std::find_if(subject.findings.begin(), subject.findings.end(),
                                  [&subject](const Finding& finding) { return finding.message == subject.why; });
  return found == subject.findings.end() ? nullptr : &*found;
}

std::string failure_id(const Subject& subject) {
  if (const auto* reason = reason_of(subject); reason != nullptr) {
    return reason->id;
  }
  switch (subject.status) {
    case SubjectStatus::modified: return "check.modified";
    case SubjectStatus::missing: return "check.missing";
    case SubjectStatus::extra: return "check.extra";
    case SubjectStatus::ok:
    case SubjectStatus::policy: return "check.policy";
    case SubjectStatus::unreadable: break;
  }
  return "check.unreadable";
}

std::string_view failure_advice(const Subject& subject) noexcept {
  const auto* reason = reason_of(subject);
  return reason == nullptr ? std::string_view() : advice(reason->id);
}

std::string check_outcome(std::size_t failed, std::size_t count) {
  if (failed != 0) {
    return thousands(failed) + " of " + thousands(count) + " failed";
  }
  return counted(count, "file") + (count == 1 ? " is as it should be" : " are as they should be");
}

}  // namespace upinspect::report
