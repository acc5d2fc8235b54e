// SPDX-License-Identifier: Apache-2.0
#include "pickle/stack.hpp"

namespace upinspect::pickle {

void Stack::need(std::size_t count) const {
  if (m_nodes.size() - fence() < count) {
    throw Refusal(m_marks.empty() ? "stack underflow" : "a mark is on the stack where an object was expected");
  }
}

void Stack::push(NodeId id) {
  if (m_nodes.size() >= m_most_nodes) {
    throw Refusal("more than " + std::to_string(m_most_nodes) + " objects on the stack", true);
  }
  m_nodes.push_back(id);
}

NodeId Stack::pop() {
  need(1);
  const auto id = m_nodes.back();
  m_nodes.pop_back();
  return id;
}

NodeId Stack::top() const {
  need(1);
  return m_nodes.back();
}

void Stack::mark() {
  if (m_marks.size() >= m_most_marks) {
    throw Refusal("more than " + std::to_string(m_most_marks) + " marks on the stack", true);
  }
  m_marks.push_back(m_nodes.size());
}

void Stack::pop_node_or_mark() {
  if (!m_marks.empty() && m_marks.back() == m_nodes.size()) {
    m_marks.pop_back();
    return;
  }
  need(1);
  m_nodes.pop_back();
}

std::vector<NodeId> Stack::pop_to_mark() {
  if (m_marks.empty()) {
    throw Refusal("there is no mark on the stack");
  }
  const auto count = m_nodes.size() - m_marks.back();
  m_marks.pop_back();
  return pop_many(count);
}

std::vector<NodeId> Stack::pop_many(std::size_t count) {
  need(count);
  const auto from = m_nodes.end() - static_cast<std::ptrdiff_t>(count);
  std::vector<NodeId> taken(from, m_nodes.end());
  m_nodes.erase(from, m_nodes.end());
  return taken;
}

}  // namespace upinspect::pickle
