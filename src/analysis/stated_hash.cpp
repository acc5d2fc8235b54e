// SPDX-License-Identifier: Apache-2.0
// hash.mismatch, hash.empty-string, hash.malformed: what a file says its own hash is, against what it is.
#include "analysis/metadata_texts.hpp"
#include "analysis/rule.hpp"

#include <algorithm>

namespace upinspect::analysis {

namespace {

/// What is known of the file in the stated hash's place.
std::string actual(const Artifact& artifact) {
  const auto found = std::find_if(artifact.site_hashes.begin(), artifact.site_hashes.end(), [](const SiteHash& hash) { return hash.kind == "addnet"; });
  return found == artifact.site_hashes.end() ? std::string() : "; the data area's SHA-256 is " + found->value;
}

std::string mismatch(const StatedHash& stated, const Artifact& artifact) {
  auto text = quoted(stated.key) + " is " + quoted(stated.value) + ", and no definition in use gives that: the tensors were changed, "
              "cast or merged after it was taken, or it was copied from another file";
  text += stated.key == "modelspec.hash_sha256" ? ", or the tensors were hashed in an order that the file does not keep" : "";
  return text + (stated.key == "sshs_legacy_hash" ? std::string() : actual(artifact));
}

std::string empty_string(const StatedHash& stated, const Artifact& artifact) {
  return quoted(stated.key) + " is the SHA-256 of nothing (" + quoted(stated.value) +
         "), a known mistake of some trainers, ai-toolkit among them: every such file has the same, and programs that go by it take them "
         "for one" + (stated.key == "sshs_legacy_hash" ? std::string() : actual(artifact));
}

}  // namespace

void stated_hash(model::Builder& builder) {
  const auto& artifact = builder.artifact;
  for (const auto& stated : artifact.stated_hashes) {
    if (stated.verdict == HashVerdict::mismatched) {
      builder.find("hash.mismatch", Severity::warning, mismatch(stated, artifact));
    } else if (stated.verdict == HashVerdict::empty_string) {
      builder.find("hash.empty-string", Severity::warning, empty_string(stated, artifact));
    } else if (stated.verdict == HashVerdict::malformed) {
      builder.find("hash.malformed", Severity::note, quoted(stated.key) + " is no hash: " + quoted(stated.value));
    }
  }
}

}  // namespace upinspect::analysis
