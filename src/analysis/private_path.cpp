// SPDX-License-Identifier: Apache-2.0
// privacy.path: metadata that hold paths of the machine that trained the file, and with them often somebody's name.
#include "analysis/local_path.hpp"
#include "analysis/metadata_texts.hpp"
#include "analysis/rule.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace upinspect::analysis {

namespace {

constexpr std::size_t k_most_keys = 32;
constexpr std::size_t k_most_paths = 10'000;
constexpr std::size_t k_quoted_paths = 2;

struct Leak {
  std::set<std::string> paths;
  std::set<std::string> users;
  std::vector<std::string> first;  ///< in the order of the file
};

void gather(Leak& leak, std::string_view text) {
  std::size_t at = 0;
  while (const auto found = find_local_path(text, at)) {
    at = found->end;
    if (leak.paths.size() >= k_most_paths) {
      return;
    }
    if (leak.paths.insert(found->path).second && leak.first.size() < k_quoted_paths) {
      leak.first.push_back(found->path);
    }
    if (!found->user.empty()) {
      leak.users.insert(found->user);
    }
  }
}

std::string message_of(const std::string& key, const Leak& leak) {
  const auto count = leak.paths.size();
  std::string text = quoted(key) + (count == 1 ? " holds a path of the machine it was made on: "
                                               : " holds " + std::to_string(count) + " paths of the machine it was made on, such as ");
  for (std::size_t i = 0; i < leak.first.size(); ++i) {
    text += (i == 0 ? "" : ", ") + quoted(leak.first[i]);
  }
  if (!leak.users.empty()) {
    text += "; they name the user " + quoted(*leak.users.begin());
    text += leak.users.size() == 1 ? "" : " and " + std::to_string(leak.users.size() - 1) + " more";
  }
  return text;
}

}  // namespace

void private_path(model::Builder& builder) {
  std::map<std::string, Leak> leaks;
  for_each_text(builder.artifact.metadata, [&leaks](const std::string& key, std::string_view text) {
    if (leaks.size() < k_most_keys || leaks.contains(key)) {
      Leak fresh;
      auto found = leaks.find(key);
      auto& leak = found == leaks.end() ? fresh : found->second;
      gather(leak, text);
      if (found == leaks.end() && !fresh.paths.empty()) {
        leaks.emplace(key, std::move(fresh));
      }
    }
  });
  for (const auto& [key, leak] : leaks) {
    builder.find("privacy.path", Severity::note, message_of(key, leak));
  }
}

}  // namespace upinspect::analysis
