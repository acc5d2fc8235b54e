// SPDX-License-Identifier: Apache-2.0
#include "containers/tar_pax.hpp"

#include <algorithm>

namespace upinspect::containers {

namespace {

/// The length at the start of a record, itself included, and the digits it takes; nothing where there is none.
std::optional<std::pair<std::size_t, std::size_t>> record_length(std::string_view text) {
  std::size_t value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    value = value * 10 + static_cast<std::size_t>(text[digits] - '0');
    if (++digits > 9) {
      return std::nullopt;
    }
  }
  return digits == 0 ? std::nullopt : std::optional(std::pair(value, digits));
}

}  // namespace

PaxRecords parse_pax(std::string_view text) {
  PaxRecords out;
  std::size_t at = 0;
  // A NUL ends the records early, as tarfile has it.
  while (at < text.size() && text[at] != '\0') {
    const auto rest = text.substr(at);
    const auto length = record_length(rest);
    const bool fits = length && length->first <= rest.size() && length->first > length->second + 1 &&
                      rest[length->second] == ' ' && rest[length->first - 1] == '\n';
    const auto body = fits ? rest.substr(length->second + 1, length->first - length->second - 2) : std::string_view{};
    const auto equals = body.find('=');
    if (!fits || equals == 0 || equals == std::string_view::npos) {
      out.bad_at = at;
      return out;
    }
    out.records.emplace_back(body.substr(0, equals), body.substr(equals + 1));
    at += length->first;
  }
  return out;
}

const std::string* pax_value(const std::vector<std::pair<std::string, std::string>>& records, std::string_view key) {
  const auto found = std::find_if(records.rbegin(), records.rend(), [key](const auto& record) { return record.first == key; });
  return found == records.rend() ? nullptr : &found->second;
}

}  // namespace upinspect::containers
