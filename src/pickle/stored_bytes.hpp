// SPDX-License-Identifier: Apache-2.0
// Byte strings inside a pickle, wherever protocol and encoding put them: found without copying, decoded on demand.
#pragma once

#include "bytes/source.hpp"
#include "pickle/graph.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace upinspect::pickle {

/// How the stored bytes become the byte string.
enum class BytesForm : std::uint8_t {
  plain,        ///< they are the byte string
  latin1_utf8,  ///< UTF-8 of characters up to U+00FF, one per byte
  latin1_raw,   ///< the same in raw-unicode-escape
  quoted,       ///< the str of Python 2 in quotes with escapes
};

/// A byte string in the source. Where `form` is plain, `range` can be read as it stands.
struct BytesRef {
  NodeId node = k_no_node;  ///< of the text or bytes itself, below any call that encodes it
  ByteRange range;
  BytesForm form = BytesForm::plain;

  friend bool operator==(const BytesRef&, const BytesRef&) = default;
};

/// Bytes, a bytearray, a text (one byte per character) or a call that gives bytes: `_codecs.encode(text, "latin1")`,
/// `builtins.bytes` and `builtins.bytearray` of such. Nothing for anything else.
[[nodiscard]] std::optional<BytesRef> find_bytes(const Graph& graph, NodeId id);

/// The byte string. Throws bytes::ParseError where it is longer than `cap` or its text does not decode to bytes.
[[nodiscard]] std::string read_bytes(const Graph& graph, const bytes::Source& source, const BytesRef& ref,
                                     std::uint64_t cap);

/// The same without the source: nothing where the node does not hold the whole text.
[[nodiscard]] std::optional<std::string> kept_bytes(const Graph& graph, const BytesRef& ref);

}  // namespace upinspect::pickle
