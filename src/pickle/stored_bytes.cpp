// SPDX-License-Identifier: Apache-2.0
#include "pickle/stored_bytes.hpp"

#include "bytes/cursor.hpp"
#include "pickle/escapes.hpp"

#include <fmt/format.h>

namespace upinspect::pickle {

namespace {

constexpr unsigned k_most_calls = 4;

bool is_latin1(std::string_view codec) {
  return codec == "latin1" || codec == "latin-1" || codec == "iso-8859-1" || codec == "latin";
}

/// What a call that only changes the type of a byte string is given; k_no_node for other calls.
NodeId unwrapped(const Graph& graph, NodeId id) {
  const auto* callee = graph.callee(id);
  const auto arguments = callee == nullptr ? std::span<const NodeId>() : graph.items(graph.call(id)->arguments);
  if (arguments.empty()) {
    return k_no_node;
  }
  if (callee->is("_codecs", "encode")) {
    const bool known = arguments.size() == 2 && graph.is(arguments[1], Kind::text) &&
                       is_latin1(graph.text(arguments[1]).value_or(""));
    return known ? arguments[0] : k_no_node;
  }
  const bool converts = callee->is("builtins", "bytes") || callee->is("builtins", "bytearray");
  const bool from_text = arguments.size() == 2 && is_latin1(graph.text(arguments[1]).value_or(""));
  return converts && (arguments.size() == 1 || from_text) ? arguments[0] : k_no_node;
}

std::optional<std::string> decoded(std::string stored, BytesForm form) {
  std::string why;
  switch (form) {
    case BytesForm::plain: return stored;
    case BytesForm::latin1_utf8: return latin1_from_utf8(stored);
    case BytesForm::quoted: return decode_quoted(stored, why);
    case BytesForm::latin1_raw: break;
  }
  const auto text = decode_raw_unicode(stored, why);
  return text ? latin1_from_utf8(*text) : std::nullopt;
}

/// `bytes()`: protocol 2 writes the empty byte string so.
bool is_empty_call(const Graph& graph, NodeId id) {
  const auto* callee = graph.callee(id);
  return callee != nullptr && (callee->is("builtins", "bytes") || callee->is("builtins", "bytearray")) &&
         graph.is(graph.call(id)->arguments, Kind::tuple) && graph.items(graph.call(id)->arguments).empty();
}

}  // namespace

std::optional<BytesRef> find_bytes(const Graph& graph, NodeId id) {
  if (is_empty_call(graph, id)) {
    return BytesRef{k_no_node, ByteRange{graph.offset(id), 0}, BytesForm::plain};
  }
  for (unsigned depth = 0; depth < k_most_calls && graph.is(id, Kind::call); ++depth) {
    id = unwrapped(graph, id);
  }
  const bool is_text = graph.is(id, Kind::text);
  if (!is_text && !graph.is(id, Kind::bytes) && !graph.is(id, Kind::bytearray)) {
    return std::nullopt;
  }
  const auto* stored = graph.stored(id);
  BytesRef out{id, stored->range, BytesForm::plain};
  if (stored->encoding == Encoding::quoted) {
    out.form = BytesForm::quoted;
  } else if (stored->encoding == Encoding::raw_unicode) {
    out.form = BytesForm::latin1_raw;
  } else if (is_text) {
    out.form = BytesForm::latin1_utf8;
  }
  return out;
}

std::string read_bytes(const Graph& graph, const bytes::Source& source, const BytesRef& ref, std::uint64_t cap) {
  if (auto kept = kept_bytes(graph, ref)) {
    return *kept;
  }
  auto bytes = decoded(bytes::Cursor(source, ref.range).text(ref.range.length, "byte string", cap), ref.form);
  if (!bytes) {
    bytes::Cursor::fail_at(ref.range.offset, "byte string", "holds characters that are no bytes");
  }
  return std::move(*bytes);
}

std::optional<std::string> kept_bytes(const Graph& graph, const BytesRef& ref) {
  if (ref.node == k_no_node) {
    return std::string();
  }
  const auto text = graph.text(ref.node);
  if (!text) {
    return std::nullopt;
  }
  return graph.is(ref.node, Kind::text) ? latin1_from_utf8(*text) : std::optional<std::string>(*text);
}

}  // namespace upinspect::pickle
