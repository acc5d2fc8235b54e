// SPDX-License-Identifier: Apache-2.0
// The objects that a pickle describes, as inert nodes in an arena: nothing is imported, nothing is called.
#pragma once

#include "upinspect/artifact.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace upinspect::pickle {

using NodeId = std::uint32_t;
inline constexpr NodeId k_no_node = 0xffff'ffff;

enum class Kind : std::uint8_t {
  none, boolean, integer,
  big_integer,  ///< beyond 64 bits; text() is decimal up to 128 bits, then "0x..." or what the stream says
  floating, text, bytes, bytearray, list, tuple,
  dict,         ///< items() are key, value, key, value; repeated keys are kept
  set, frozenset, global,
  persistent,   ///< an object that lives outside of the pickle, named by referent()
  call,         ///< what calling or instantiating something would give
  extension,    ///< from copyreg's registry, by number
};

/// How the bytes in the stream stand for a text.
enum class Encoding : std::uint8_t {
  plain,       ///< as they are: bytes, or UTF-8 that may hold surrogates
  raw_unicode, ///< raw-unicode-escape
  quoted,      ///< a Python 2 str with backslash escapes
};

/// A string as the stream holds it. `value` is the decoded string unless it was too long to keep (`whole` is false).
struct StoredText {
  std::string value;
  ByteRange range;
  Encoding encoding = Encoding::plain;
  bool whole = true;
};

/// `written_*` differ where Python 2 names were brought to Python 3 (`__builtin__` is `builtins`).
struct GlobalName {
  std::string module;
  std::string name;
  std::string written_module;
  std::string written_name;
  bool computed = false;  ///< the name is the result of a call, known only at run time

  [[nodiscard]] std::string dotted() const { return module + '.' + name; }
  [[nodiscard]] bool is(std::string_view in_module, std::string_view called) const {
    return module == in_module && name == called;
  }
  friend bool operator==(const GlobalName&, const GlobalName&) = default;
};

enum class CallKind : std::uint8_t { reduce, newobj, newobj_ex, obj, inst };

struct Call {
  NodeId callable = k_no_node;
  NodeId arguments = k_no_node;
  NodeId keywords = k_no_node;  ///< NEWOBJ_EX only
  CallKind kind = CallKind::reduce;
};

/// What was done to an object whose class is not known here.
struct Additions {
  std::vector<NodeId> states;    ///< of BUILD, in order
  std::vector<NodeId> items;     ///< of SETITEM(S): key, value, key, value
  std::vector<NodeId> appended;  ///< of APPEND(S) and ADDITEMS
};

/// Owns the nodes. Identifiers are indices: cycles and sharing are legal, and nothing recurses, not even destruction.
/// Asked for what a node is not, the getters that can say "nothing" do so, for k_no_node too; kind(), offset() and
/// hashable() need a node.
class Graph {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return m_nodes.size(); }
  [[nodiscard]] Kind kind(NodeId id) const { return m_nodes.at(id).kind; }
  [[nodiscard]] bool is(NodeId id, Kind wanted) const { return id < m_nodes.size() && m_nodes[id].kind == wanted; }
  /// Where the opcode that made it stands in the source.
  [[nodiscard]] std::uint64_t offset(NodeId id) const { return m_nodes.at(id).offset; }

  [[nodiscard]] bool boolean(NodeId id) const { return m_nodes.at(id).value != 0; }
  /// The value of an integer or a boolean.
  [[nodiscard]] std::optional<std::int64_t> integer(NodeId id) const;
  [[nodiscard]] std::optional<double> floating(NodeId id) const;
  /// The value of a text, bytes, bytearray or big integer that is kept whole.
  [[nodiscard]] std::optional<std::string_view> text(NodeId id) const;
  /// Where a text, bytes or bytearray is stored; nullptr for other kinds.
  [[nodiscard]] const StoredText* stored(NodeId id) const;
  /// The items of a list, tuple, dict, set or frozenset; empty for other kinds.
  [[nodiscard]] std::span<const NodeId> items(NodeId id) const;
  [[nodiscard]] const GlobalName* global(NodeId id) const;
  [[nodiscard]] const Call* call(NodeId id) const;
  /// The name of a call's callable where that is a global.
  [[nodiscard]] const GlobalName* callee(NodeId id) const;
  [[nodiscard]] const Additions* additions(NodeId id) const;
  /// The identifier of a persistent object.
  [[nodiscard]] NodeId referent(NodeId id) const;
  [[nodiscard]] std::int64_t extension_code(NodeId id) const { return static_cast<std::int64_t>(m_nodes.at(id).value); }
  /// False for what Python cannot hash: list, dict, set, bytearray and tuples that hold one.
  [[nodiscard]] bool hashable(NodeId id) const { return m_nodes.at(id).hashable; }
  /// What Python's type(x).__name__ would say, as far as it is known.
  [[nodiscard]] std::string type_name(NodeId id) const;
  /// An estimate of the heap that the nodes take, in bytes.
  [[nodiscard]] std::uint64_t memory() const noexcept { return m_memory; }

  NodeId add_none(std::uint64_t offset) { return add(Kind::none, offset, 0); }
  NodeId add_boolean(std::uint64_t offset, bool value) { return add(Kind::boolean, offset, value ? 1 : 0); }
  NodeId add_integer(std::uint64_t offset, std::int64_t value);
  NodeId add_floating(std::uint64_t offset, double value);
  NodeId add_text(std::uint64_t offset, Kind kind, StoredText text);
  NodeId add_sequence(std::uint64_t offset, Kind kind, std::vector<NodeId> items);
  NodeId add_global(std::uint64_t offset, GlobalName name);
  NodeId add_persistent(std::uint64_t offset, NodeId referent);
  NodeId add_call(std::uint64_t offset, Call call);
  NodeId add_extension(std::uint64_t offset, std::int64_t code);

  void append(NodeId sequence, std::span<const NodeId> items);
  void replace(NodeId sequence, std::size_t index, NodeId item);
  Additions& additions_of(NodeId id);
  void charge(std::uint64_t bytes) noexcept { m_memory += bytes; }

 private:
  struct Node {
    Kind kind;
    bool hashable;
    std::uint32_t index;  ///< into the table of its kind
    std::uint64_t offset;
    std::uint64_t value;  ///< of what fits in 64 bits
  };

  NodeId add(Kind kind, std::uint64_t offset, std::uint64_t value, std::size_t index = 0, bool hashable = true);

  std::vector<Node> m_nodes;
  std::vector<StoredText> m_texts;
  std::vector<std::vector<NodeId>> m_sequences;
  std::vector<GlobalName> m_globals;
  std::vector<Call> m_calls;
  std::unordered_map<NodeId, Additions> m_additions;
  std::uint64_t m_memory = 0;
};

}  // namespace upinspect::pickle
