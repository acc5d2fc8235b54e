// SPDX-License-Identifier: Apache-2.0
#include "integrity/members.hpp"

#include "bytes/json_reader.hpp"
#include "bytes/limit_reached.hpp"
#include "bytes/parse_error.hpp"

namespace upinspect::integrity {

Value parsed_json(const std::string& path, std::uint64_t most, std::uint64_t tree) {
  const auto text = whole_text(path, most);
  try {
    bytes::require_utf8(text, 0, "JSON");
    return bytes::parse_json(text, 0, "JSON", tree);
  } catch (const bytes::ParseError& error) {
    throw ExpectationError(path + ": offset " + std::to_string(error.offset()) + ": " + error.what());
  } catch (const bytes::LimitReached& limit) {
    throw ExpectationError(path + ": " + limit.what());
  }
}

}  // namespace upinspect::integrity
