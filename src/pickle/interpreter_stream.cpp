// SPDX-License-Identifier: Apache-2.0
#include "pickle/interpreter.hpp"

#include <fmt/format.h>
#include <limits>

namespace upinspect::pickle {

namespace {
constexpr int k_newest_protocol = 5;
}

void Interpreter::proto() {
  const auto version = static_cast<int>(m_argument.number);
  if (version > k_newest_protocol) {
    const auto message = fmt::format("protocol {} is unknown; {} is the newest", version, k_newest_protocol);
    note("unknown-protocol", message);
    if (!m_options.any_protocol) {
      throw Refusal(message);
    }
  }
  if (m_program.protocol >= 0) {
    note("repeated-proto", fmt::format("PROTO {} after PROTO {}", version, m_program.protocol));
  } else if (m_program.opcodes > 1) {
    note("late-proto", "PROTO does not come first");
  }
  m_program.protocol = version;
}

void Interpreter::frame() {
  const auto length = m_argument.number;
  if (m_options.ignore_frames) {
    return;
  }
  if (m_frame_end && m_offset < *m_frame_end) {
    note("frame-overlap", fmt::format("a frame begins before the one that ends at {} is over", *m_frame_end));
  }
  if (length > m_in.remaining()) {
    bytes::ParseError error(m_offset, "frame", fmt::format("needs {} bytes, {} are left", length, m_in.remaining()));
    error.truncated = length <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    throw error;
  }
  m_frame_end = m_in.offset() + length;
}

void Interpreter::stop() {
  const auto root = m_stack.pop();
  if (m_frame_end && m_in.offset() < *m_frame_end) {
    note("frame-length", fmt::format("STOP comes {} bytes before its frame ends", *m_frame_end - m_in.offset()));
  }
  if (!m_stack.nodes().empty() || !m_stack.marks().empty()) {
    note("stack-left-over", fmt::format("STOP leaves {} objects and {} marks on the stack", m_stack.nodes().size(),
                                        m_stack.marks().size()));
  }
  m_program.root = root;
  m_stopped = true;
}

void Interpreter::mark() { m_stack.mark(); }

void Interpreter::pop() {
  const auto nodes = m_stack.nodes();
  const auto last = nodes.empty() ? k_no_node : nodes.back();
  const auto before = nodes.size();
  m_stack.pop_node_or_mark();
  if (m_stack.nodes().size() < before && graph().is(last, Kind::call)) {
    note("discarded-call", "the result of a call is thrown away");
  }
}

void Interpreter::pop_mark() {
  for (const auto id : m_stack.pop_to_mark()) {
    if (graph().is(id, Kind::call)) {
      note("discarded-call", "the result of a call is thrown away");
    }
  }
}

void Interpreter::dup() { push(m_stack.top()); }

void Interpreter::get() { recall(m_argument.number); }

void Interpreter::get_by_text() {
  const auto& index = m_argument.integer;
  if (!index.fits || index.value < 0) {
    throw Refusal("the memo has nothing at index " + index.to_text());
  }
  recall(static_cast<std::uint64_t>(index.value));
}

void Interpreter::recall(std::uint64_t index) {
  const auto found = m_program.memo.find(index);
  if (found == m_program.memo.end()) {
    throw Refusal(fmt::format("the memo has nothing at index {}", index));
  }
  ++m_gets;
  push(found->second);
}

void Interpreter::put() { remember(m_argument.number); }

void Interpreter::put_by_text() {
  const auto& index = m_argument.integer;
  const auto id = m_stack.top();
  static_cast<void>(id);  // an empty stack is refused before the index is looked at
  if (!index.fits || index.value < 0) {
    throw Refusal("the memo has no index " + index.to_text());
  }
  remember(static_cast<std::uint64_t>(index.value));
}

void Interpreter::memoize() { remember(m_program.memo.size()); }

void Interpreter::remember(std::uint64_t index) {
  constexpr std::uint64_t k_far = std::uint64_t{1} << 27;  // where _pickle's array would take a gigabyte
  const auto id = m_stack.top();
  const auto [entry, added] = m_program.memo.try_emplace(index, id);
  ++m_puts;
  if (!added && entry->second != id) {
    note("memo-overwrite", fmt::format("memo entry {} is written again", index));
    entry->second = id;
  }
  if (index >= k_far) {
    note("memo-index", fmt::format("memo index {} would make CPython reserve gigabytes", index));
  }
  if (m_program.memo.size() > m_options.limits.memo) {
    throw Refusal(fmt::format("more than {} memo entries", m_options.limits.memo), true);
  }
}

}  // namespace upinspect::pickle
