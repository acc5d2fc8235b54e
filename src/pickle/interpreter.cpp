// SPDX-License-Identifier: Apache-2.0
#include "pickle/interpreter.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace upinspect::pickle {

struct Interpreter::Row {
  Opcode code;
  Handler handler;
};

const Interpreter::Row Interpreter::k_rows[] = {
    {Opcode::mark, &Interpreter::mark},
    {Opcode::empty_tuple, &Interpreter::empty_tuple},
    {Opcode::stop, &Interpreter::stop},
    {Opcode::pop, &Interpreter::pop},
    {Opcode::pop_mark, &Interpreter::pop_mark},
    {Opcode::dup, &Interpreter::dup},
    {Opcode::binbytes, &Interpreter::push_bytes},
    {Opcode::short_binbytes, &Interpreter::push_bytes},
    {Opcode::float_text, &Interpreter::push_float},
    {Opcode::binfloat, &Interpreter::push_float},
    {Opcode::int_text, &Interpreter::push_integer},
    {Opcode::binint, &Interpreter::push_integer},
    {Opcode::binint1, &Interpreter::push_unsigned},
    {Opcode::long_text, &Interpreter::push_integer},
    {Opcode::binint2, &Interpreter::push_unsigned},
    {Opcode::none, &Interpreter::push_none},
    {Opcode::persid, &Interpreter::persid},
    {Opcode::binpersid, &Interpreter::binpersid},
    {Opcode::reduce, &Interpreter::reduce},
    {Opcode::string_text, &Interpreter::push_legacy_text},
    {Opcode::binstring, &Interpreter::push_legacy_text},
    {Opcode::short_binstring, &Interpreter::push_legacy_text},
    {Opcode::unicode_text, &Interpreter::push_text},
    {Opcode::binunicode, &Interpreter::push_text},
    {Opcode::empty_list, &Interpreter::empty_list},
    {Opcode::append, &Interpreter::append},
    {Opcode::build, &Interpreter::build},
    {Opcode::global, &Interpreter::global},
    {Opcode::dict, &Interpreter::dict},
    {Opcode::appends, &Interpreter::appends},
    {Opcode::get, &Interpreter::get_by_text},
    {Opcode::binget, &Interpreter::get},
    {Opcode::inst, &Interpreter::inst},
    {Opcode::long_binget, &Interpreter::get},
    {Opcode::list, &Interpreter::list},
    {Opcode::obj, &Interpreter::obj},
    {Opcode::put, &Interpreter::put_by_text},
    {Opcode::binput, &Interpreter::put},
    {Opcode::long_binput, &Interpreter::put},
    {Opcode::setitem, &Interpreter::setitem},
    {Opcode::tuple, &Interpreter::tuple},
    {Opcode::setitems, &Interpreter::setitems},
    {Opcode::empty_dict, &Interpreter::empty_dict},
    {Opcode::proto, &Interpreter::proto},
    {Opcode::newobj, &Interpreter::newobj},
    {Opcode::ext1, &Interpreter::extension},
    {Opcode::ext2, &Interpreter::extension},
    {Opcode::ext4, &Interpreter::extension4},
    {Opcode::tuple1, &Interpreter::tuple1},
    {Opcode::tuple2, &Interpreter::tuple2},
    {Opcode::tuple3, &Interpreter::tuple3},
    {Opcode::newtrue, &Interpreter::push_true},
    {Opcode::newfalse, &Interpreter::push_false},
    {Opcode::long1, &Interpreter::push_integer},
    {Opcode::long4, &Interpreter::push_integer},
    {Opcode::short_binunicode, &Interpreter::push_text},
    {Opcode::binunicode8, &Interpreter::push_text},
    {Opcode::binbytes8, &Interpreter::push_bytes},
    {Opcode::empty_set, &Interpreter::empty_set},
    {Opcode::additems, &Interpreter::additems},
    {Opcode::frozenset, &Interpreter::frozenset},
    {Opcode::newobj_ex, &Interpreter::newobj_ex},
    {Opcode::stack_global, &Interpreter::stack_global},
    {Opcode::memoize, &Interpreter::memoize},
    {Opcode::frame, &Interpreter::frame},
    {Opcode::bytearray8, &Interpreter::push_bytearray},
    {Opcode::next_buffer, &Interpreter::refuse_buffer},
    {Opcode::readonly_buffer, &Interpreter::make_readonly},
};

