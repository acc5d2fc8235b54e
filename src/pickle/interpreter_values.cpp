// SPDX-License-Identifier: Apache-2.0
#include "pickle/interpreter.hpp"

#include <fmt/format.h>

namespace upinspect::pickle {

void Interpreter::push_none() { push(graph().add_none(m_offset)); }

void Interpreter::push_true() { push(graph().add_boolean(m_offset, true)); }

void Interpreter::push_false() { push(graph().add_boolean(m_offset, false)); }

void Interpreter::push_unsigned() {
  push(graph().add_integer(m_offset, static_cast<std::int64_t>(m_argument.number)));
}

void Interpreter::push_integer() {
  const auto& integer = m_argument.integer;
  if (integer.unusual) {
    note("number-spelling", fmt::format("{} holds a number as no pickler writes it", m_opcode->name));
  }
  if (integer.boolean) {
    push(graph().add_boolean(m_offset, integer.value != 0));
  } else if (integer.fits) {
    push(graph().add_integer(m_offset, integer.value));
  } else {
    StoredText text;
    text.value = integer.text;
    text.range = {m_offset, m_in.offset() - m_offset};
    push(graph().add_text(m_offset, Kind::big_integer, std::move(text)));
  }
}

void Interpreter::push_float() { push(graph().add_floating(m_offset, m_argument.real)); }

void Interpreter::push_text() { push(graph().add_text(m_offset, Kind::text, std::move(m_argument.text))); }

void Interpreter::push_legacy_text() {
  const bool as_bytes = m_options.arguments.legacy_strings == LegacyStrings::bytes;
  push(graph().add_text(m_offset, as_bytes ? Kind::bytes : Kind::text, std::move(m_argument.text)));
}

void Interpreter::push_bytes() { push(graph().add_text(m_offset, Kind::bytes, std::move(m_argument.text))); }

void Interpreter::push_bytearray() { push(graph().add_text(m_offset, Kind::bytearray, std::move(m_argument.text))); }

void Interpreter::refuse_buffer() {
  throw Refusal("it refers to a buffer outside of the stream, and a file has none");
}

void Interpreter::make_readonly() {
  const auto id = m_stack.top();
  const auto kind = graph().kind(id);
  if (kind != Kind::bytes && kind != Kind::bytearray && !opaque(id)) {
    throw Refusal("a bytes-like object is required, not '" + graph().type_name(id) + "'");
  }
}

}  // namespace upinspect::pickle
