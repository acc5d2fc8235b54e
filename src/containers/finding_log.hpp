// SPDX-License-Identifier: Apache-2.0
// Collects findings under their rules, a few of each: a hostile archive may break one rule a million times.
#pragma once

#include "upinspect/artifact.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upinspect::containers {

/// A kind of finding: its id in the contract, how bad it is, and what it is about in a few words.
struct Rule {
  std::string_view id;
  Severity severity;
  std::string_view title;
};

/// Writes at most `k_each` findings per rule to the list; the destructor adds one that counts the others.
class FindingLog {
 public:
  static constexpr std::size_t k_each = 8;

  explicit FindingLog(std::vector<Finding>& findings) : m_findings(findings) {}
  ~FindingLog();
  FindingLog(const FindingLog&) = delete;
  FindingLog& operator=(const FindingLog&) = delete;

  /// `message` is called only where its text is kept. The range is in bytes of the file.
  template <std::invocable Message>
  void add(const Rule& rule, ByteRange where, Message&& message) {
    if (counts(rule)) {
      keep(rule, where, std::forward<Message>(message)());
    }
  }
  void add(const Rule& rule, ByteRange where, std::string message);

 private:
  struct Tally {
    const Rule* rule;
    std::uint64_t count;
  };

  bool counts(const Rule& rule);
  void keep(const Rule& rule, ByteRange where, std::string message);

  std::vector<Finding>& m_findings;
  std::vector<Tally> m_tallies;
};

/// `name` in quotes for a message, cut where it is long. Its bytes stay as they are.
[[nodiscard]] std::string quoted(std::string_view name);

/// "1 entry", "2 entries".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view one, std::string_view many);

}  // namespace upinspect::containers
