// SPDX-License-Identifier: Apache-2.0
#include "report/explanations.hpp"

#include "report/advice.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace upinspect::report {
namespace {

constexpr std::size_t k_most_similar = 5;
constexpr std::size_t k_longest_compared = 64;  ///< no id is longer; of a longer text the rest says nothing

bool earlier_id(const ExplainedFinding& a, const ExplainedFinding& b) { return a.id < b.id; }

std::vector<ExplainedFinding> gathered_explanations() {
  std::vector<ExplainedFinding> all;
  for (const auto drawer : {containers_explanations(), zip_explanations(), arrays_explanations(), folders_explanations(),
                            pickle_explanations(), torch_explanations(), adapters_explanations(),
                            tensors_explanations(), bits_explanations(), checks_explanations()}) {
    all.insert(all.end(), drawer.begin(), drawer.end());
  }
  for (auto& row : all) {
    row.advice = row.advice.empty() ? advice(row.id) : row.advice;
  }
  std::sort(all.begin(), all.end(), earlier_id);
  return all;
}

/// How many letters have to be put in, taken out or changed to make one text of the other (Levenshtein).
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

/// How far an id is from a text; nothing where nobody can have meant it. A part of an id counts as two wrong letters.
std::size_t id_distance(std::string_view id, std::string_view text, std::size_t hopeless) {
  const auto name = id.substr(family_of(id).size() + 1);
  auto best = std::min(edits_between(id, text), edits_between(name, text) + 1);
  if (text.size() >= 3 && id.find(text) != std::string_view::npos) {
    best = std::min<std::size_t>(best, 2);
  }
  return best <= 2 + text.size() / 5 ? best : hopeless;
}

}  // namespace

std::span<const ExplainedFinding> explanations() {
  static const auto table = gathered_explanations();
  return table;
}

const ExplainedFinding* explanation(std::string_view finding_id) {
  const auto all = explanations();
  const auto found = std::lower_bound(all.begin(), all.end(), ExplainedFinding{finding_id, {}, {}, {}, {}}, earlier_id);
  return found != all.end() && found->id == finding_id ? &*found : nullptr;
}

std::vector<std::string_view> similar_ids(std::string_view text) {
  constexpr auto k_hopeless = std::size_t{1000};
  std::vector<std::pair<std::size_t, std::string_view>> near;
  for (const auto& row : explanations()) {
    const auto away = id_distance(row.id, text.substr(0, k_longest_compared), k_hopeless);
    if (!text.empty() && away != k_hopeless) {
      near.emplace_back(away, row.id);
    }
  }
  std::sort(near.begin(), near.end());
  std::vector<std::string_view> ids;
  for (std::size_t i = 0; i < std::min(near.size(), k_most_similar); ++i) {
    ids.push_back(near[i].second);
  }
  return ids;
}

}  // namespace upinspect::report
