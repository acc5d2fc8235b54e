// SPDX-License-Identifier: Apache-2.0
#include "pickle/interpreter.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace upinspect::pickle {

void Interpreter::empty_tuple() { push(graph().add_sequence(m_offset, Kind::tuple, {})); }

void Interpreter::empty_list() { push(graph().add_sequence(m_offset, Kind::list, {})); }

void Interpreter::empty_dict() { push(graph().add_sequence(m_offset, Kind::dict, {})); }

void Interpreter::empty_set() { push(graph().add_sequence(m_offset, Kind::set, {})); }

void Interpreter::tuple() { push(graph().add_sequence(m_offset, Kind::tuple, m_stack.pop_to_mark())); }

void Interpreter::tuple1() { push(graph().add_sequence(m_offset, Kind::tuple, m_stack.pop_many(1))); }

void Interpreter::tuple2() { push(graph().add_sequence(m_offset, Kind::tuple, m_stack.pop_many(2))); }

void Interpreter::tuple3() { push(graph().add_sequence(m_offset, Kind::tuple, m_stack.pop_many(3))); }

void Interpreter::list() { push(graph().add_sequence(m_offset, Kind::list, m_stack.pop_to_mark())); }

void Interpreter::dict() {
  const auto items = m_stack.pop_to_mark();
  const auto id = graph().add_sequence(m_offset, Kind::dict, {});
  set_items(id, items);
  push(id);
}

void Interpreter::frozenset() {
  auto items = m_stack.pop_to_mark();
  for (const auto id : items) {
    need_hashable(id);
  }
  push(graph().add_sequence(m_offset, Kind::frozenset, std::move(items)));
}

void Interpreter::append() {
  const auto item = m_stack.pop();
  extend(m_stack.top(), std::array{item});
}

void Interpreter::appends() {
  const auto items = m_stack.pop_to_mark();
  extend(m_stack.top(), items);
}

void Interpreter::setitem() {
  const auto items = m_stack.pop_many(2);
  set_items(m_stack.top(), items);
}

void Interpreter::setitems() {
  const auto items = m_stack.pop_to_mark();
  set_items(m_stack.top(), items);
}

void Interpreter::additems() {
  const auto items = m_stack.pop_to_mark();
  const auto target = m_stack.top();
  if (items.empty()) {
    return;
  }
  if (graph().is(target, Kind::set)) {
    for (const auto id : items) {
      need_hashable(id);
    }
    graph().append(target, items);
  } else if (opaque(target)) {
    auto& appended = graph().additions_of(target).appended;
    appended.insert(appended.end(), items.begin(), items.end());
    graph().charge(items.size() * sizeof(NodeId));
    mark_changed(target);
  } else {
    throw Refusal(fmt::format("'{}' object has no attribute 'add'", graph().type_name(target)));
  }
}

void Interpreter::extend(NodeId target, std::span<const NodeId> items) {
  if (items.empty()) {
    return;
  }
  if (graph().is(target, Kind::list)) {
    graph().append(target, items);
  } else if (opaque(target) || graph().is(target, Kind::bytearray)) {
    need_bytes(target, items);
    auto& appended = graph().additions_of(target).appended;
    appended.insert(appended.end(), items.begin(), items.end());
    graph().charge(items.size() * sizeof(NodeId));
    mark_changed(target);
  } else {
    throw Refusal(fmt::format("'{}' object has no attribute 'append'", graph().type_name(target)));
  }
}

void Interpreter::set_items(NodeId target, std::span<const NodeId> items) {
  if (items.size() % 2 != 0) {
    throw Refusal("an odd number of keys and values");
  }
  if (items.empty()) {
    return;
  }
  if (graph().is(target, Kind::dict)) {
    for (std::size_t i = 0; i < items.size(); i += 2) {
      need_hashable(items[i]);
    }
    graph().append(target, items);
  } else if (graph().is(target, Kind::list)) {
    set_list_items(target, items);
  } else if (opaque(target) || graph().is(target, Kind::bytearray)) {
    need_bytes(target, items);
    auto& set = graph().additions_of(target).items;
    set.insert(set.end(), items.begin(), items.end());
    graph().charge(items.size() * sizeof(NodeId));
    mark_changed(target);
  } else {
    throw Refusal(fmt::format("'{}' object does not support item assignment", graph().type_name(target)));
  }
}

void Interpreter::set_list_items(NodeId target, std::span<const NodeId> items) {
  const auto size = static_cast<std::int64_t>(graph().items(target).size());
  for (std::size_t i = 0; i < items.size(); i += 2) {
    const auto index = graph().integer(items[i]);
    if (!index) {
      throw Refusal(fmt::format("list indices must be integers or slices, not {}", graph().type_name(items[i])));
    }
    const auto place = *index < 0 ? *index + size : *index;
    if (place < 0 || place >= size) {
      throw Refusal(fmt::format("list index {} is out of range, the list has {} items", *index, size));
    }
    graph().replace(target, static_cast<std::size_t>(place), items[i + 1]);
  }
}

/// What goes into a bytearray must be a byte.
void Interpreter::need_bytes(NodeId target, std::span<const NodeId> items) const {
  if (!graph().is(target, Kind::bytearray)) {
    return;
  }
  for (const auto id : items) {
    const auto value = graph().integer(id);
    if (!opaque(id) && (!value || *value < 0 || *value > 255)) {
      throw Refusal("a bytearray takes integers from 0 to 255 only");
    }
  }
}

void Interpreter::need_hashable(NodeId id) const {
  if (graph().hashable(id)) {
    return;
  }
  // A tuple is older than what holds it, so that going down comes to an end.
  while (graph().is(id, Kind::tuple)) {
    const auto items = graph().items(id);
    id = *std::find_if(items.begin(), items.end(), [this](NodeId item) { return !graph().hashable(item); });
  }
  throw Refusal(fmt::format("a '{}' cannot be a key or an item of a set", graph().type_name(id)));
}

}  // namespace upinspect::pickle
