// SPDX-License-Identifier: Apache-2.0
#include "cli/memory_size.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>

namespace upinspect::cli {

std::uint64_t memory_size(const std::string& text) {
  const std::map<std::string, std::uint64_t> units{{"", 1}, {"k", 1U << 10}, {"m", 1U << 20}, {"g", 1U << 30}};
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  auto unit = ::CLI::detail::to_lower(text.substr(digits));
  if (unit.size() > 1 && (unit.ends_with("b") || unit.ends_with("ib"))) {
    unit.resize(1);
  }
  const auto known = units.find(unit);
  if (digits == 0 || digits > 12 || known == units.end()) {
    throw ::CLI::ValidationError("--max-memory", "expected a size such as 512M, found \"" + text + "\"");
  }
  return std::stoull(text.substr(0, digits)) * known->second;
}

}  // namespace upinspect::cli
