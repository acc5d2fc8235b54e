// SPDX-License-Identifier: Apache-2.0
// policy.format, policy.dtype, policy.size, policy.rank, policy.metadata, policy.pickle, policy.not-finite, policy.incomplete,
// policy.unlabelled: what a site does not let pass.
#include "upinspect/policy.hpp"

#include <algorithm>
#include <fnmatch.h>
#include <map>
#include <set>

namespace upinspect {

namespace {

bool is_one_of(const std::vector<std::string>& allowed, const std::string& word) {
  return std::find(allowed.begin(), allowed.end(), word) != allowed.end();
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    text += (text.empty() ? "" : ", ") + word;
  }
  return text.empty() ? "nothing" : text;
}

std::string range_text(const Policy::Range& range) {
  const auto least = range.least ? std::to_string(*range.least) : std::string();
  const auto most = range.most ? std::to_string(*range.most) : std::string();
  return least.empty() ? "at most " + most : most.empty() ? "at least " + least : least + " to " + most;
}

bool within(const Policy::Range& range, std::uint64_t number) {
  return number >= range.least.value_or(0) && number <= range.most.value_or(UINT64_MAX);
}

class Judge {
 public:
  Judge(const Policy& policy, Artifact& artifact) : m_policy(policy), m_artifact(artifact) {}

  void run() {
    formats();
    size();
    dtypes();
    rank();
    metadata();
    pickle();
    finite();
    complete();
    labelled();
  }

 private:
  template <typename Limit>
  void find(const Policy::Rule<Limit>& rule, const char* id, std::string message, const std::string& tensor = {}) {
    Finding finding;
    finding.id = std::string("policy.") + id;
    finding.severity = *rule.severity;
    finding.message = std::move(message);
    finding.tensor = tensor;
    m_artifact.findings.push_back(std::move(finding));
  }

  void formats() {
    const auto& rule = m_policy.formats;
    if (rule.severity && !is_one_of(rule.limit, m_artifact.format.id)) {
      find(rule, "format", "the format is " + m_artifact.format.id + ", the policy allows " + listed(rule.limit));
    }
  }

  void size() {
    const auto& rule = m_policy.size;
    if (rule.severity && !within(rule.limit, m_artifact.size)) {
      find(rule, "size", "the file has " + std::to_string(m_artifact.size) + " bytes, the policy wants " + range_text(rule.limit));
    }
  }

  void dtypes() {
    const auto& rule = m_policy.dtypes;
    std::map<std::string, std::pair<std::size_t, std::string>> others;
    for (const auto& tensor : m_artifact.tensors) {
      if (rule.severity && !is_one_of(rule.limit, tensor.dtype_name)) {
        auto& [count, first] = others[tensor.dtype_name];
        first = count++ == 0 ? tensor.name : first;
      }
    }
    for (const auto& [dtype, where] : others) {
      find(rule, "dtype", std::to_string(where.first) + (where.first == 1 ? " tensor is " : " tensors are ") + dtype + ", the policy allows " + listed(rule.limit), where.second);
    }
  }

  void rank() {
    const auto& rule = m_policy.rank;
    if (!rule.severity || !m_artifact.adapter) {
      return;
    }
    std::set<std::uint64_t> told;
    for (const auto& module : m_artifact.adapter->modules) {
      if (module.rank && !within(rule.limit, *module.rank) && told.insert(*module.rank).second) {
        find(rule, "rank", "the rank of " + module.name + " is " + std::to_string(*module.rank) + ", the policy wants " + range_text(rule.limit));
      }
    }
  }

  void metadata() {
    const auto& rule = m_policy.metadata;
    if (!rule.severity) {
      return;
    }
    for (const auto& key : rule.limit.required) {
      if (m_artifact.metadata.find(key) == nullptr) {
        find(rule, "metadata", "the metadata lacks \"" + key + "\", which the policy requires");
      }
    }
    for (const auto& key : rule.limit.forbidden) {
      if (m_artifact.metadata.find(key) != nullptr) {
        find(rule, "metadata", "the metadata has \"" + key + "\", which the policy forbids");
      }
    }
  }