Interpreter::Handler Interpreter::handler_of(Opcode code) {
  static const auto table = [] {
    std::array<Handler, 256> handlers{};
    for (const auto& row : k_rows) {
      handlers[static_cast<std::size_t>(row.code)] = row.handler;
    }
    return handlers;
  }();
  return table[static_cast<std::size_t>(code)];
}

Interpreter::Interpreter(const bytes::Source& source, ByteRange window, const Options& options, Program& program)
    : m_in(source, window),
      m_options(options),
      m_program(program),
      m_stack(options.limits.stack, options.limits.marks) {}

void Interpreter::run() {
  while (!m_stopped && !m_program.failure) {
    m_offset = m_in.offset();
    m_opcode = nullptr;
    try {
      if (!step()) {
        break;
      }
    } catch (const bytes::ParseError& error) {
      fail(m_opcode == nullptr ? "" : m_opcode->name, error.field() + " " + error.why(), error.truncated, false);
    } catch (const Refusal& refusal) {
      fail(m_opcode->name, refusal.what(), false, refusal.limit);
    }
  }
  finish();
}

/// One opcode. False where the observer wants no more.
bool Interpreter::step() {
  if (m_in.at_end()) {
    fail("", m_program.opcodes == 0 ? "there are no bytes" : "the bytes end before STOP", true, false);
    return true;
  }
  const auto code = m_in.le<std::uint8_t>("opcode");
  m_opcode = find_opcode(code);
  if (m_opcode == nullptr) {
    fail("", fmt::format("0x{:02x} is no opcode", code), false, false);
    return true;
  }
  read_argument(m_in, *m_opcode, m_options.arguments, m_argument);
  const Step about{m_offset, *m_opcode, m_argument, graph(), m_stack.nodes(), m_stack.marks()};
  if (m_options.observer && m_options.observer(about) == Continue::no) {
    return false;
  }
  if (++m_program.opcodes > m_options.limits.opcodes) {
    throw Refusal(fmt::format("more than {} opcodes", m_options.limits.opcodes), true);
  }
  check_frame();
  (this->*handler_of(m_opcode->code))();
  check_memory();
  return true;
}

void Interpreter::fail(std::string_view opcode, const std::string& message, bool truncated, bool limit) {
  m_program.failure = Failure{m_offset, std::string(opcode), message, truncated, limit};
}

void Interpreter::note(std::string_view id, const std::string& message) {
  auto& known = m_program.anomalies;
  const auto same = std::find_if(known.begin(), known.end(), [id](const Anomaly& anomaly) { return anomaly.id == id; });
  if (same != known.end()) {
    ++same->count;
  } else {
    known.push_back({id, m_offset, message, 1});
  }
}

void Interpreter::check_memory() const {
  constexpr std::uint64_t k_memo_entry = 48;  // about what a hash node and its bucket cost
  const auto used = graph().memory() + m_program.memo.size() * k_memo_entry;
  if (used > m_options.limits.memory) {
    throw Refusal(fmt::format("its objects need more than {} bytes", m_options.limits.memory), true);
  }
}

/// _pickle takes no notice of frames when it reads from memory. When it reads from a file, an opcode that reaches
/// beyond its frame loses the frame's last bytes: the same file is then another stream. The machine reads the former; frames.hpp has the latter.
void Interpreter::check_frame() {
  if (!m_frame_end) {
    return;
  }
  if (m_offset < *m_frame_end && m_in.offset() > *m_frame_end) {
    note("frame-crossed", fmt::format("{} reaches beyond its frame, which ends at {}: CPython may read this differently "
                                      "from a file than from memory",
                                      m_opcode->name, *m_frame_end));
  }
  if (m_in.offset() > *m_frame_end) {
    m_frame_end.reset();
  }
}

void Interpreter::finish() {
  constexpr std::uint64_t k_many_opcodes = 5'000'000;
  m_program.end = m_stopped ? m_in.offset() : m_offset;
  if (m_program.opcodes > k_many_opcodes) {
    note("many-opcodes", fmt::format("the stream has {} opcodes", m_program.opcodes));
  }
  // 50 is where fickling speaks of an expansion attack; small streams reach it by chance.
  if (m_gets > 1000 && m_gets / 50 > m_puts) {
    note("expansion", fmt::format("{} reads of the memo for {} entries", m_gets, m_puts));
  }
}

bool Interpreter::opaque(NodeId id) const {
  const auto kind = graph().kind(id);
  return kind == Kind::call || kind == Kind::persistent || kind == Kind::extension || kind == Kind::global;
}

}  // namespace upinspect::pickle
