// SPDX-License-Identifier: Apache-2.0
#include "formats/json_text.hpp"

#include "bytes/json_reader.hpp"

#include <algorithm>
#include <unordered_set>

namespace upinspect::formats {

std::uint64_t longest_json_text(const InspectOptions& options) noexcept {
  return std::min(k_largest_json_text, options.limits.memory / 2);
}

bool JsonOutline::has(std::string_view key) const noexcept {
  const auto place = std::find(k_telling_json_keys.begin(), k_telling_json_keys.end(), key) - k_telling_json_keys.begin();
  return found[static_cast<std::size_t>(place)];
}

std::optional<JsonOutline> outline_json_object(const Probe& probe) noexcept {
  const auto start = probe.head().find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || probe.head()[start] != '{' || probe.size() > longest_json_text(probe.options())) {
    return std::nullopt;
  }
  try {
    std::string text(static_cast<std::size_t>(probe.size()), '\0');
    probe.source().read_at(0, std::as_writable_bytes(std::span(text)));
    bytes::require_utf8(text, 0, "JSON text");
    JsonOutline outline;
    outline.names_safetensors = text.find(".safetensors\"") != std::string::npos;
    bytes::JsonReader reader(text, 0, "JSON text");
    reader.enter_object();
    std::string key;
    while (reader.next_key(key)) {
      for (std::size_t i = 0; i < k_telling_json_keys.size(); ++i) {
        outline.found[i] = outline.found[i] || key == k_telling_json_keys[i];
      }
      reader.skip();
    }
    reader.expect_end();
    return outline;
  } catch (...) {
    return std::nullopt;
  }
}

Value read_json_object(model::Builder& builder) {
  auto in = builder.cursor();
  std::string text;
  {
    const bytes::Cursor::Structure structure(in, "JSON text", RegionKind::metadata);
    text = in.text(in.remaining(), "JSON text", longest_json_text(builder.options()));
  }
  auto value = bytes::parse_json(text, 0, "JSON text", builder.options().limits.memory / 4);
  const auto* object = value.if_object();
  if (object == nullptr) {
    bytes::Cursor::fail_at(0, "JSON text", "expected an object");
  }
  std::unordered_set<std::string> seen;
  for (const auto& [key, member] : *object) {
    if (!seen.insert(key).second) {
      builder.find("json.duplicate-key", Severity::warning,
                   "the key \"" + key + "\" stands twice; readers differ in which they keep");
    }
  }
  return value;
}

}  // namespace upinspect::formats