  void pickle() {
    const auto& rule = m_policy.pickle;
    if (!rule.severity || !m_artifact.pickle || rule.limit == PickleLicence::any) {
      return;
    }
    if (rule.limit == PickleLicence::none) {
      find(rule, "pickle", "the file holds a pickle, the policy allows none");
    } else if (m_artifact.pickle->verdict != PickleVerdict::inert) {
      find(rule, "pickle", m_artifact.pickle->verdict == PickleVerdict::dangerous ? "unpickling the file would run code"
                                                                                  : "what unpickling the file would do is not known");
    }
  }

  void finite() {
    const auto& rule = m_policy.finite;
    for (const auto& tensor : m_artifact.tensors) {
      const auto odd = rule.severity && tensor.stats ? tensor.stats->nans + tensor.stats->infs : 0;
      if (odd != 0) {
        find(rule, "not-finite", std::to_string(odd) + " of " + std::to_string(tensor.elements) + " elements are no finite numbers", tensor.name);
      }
    }
  }

  void complete() {
    const auto& rule = m_policy.complete;
    if (!rule.severity) {
      return;
    }
    if (m_artifact.tensors.empty() || is_half()) {
      return;
    }
    if (!m_artifact.adapter) {
      find(rule, "incomplete", "the file is no adapter, or only a part of one: no module has both of its halves");
    } else if (!m_artifact.adapter->unpaired.empty()) {
      find(rule, "incomplete", std::to_string(m_artifact.adapter->unpaired.size()) + " tensors lack their other half", m_artifact.adapter->unpaired.front());
    }
  }

  /// Of a pair of files: whether the other is there and fits is a finding of the files together.
  [[nodiscard]] bool is_half() const {
    return std::any_of(m_artifact.findings.begin(), m_artifact.findings.end(), [](const Finding& finding) { return finding.id == "lora.one-half"; });
  }

  void labelled() {
    const auto& rule = m_policy.labelled;
    const auto gaps = m_artifact.coverage.gaps;
    if (rule.severity && gaps != 0) {
      find(rule, "unlabelled", std::to_string(gaps) + (gaps == 1 ? " byte belongs" : " bytes belong") + " to nothing that the format describes");
    }
  }

  const Policy& m_policy;
  Artifact& m_artifact;
};

bool matches(const std::string& pattern, const std::string& text) { return ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0; }

const Policy::Waiver* waiver_for(const Policy& policy, const std::string& path, const std::string& today, const Finding& finding) {
  const auto found = std::find_if(policy.waivers.begin(), policy.waivers.end(), [&](const Policy::Waiver& waiver) {
    return matches(waiver.id, finding.id) && (waiver.path.empty() || matches(waiver.path, path)) && (waiver.until.empty() || today <= waiver.until);
  });
  return found == policy.waivers.end() ? nullptr : &*found;
}

}  // namespace

bool is_day(std::string_view text) noexcept {
  constexpr std::string_view k_form = "0000-00-00";
  return text.size() == k_form.size() && std::equal(text.begin(), text.end(), k_form.begin(), [](char c, char form) {
           return form == '-' ? c == '-' : c >= '0' && c <= '9';
         });
}

void apply_policy(const Policy& policy, const std::string& path, const std::string& today, Artifact& artifact) {
  Judge(policy, artifact).run();
  std::vector<Finding> kept;
  for (auto& finding : artifact.findings) {
    const auto named = std::find_if(policy.findings.begin(), policy.findings.end(), [&finding](const auto& row) { return row.first == finding.id; });
    if (named != policy.findings.end()) {
      if (!named->second) {
        continue;
      }
      finding.severity = *named->second;
    }
    if (const auto* waiver = waiver_for(policy, path, today, finding); waiver != nullptr && finding.severity != Severity::note) {
      finding.severity = Severity::note;
      finding.message += " (waived" + (waiver->until.empty() ? "" : " until " + waiver->until) + ": " + waiver->reason + ")";
    }
    kept.push_back(std::move(finding));
  }
  artifact.findings = std::move(kept);
}

}  // namespace upinspect
