// SPDX-License-Identifier: Apache-2.0
#include "pickle/interpreter.hpp"
#include "pickle/python2_names.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace upinspect::pickle {

namespace {
constexpr int k_first_protocol_with_python3_names = 3;
}

NodeId Interpreter::fetch(std::string module, std::string name, bool computed) {
  const bool map_names = m_program.protocol < k_first_protocol_with_python3_names;
  auto global = map_names ? in_python3(std::move(module), std::move(name))
                          : GlobalName{std::move(module), std::move(name), {}, {}, false};
  global.computed = computed;
  const auto id = graph().add_global(m_offset, std::move(global));
  m_use_of_global.emplace(id, m_program.globals.size());
  m_program.globals.push_back({id, m_offset, k_no_node, k_no_node, false});
  graph().charge(sizeof(GlobalUse) + 48);  // 48: about what the entry of the map costs
  return id;
}

void Interpreter::global() {
  push(fetch(std::move(m_argument.text.value), std::move(m_argument.name)));
}

void Interpreter::stack_global() {
  const auto name = m_stack.pop();
  const auto module = m_stack.pop();
  std::string parts[2];
  bool computed = false;
  for (const auto& [id, part] : {std::pair{module, &parts[0]}, std::pair{name, &parts[1]}}) {
    if (graph().is(id, Kind::text) && graph().text(id)) {
      *part = *graph().text(id);
    } else if (opaque(id)) {
      *part = "?";
      computed = true;
    } else {
      throw Refusal(fmt::format("the module and the name must be str, not '{}'", graph().type_name(id)));
    }
  }
  if (computed) {
    note("computed-global", "the name of a global is the result of a call");
  }
  push(fetch(std::move(parts[0]), std::move(parts[1]), computed));
}

void Interpreter::push_call(Call call) {
  const auto id = graph().add_call(m_offset, call);
  const auto use = m_use_of_global.find(call.callable);
  if (use != m_use_of_global.end() && !m_program.globals[use->second].called()) {
    m_program.globals[use->second].call = id;
    m_program.globals[use->second].arguments = call.arguments;
  }
  push(id);
}

void Interpreter::mark_changed(NodeId id) {
  if (const auto use = m_use_of_global.find(id); use != m_use_of_global.end()) {
    m_program.globals[use->second].changed = true;
  }
}

void Interpreter::need_class(NodeId id) const {
  if (!opaque(id)) {
    throw Refusal(fmt::format("a class or a function is required, not '{}'", graph().type_name(id)));
  }
}

void Interpreter::need_tuple(NodeId id) const {
  const bool accepted = graph().is(id, Kind::tuple) || opaque(id) ||
                        (m_options.any_arguments && graph().is(id, Kind::list));
  if (!accepted) {
    throw Refusal(fmt::format("the arguments must be a tuple, not '{}'", graph().type_name(id)));
  }
}

void Interpreter::inst() {
  const auto& names = m_argument;
  const auto is_high = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  auto items = m_stack.pop_to_mark();
  if (std::any_of(names.text.value.begin(), names.text.value.end(), is_high) ||
      std::any_of(names.name.begin(), names.name.end(), is_high)) {
    throw Refusal("the module and the name must be ASCII");
  }
  note("old-style-object", "INST, which no pickler has written since Python 2, makes an object");
  const auto callable = fetch(std::move(m_argument.text.value), std::move(m_argument.name));
  push_call({callable, graph().add_sequence(m_offset, Kind::tuple, std::move(items)), k_no_node, CallKind::inst});
}

void Interpreter::obj() {
  auto items = m_stack.pop_to_mark();
  if (items.empty()) {
    throw Refusal("there is no class above the mark");
  }
  const auto callable = items.front();
  need_class(callable);
  items.erase(items.begin());
  note("old-style-object", "OBJ, which no pickler has written since Python 2, makes an object");
  push_call({callable, graph().add_sequence(m_offset, Kind::tuple, std::move(items)), k_no_node, CallKind::obj});
}

void Interpreter::reduce() {
  const auto arguments = m_stack.pop();
  const auto callable = m_stack.pop();
  need_tuple(arguments);
  need_class(callable);
  push_call({callable, arguments, k_no_node, CallKind::reduce});
}

void Interpreter::newobj() {
  const auto arguments = m_stack.pop();
  const auto callable = m_stack.pop();
  need_class(callable);
  need_tuple(arguments);
  push_call({callable, arguments, k_no_node, CallKind::newobj});
}

void Interpreter::newobj_ex() {
  const auto keywords = m_stack.pop();
  const auto arguments = m_stack.pop();
  const auto callable = m_stack.pop();
  need_class(callable);
  need_tuple(arguments);
  if (!graph().is(keywords, Kind::dict) && !opaque(keywords)) {
    throw Refusal(fmt::format("the keyword arguments must be a dict, not '{}'", graph().type_name(keywords)));
  }
  push_call({callable, arguments, keywords, CallKind::newobj_ex});
}

void Interpreter::build() {
  const auto state = m_stack.pop();
  const auto target = m_stack.top();
  if (opaque(target)) {
    graph().additions_of(target).states.push_back(state);
    graph().charge(sizeof(NodeId));
    mark_changed(target);
    if (m_options.inline_data) {
      m_in.skip(m_options.inline_data(graph(), target, m_in.offset()), "data of the object");
    }
    return;
  }
  const auto parts = graph().items(state);
  const bool split = graph().is(state, Kind::tuple) && parts.size() == 2;
  const auto attributes = split ? parts[0] : state;
  if (split && !graph().is(parts[1], Kind::dict)) {
    throw Refusal(fmt::format("the second part of the state must be a dict, not '{}'", graph().type_name(parts[1])));
  }
  if (!graph().is(attributes, Kind::none) || (split && !graph().items(parts[1]).empty())) {
    throw Refusal(fmt::format("'{}' object has no attributes to set", graph().type_name(target)));
  }
}

void Interpreter::persid() {
  m_argument.text.whole = true;
  push(graph().add_persistent(m_offset, graph().add_text(m_offset, Kind::text, std::move(m_argument.text))));
}

void Interpreter::binpersid() {
  const auto referent = m_stack.pop();
  push(graph().add_persistent(m_offset, referent));
}

void Interpreter::extension() {
  if (m_argument.number == 0) {
    throw Refusal("extension code 0 is not positive");
  }
  note("extension", "the class comes from the registry of the reading program");
  push(graph().add_extension(m_offset, static_cast<std::int64_t>(m_argument.number)));
}

void Interpreter::extension4() {
  const auto code = m_argument.integer.value;
  if (code <= 0) {
    throw Refusal(fmt::format("extension code {} is not positive", code));
  }
  note("extension", "the class comes from the registry of the reading program");
  push(graph().add_extension(m_offset, code));
}

}  // namespace upinspect::pickle
