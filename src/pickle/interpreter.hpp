// SPDX-License-Identifier: Apache-2.0
// The inside of the pickle machine: one handler per group of opcodes. Use machine.hpp.
#pragma once

#include "bytes/cursor.hpp"
#include "pickle/machine.hpp"
#include "pickle/stack.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace upinspect::pickle {

/// Runs one pickle into `program`, whose graph and memo may hold what an earlier pickle left.
class Interpreter {
 public:
  Interpreter(const bytes::Source& source, ByteRange window, const Options& options, Program& program);

  void run();

 private:
  using Handler = void (Interpreter::*)();
  struct Row;
  static const Row k_rows[];
  static Handler handler_of(Opcode code);

  // The loop (interpreter.cpp).
  [[nodiscard]] bool step();
  void fail(std::string_view opcode, const std::string& message, bool truncated, bool limit);
  void note(std::string_view id, const std::string& message);
  void check_memory() const;
  void check_frame();
  void finish();

  // Plain values (interpreter_values.cpp).
  void push_none();
  void push_true();
  void push_false();
  void push_unsigned();
  void push_integer();
  void push_float();
  void push_text();
  void push_legacy_text();
  void push_bytes();
  void push_bytearray();
  void refuse_buffer();
  void make_readonly();

  // The stream, the stack and the memo (interpreter_stream.cpp).
  void proto();
  void frame();
  void stop();
  void mark();
  void pop();
  void pop_mark();
  void dup();
  void get();
  void get_by_text();
  void put();
  void put_by_text();
  void memoize();
  void remember(std::uint64_t index);
  void recall(std::uint64_t index);

  // Containers (interpreter_containers.cpp).
  void empty_tuple();
  void empty_list();
  void empty_dict();
  void empty_set();
  void tuple();
  void tuple1();
  void tuple2();
  void tuple3();
  void list();
  void dict();
  void frozenset();
  void append();
  void appends();
  void setitem();
  void setitems();
  void additems();
  void extend(NodeId target, std::span<const NodeId> items);
  void set_items(NodeId target, std::span<const NodeId> items);
  void set_list_items(NodeId target, std::span<const NodeId> items);
  void need_hashable(NodeId id) const;
  void need_bytes(NodeId target, std::span<const NodeId> items) const;

  // Globals and calls (interpreter_objects.cpp).
  void global();
  void stack_global();
  void inst();
  void obj();
  void reduce();
  void newobj();
  void newobj_ex();
  void build();
  void persid();
  void binpersid();
  void extension();
  void extension4();
  NodeId fetch(std::string module, std::string name, bool computed = false);
  void push_call(Call call);
  void mark_changed(NodeId id);
  void need_class(NodeId id) const;
  void need_tuple(NodeId id) const;

  /// True for what may be anything at run time: calls, persistent objects, extensions, globals.
  [[nodiscard]] bool opaque(NodeId id) const;
  void push(NodeId id) { m_stack.push(id); }
  [[nodiscard]] Graph& graph() { return m_program.graph; }
  [[nodiscard]] const Graph& graph() const { return m_program.graph; }

  bytes::Cursor m_in;
  const Options& m_options;
  Program& m_program;
  Stack m_stack;
  Argument m_argument;
  const OpcodeInfo* m_opcode = nullptr;
  std::uint64_t m_offset = 0;  ///< of the current opcode
  std::optional<std::uint64_t> m_frame_end;
  std::uint64_t m_gets = 0;
  std::uint64_t m_puts = 0;
  bool m_stopped = false;
  std::unordered_map<NodeId, std::size_t> m_use_of_global;
};

}  // namespace upinspect::pickle
