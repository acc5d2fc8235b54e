// SPDX-License-Identifier: Apache-2.0
#include "formats/json_code.hpp"

#include "model/named_code.hpp"

namespace upinspect::formats {

namespace {

constexpr std::uint64_t k_longest_text = std::uint64_t{1} << 20;

void tell_code(model::Builder& builder, const std::optional<model::NamedCode>& code, std::uint64_t offset) {
  if (code) {
    builder.find(std::string(code->id), code->severity, code->message, ByteRange{offset, 0});
  }
}

}  // namespace

void look_for_code(bytes::JsonReader& reader, const std::string& key, model::Builder& builder) {
  const auto kind = reader.peek();
  const auto offset = reader.offset();
  if (kind == bytes::JsonKind::string) {
    std::string text;
    static_cast<void>(reader.string_up_to(text, k_longest_text));
    tell_code(builder, model::code_in_member(key, text, !text.empty()), offset);
    tell_code(builder, model::code_in_text(key, text), offset);
    return;
  }
  if (kind == bytes::JsonKind::object) {
    tell_code(builder, model::code_in_member(key, {}, true), offset);
    reader.enter_object();
    for (std::string inner; reader.next_key(inner);) {
      look_for_code(reader, inner, builder);
    }
  } else if (kind == bytes::JsonKind::array) {
    reader.enter_array();
    while (reader.next_element()) {
      look_for_code(reader, key, builder);
    }
  } else if (kind == bytes::JsonKind::boolean) {
    tell_code(builder, model::code_in_member(key, {}, reader.boolean()), offset);
  } else {
    reader.skip();
  }
}

}  // namespace upinspect::formats
