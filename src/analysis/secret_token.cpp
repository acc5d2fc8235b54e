// SPDX-License-Identifier: Apache-2.0
// privacy.secret: an access token that was left in the metadata. Whoever has the file can use it.
#include "analysis/metadata_texts.hpp"
#include "analysis/rule.hpp"

#include <algorithm>
#include <array>

namespace upinspect::analysis {

namespace {

constexpr std::size_t k_most_found = 16;
constexpr std::size_t k_longest_token = 255;

/// How a service's tokens begin, and how many letters and digits follow at least.
struct TokenKind {
  std::string_view prefix;
  std::size_t least;
  std::string_view service;
};
constexpr std::array k_kinds{TokenKind{"hf_", 30, "Hugging Face"}, TokenKind{"ghp_", 36, "GitHub"}, TokenKind{"github_pat_", 40, "GitHub"},
                             TokenKind{"glpat-", 20, "GitLab"}, TokenKind{"AKIA", 16, "Amazon Web Services"}};

bool is_token_character(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool begins_word(std::string_view text, std::size_t at) { return at == 0 || (!is_token_character(text[at - 1]) && text[at - 1] != '-'); }

}  // namespace

void secret_token(model::Builder& builder) {
  std::size_t found = 0;
  for_each_text(builder.artifact.metadata, [&](const std::string& key, std::string_view text) {
    for (const auto& kind : k_kinds) {
      for (auto at = text.find(kind.prefix); at != std::string_view::npos; at = text.find(kind.prefix, at + 1)) {
        if (!begins_word(text, at)) {
          continue;
        }
        const auto rest = text.substr(at + kind.prefix.size(), k_longest_token + 1);
        const auto length = static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), is_token_character) - rest.begin());
        if (length >= kind.least && length <= k_longest_token && found++ < k_most_found) {
          builder.find("privacy.secret", Severity::warning,
                       quoted(key) + " holds what looks like an access token of " + std::string(kind.service) + ", beginning with " +
                           quoted(text.substr(at, kind.prefix.size() + 4)) + ": whoever has this file can use it");
        }
      }
    }
  });
}

}  // namespace upinspect::analysis
