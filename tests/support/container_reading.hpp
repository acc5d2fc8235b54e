// SPDX-License-Identifier: Apache-2.0
// Reads a container from memory in a test and answers questions about the findings.
#pragma once

#include "bytes/parse_error.hpp"
#include "bytes/source.hpp"
#include "model/coverage_map.hpp"
#include "upinspect/artifact.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::test {

inline std::span<const std::byte> raw(std::string_view text) { return std::as_bytes(std::span(text)); }

inline std::string text_of(std::span<const std::byte> data) {
  std::string out;
  for (const auto byte : data) {
    out.push_back(static_cast<char>(byte));
  }
  return out;
}

/// The ids of the findings, each once, sorted.
inline std::vector<std::string> ids_of(const std::vector<Finding>& findings) {
  std::vector<std::string> out;
  for (const auto& finding : findings) {
    out.push_back(finding.id);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

/// The message of the first finding with this id; empty where there is none.
inline std::string message_of(const std::vector<Finding>& findings, std::string_view id) {
  const auto found = std::find_if(findings.begin(), findings.end(), [id](const Finding& f) { return f.id == id; });
  return found == findings.end() ? std::string() : found->message;
}

/// "offset+length label" of every region of the kind.
inline std::vector<std::string> regions_of(const Coverage& coverage, RegionKind kind) {
  std::vector<std::string> out;
  for (const auto& region : coverage.regions) {
    if (region.kind == kind) {
      out.push_back(std::to_string(region.range.offset) + "+" + std::to_string(region.range.length) + " " + region.label);
    }
  }
  return out;
}

}  // namespace upinspect::test
