// SPDX-License-Identifier: Apache-2.0
#include "model/budget.hpp"

#include <variant>

namespace upinspect::model {

namespace {
// A list that grows holds its old and its new, twice as large, elements for a moment.
constexpr std::uint64_t k_growth = 3;
}  // namespace

std::string memory_allowed(std::uint64_t bytes) {
  constexpr std::uint64_t k_mebi = std::uint64_t{1} << 20;
  const bool whole = bytes >= k_mebi && bytes % k_mebi == 0;
  return "; --max-memory allows " + (whole ? std::to_string(bytes / k_mebi) + " MiB" : std::to_string(bytes) + " bytes");
}

std::uint64_t heap_of(const Value& value) {
  std::uint64_t out = k_growth * sizeof(Value);
  if (const auto* text = value.if_string()) {
    out += text->size();
  }
  if (const auto* array = value.if_array()) {
    for (const auto& item : *array) {
      out += heap_of(item);
    }
  }
  if (const auto* object = value.if_object()) {
    for (const auto& [key, member] : *object) {
      out += k_growth * sizeof(std::string) + key.size() + heap_of(member);
    }
  }
  return out;
}

}  // namespace upinspect::model
