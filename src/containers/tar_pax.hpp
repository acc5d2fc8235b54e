// SPDX-License-Identifier: Apache-2.0
// The records of a pax extension header: "LENGTH KEY=VALUE\n", one after another.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upinspect::containers {

struct PaxRecords {
  std::vector<std::pair<std::string, std::string>> records;
  std::optional<std::size_t> bad_at;  ///< where in the text the first record that does not add up begins
};

[[nodiscard]] PaxRecords parse_pax(std::string_view text);

/// The last value of `key`, which the standard makes the one that counts; nullptr where there is none.
[[nodiscard]] const std::string* pax_value(const std::vector<std::pair<std::string, std::string>>& records, std::string_view key);

}  // namespace upinspect::containers
