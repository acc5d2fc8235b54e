// SPDX-License-Identifier: Apache-2.0
// The table of rules.
#include "analysis/rule.hpp"

#include <array>

namespace upinspect::analysis {

void unlabelled_bytes(model::Builder&);
void overlapping_bytes(model::Builder&);
void non_finite(model::Builder&);
void unread_tensor(model::Builder&);
void pickle_globals(model::Builder&);
void unicode_twins(model::Builder&);
void stated_hash(model::Builder&);
void private_path(model::Builder&);
void private_caption(model::Builder&);
void secret_token(model::Builder&);
void named_code(model::Builder&);

namespace {

constexpr std::array k_rules{
    Rule{"container.unlabelled-bytes", unlabelled_bytes},
    Rule{"container.overlapping-bytes", overlapping_bytes},
    Rule{"tensor.non-finite", non_finite},
    Rule{"tensor.unread", unread_tensor},
    Rule{"pickle.dangerous-global", pickle_globals},
    Rule{"name.unicode-twins", unicode_twins},
    Rule{"hash.mismatch", stated_hash},  // and hash.empty-string, hash.malformed
    Rule{"privacy.path", private_path},
    Rule{"privacy.caption", private_caption},  // and privacy.dataset
    Rule{"privacy.secret", secret_token},
    Rule{"config.template-code", named_code},  // and config.target, config.remote-code
};

}  // namespace

std::span<const Rule> rules() noexcept { return k_rules; }

void judge(model::Builder& builder) {
  for (const auto& rule : k_rules) {
    rule.apply(builder);
  }
}

}  // namespace upinspect::analysis
