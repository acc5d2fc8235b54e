// SPDX-License-Identifier: Apache-2.0
#include "containers/finding_log.hpp"

#include <algorithm>

namespace upinspect::containers {

FindingLog::~FindingLog() {
  for (const auto& tally : m_tallies) {
    if (tally.count > k_each) {
      m_findings.push_back({std::string(tally.rule->id), tally.rule->severity,
                            counted(tally.count - k_each, "more finding", "more findings") +
                                " of this kind: " + std::string(tally.rule->title),
                            std::nullopt, std::nullopt, {}});
    }
  }
}

bool FindingLog::counts(const Rule& rule) {
  const auto known = std::find_if(m_tallies.begin(), m_tallies.end(),
                                  [&rule](const Tally& tally) { return tally.rule->id == rule.id; });
  if (known == m_tallies.end()) {
    m_tallies.push_back({&rule, 1});
    return true;
  }
  return ++known->count <= k_each;
}

void FindingLog::keep(const Rule& rule, ByteRange where, std::string message) {
  m_findings.push_back({std::string(rule.id), rule.severity, std::move(message), where.offset,
                        where.length == 0 ? std::nullopt : std::optional(where.length), {}});
}

void FindingLog::add(const Rule& rule, ByteRange where, std::string message) {
  if (counts(rule)) {
    keep(rule, where, std::move(message));
  }
}

std::string quoted(std::string_view name) {
  constexpr std::size_t k_longest = 120;
  if (name.size() <= k_longest) {
    return "'" + std::string(name) + "'";
  }
  return "'" + std::string(name.substr(0, k_longest)) + "...' (" + std::to_string(name.size()) + " bytes)";
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

}  // namespace upinspect::containers
