// SPDX-License-Identifier: Apache-2.0
// Holds files against what they should be, and says in words what became of those that are not.
#include "bytes/parse_error.hpp"
#include "inspect/ordered_work.hpp"
#include "inspect/workers.hpp"
#include "integrity/describe.hpp"
#include "integrity/drift.hpp"
#include "integrity/in_place.hpp"
#include "integrity/other_digests.hpp"
#include "inspect/base_model.hpp"
#include "upinspect/low_bits.hpp"
#include "upinspect/policy.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <sys/stat.h>

namespace upinspect {

namespace {

using integrity::drift_in_words;
using integrity::drift_of;
using integrity::tensors_of;

bool is_there(const std::string& file) {
  struct stat status {};
  return ::lstat(file.c_str(), &status) == 0;
}

const Finding* finding_of(const std::vector<Finding>& findings, std::string_view id) {
  const auto found = std::find_if(findings.begin(), findings.end(), [id](const Finding& finding) { return finding.id == id; });
  return found == findings.end() ? nullptr : &*found;
}

std::string bytes_text(std::uint64_t bytes) { return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes"); }

/// What all files are held against.
struct Terms {
  CheckOptions options;
  Policy policy;
  std::optional<inspecting::BaseModel> base;
  integrity::InPlace in_place;

  explicit Terms(const CheckOptions& given) : options(given), policy(given.policy ? *given.policy : Policy()) {
    try {
      if (policy.base.severity) {
        base.emplace(policy.base.limit, options.inspect);
      }
    } catch (const InputError& error) {
      throw ExpectationError("the policy's base: " + policy.base.limit + ": " + error.what());
    }
  }
};

class Check {
 public:
  Check(const Expectation& expected, Terms& terms) : m_expected(expected), m_terms(terms), m_options(terms.options) {
    m_subject.path = expected.path;
    m_subject.expected_size = expected.size;
    m_subject.expected_sha256 = expected.sha256;
    m_subject.expected_git_blob = expected.git_blob;
    m_subject.expected_autov2 = expected.autov2;
    m_subject.expected_autov3 = expected.autov3;
  }

  [[nodiscard]] Subject run() {
    if (!m_expected.listed && !m_options.allow_extra) {
      end(SubjectStatus::extra, "is on no list");
    }
    if (!is_there(m_expected.file)) {
      end(SubjectStatus::missing, "is not there");
      return std::move(m_subject);
    }
    if (leaves_its_folder()) {
      end(SubjectStatus::unreadable, "leads out of the folder through a link; not followed");
      return std::move(m_subject);
    }
    try {
      inspect();
    } catch (const InputError& error) {
      end(SubjectStatus::unreadable, error.what());
    } catch (const bytes::ReadError& error) {
      end(SubjectStatus::unreadable, error.what());
    }
    return std::move(m_subject);
  }

 private:
  void end(SubjectStatus status, std::string why) {
    m_subject.status = status;
    m_subject.why = std::move(why);
  }

  [[nodiscard]] bool leaves_its_folder() const {
    namespace fs = std::filesystem;
    if (m_expected.within.empty()) {
      return false;
    }
    std::error_code error;
    const auto file = fs::canonical(m_expected.file, error);
    const auto folder = error ? fs::path() : fs::canonical(m_expected.within, error);
    const auto [end_of_folder, rest] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
    return error || end_of_folder != folder.end();
  }

  void inspect() {
    auto options = m_options.inspect;
    options.depth = Depth::full;
    options.sha256 = true;
    options.tensor_sha256 = false;
    auto artifact = m_terms.in_place.inspect(m_expected.file, options);
    m_subject.size = artifact.size;
    m_subject.sha256 = artifact.digests.sha256.value_or("");
    m_subject.format = artifact.format.id;
    m_subject.tensors = artifact.tensors.size();
    const auto differs = differing_digest();
    note_weak_digests(artifact);
    judge_by_policy(artifact);
    if (!differs.empty() || m_expected.size.value_or(m_subject.size) != m_subject.size) {
      end(SubjectStatus::modified, explain(artifact, options, differs));
    } else if (m_subject.status == SubjectStatus::ok) {
      judge(artifact.findings);
    }
    m_subject.findings = std::move(artifact.findings);
  }

  /// Which of the digests that are expected is another one; empty where none is.
  [[nodiscard]] std::string differing_digest() {
    std::string differs;
    const auto hold = [&differs](const std::string& found, const std::string& expected, const char* name) {
      differs = found.starts_with(expected) || !differs.empty() ? differs : name;
    };
    hold(m_subject.sha256, m_expected.sha256, "SHA-256");
    hold(m_subject.sha256, m_expected.autov2, "AutoV2 hash");
    if (!m_expected.git_blob.empty()) {
      m_subject.git_blob = integrity::git_blob_of(m_expected.file);
      hold(m_subject.git_blob, m_expected.git_blob, "name that git gives the content (SHA-1)");
    }
    if (!m_expected.autov3.empty()) {
      m_subject.autov3 = integrity::autov3_of(m_expected.file).substr(0, m_expected.autov3.size());
      hold(m_subject.autov3, m_expected.autov3, "AutoV3 hash");
    }
    return differs;
  }

  /// What a digest that fits does not show.
  void note_weak_digests(Artifact& artifact) const {
    const auto note = [&artifact](std::string message) {
      Finding finding;
      finding.id = "check.weak-digest";
      finding.message = std::move(message);
      artifact.findings.push_back(std::move(finding));
    };
    const auto bits = [](const std::string& digits) { return std::to_string(digits.size()) + " hex digits are " + std::to_string(4 * digits.size()) + " bits of SHA-256"; };
    if (!m_expected.autov2.empty()) {
      note("AutoV2's " + bits(m_expected.autov2) + ": enough to tell a mistake, not a file that was made to have them");
    }
    if (!m_expected.autov3.empty()) {
      note("AutoV3 leaves the header out: names, shapes and metadata may be any" +
           (m_expected.autov3.size() < 64 ? "; its " + bits(m_expected.autov3) + ", enough to tell a mistake, not a file that was made to have them" : std::string()));
    }
  }

  void judge_by_policy(Artifact& artifact) {
    const auto& policy = m_terms.policy;
    if (policy.base.severity) {
      judge_fit(policy.base, artifact);
    }
    if (policy.payload.severity && !artifact.tensors.empty()) {
      search(*policy.payload.severity, artifact);
    }
    apply_policy(policy, m_expected.path, m_options.today, artifact);
  }

  /// What an adapter does not find in its base has the severity of the rule.
  void judge_fit(const Policy::Rule<std::string>& rule, Artifact& artifact) const {
    m_terms.base->judge(artifact);
    for (auto& finding : artifact.findings) {
      const bool of_fit = finding.id.starts_with("lora.base-");
      finding.severity = of_fit && finding.severity >= Severity::warning ? *rule.severity : finding.severity;
    }
  }

  void search(Severity severity, Artifact& artifact) const {
    LowBitsOptions options;
    options.inspect = m_options.inspect;
    const auto found = search_low_bits(m_expected.file, options);
    for (const auto& payload : found.payloads) {
      Finding finding;
      finding.id = "policy.payload";
      finding.severity = severity;
      finding.message = "a search of its bits finds " + payload.title + ", " + bytes_text(payload.size);
      finding.tensor = payload.layout.tensor;
      artifact.findings.push_back(std::move(finding));
    }
  }

  /// The first of the worst findings is the reason.
  void judge(const std::vector<Finding>& findings) {
    const Finding* worst = nullptr;
    for (const auto& finding : findings) {
      const bool counts = m_options.fail_on && finding.severity >= *m_options.fail_on;
      worst = counts && (worst == nullptr || finding.severity > worst->severity) ? &finding : worst;
    }
    if (worst != nullptr) {
      end(SubjectStatus::policy, worst->message);
    }
  }

  /// What came in place of the file, where that is known; else what of it changed.
  [[nodiscard]] std::string explain(const Artifact& artifact, const InspectOptions& options, const std::string& differs) {
    const auto bytes = bytes_text(artifact.size);
    if (artifact.size == 0) {
      return "the file is empty";
    }
    if (comes_in_place(artifact)) {
      if (artifact.format.id == "git-lfs-pointer") {
        return "this is a Git LFS pointer (" + bytes + "), not the file: run git lfs pull";
      }
      if (artifact.format.id == "html") {
        const auto* code = artifact.format.detail.find("error_code");
        const auto* name = code == nullptr ? nullptr : code->if_string();
        return name != nullptr ? "this is the error of a storage server (" + *name + ", " + bytes + "), not the file: the link has expired or is not for you"
                               : "this is a web page (" + bytes + "), not the file: the download answered with an error or a log-in page";
      }
      if (artifact.format.id == "json") {
        return "this is JSON text (" + bytes + "), not the file: the download answered with an error";
      }
    }
    const auto cut = cut_text(artifact);
    if (!m_expected.locked) {
      return cut.empty() ? "modified: " + size_text(artifact) + (differs.empty() ? "the digest as expected" : "the " + differs + " is another") : cut;
    }
    const auto changes = compare(options);
    return cut.empty() ? changes : cut + "; " + changes;
  }

  /// True for what another kind of file was expected than what is there: a configuration that changed is no error page.
  [[nodiscard]] bool comes_in_place(const Artifact& artifact) const {
    const auto* format = &artifact.format.id;
    const auto ending = std::filesystem::path(m_expected.path).extension();
    const bool promised = (*format == "json" && ending == ".json") || (*format == "html" && (ending == ".html" || ending == ".htm" || ending == ".xml"));
    return m_expected.locked ? m_expected.locked->format != *format : !promised;
  }

  [[nodiscard]] std::string size_text(const Artifact& artifact) const {
    const auto wanted = m_expected.size;
    return !wanted || *wanted == artifact.size ? "" : bytes_text(artifact.size) + " in place of " + std::to_string(*wanted) + ", ";
  }

  [[nodiscard]] std::string cut_text(const Artifact& artifact) const {
    const auto wanted = m_expected.size;
    const bool shorter = wanted && artifact.size < *wanted;
    const auto* cut = finding_of(artifact.findings, "container.truncated");
    if (!shorter || (cut == nullptr && artifact.format.id != "raw")) {
      return cut == nullptr ? "" : "cut short: " + cut->message;
    }
    return "cut short: " + std::to_string(artifact.size) + " of " + std::to_string(*wanted) + " bytes are there";
  }

  /// Against the lock, tensor by tensor.
  [[nodiscard]] std::string compare(InspectOptions options) {
    const auto& locked = *m_expected.locked;
    options.sha256 = false;
    options.tensor_sha256 = true;
    const auto artifact = m_terms.in_place.inspect(m_expected.file, options);
    m_subject.locked_tensors = locked.tensors.size();
    m_subject.drift = drift_of(locked.tensors, tensors_of(artifact));
    m_subject.metadata_changed = integrity::digest_of(artifact.metadata) != locked.metadata;
    const auto format = locked.format == artifact.format.id ? "" : ", " + artifact.format.id + " in place of " + locked.format;
    const std::string metadata = *m_subject.metadata_changed ? "metadata changed" : "metadata as locked";
    if (!m_subject.drift.empty()) {
      return "modified: " + drift_in_words(m_subject.drift, locked.tensors.size()) + "; " + metadata + format;
    }
    const auto tensors = locked.tensors.empty() ? std::string("it holds no tensors to compare")
                                                : locked.tensors.size() == 1 ? "its tensor as locked" : "all " + std::to_string(locked.tensors.size()) + " tensors as locked";
    return std::string("modified: only the ") + (*m_subject.metadata_changed ? "metadata" : "container") + " changed" + format + "; " + tensors;
  }

  const Expectation& m_expected;
  Terms& m_terms;
  const CheckOptions& m_options;
  Subject m_subject;
};

}  // namespace

void check_files(std::span<const Expectation> expected, const CheckOptions& options, const std::function<void(const Subject&)>& done) {
  const auto workers = inspecting::workers_for(options.inspect.jobs, expected.size());
  Terms terms(options);
  if (workers > 1) {
    terms.options.inspect.jobs = 1;  // memory is for each file: what is found in it does not depend on the number of threads
  }
  inspecting::OrderedWork work(workers);
  for (const auto& one : expected) {
    work.add([&terms, &done, &one] {
      const auto subject = std::make_shared<const Subject>(Check(one, terms).run());
      return [&done, subject] { done(*subject); };
    });
  }
  work.finish();
}

}  // namespace upinspect
