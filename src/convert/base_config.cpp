// SPDX-License-Identifier: Apache-2.0
#include "convert/base_config.hpp"

#include "bytes/json_reader.hpp"
#include "bytes/source.hpp"

#include <algorithm>
#include <filesystem>
#include <span>

namespace upinspect::convert {

namespace fs = std::filesystem;

Value config_beside_base(const std::string& weights) {
  constexpr std::uint64_t k_largest = std::uint64_t{1} << 20;
  const auto path = fs::path(weights).parent_path() / "config.json";
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return nullptr;
  }
  try {
    const bytes::FileSource source(path.string());
    std::string text(static_cast<std::size_t>(std::min(source.size(), k_largest)), '\0');
    source.read_at(0, std::as_writable_bytes(std::span(text)));
    return bytes::parse_json(text, 0, "config.json");
  } catch (const std::exception&) {  // what it would say is missing then, and whoever needs it says so
    return nullptr;
  }
}

}  // namespace upinspect::convert
