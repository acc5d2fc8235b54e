// SPDX-License-Identifier: Apache-2.0
#include "pickle/node_reader.hpp"

#include <fmt/format.h>

namespace upinspect::pickle {

namespace {
constexpr std::size_t k_most_dimensions = 64;  // as in numpy and in torch's iterators
constexpr std::size_t k_longest_text = 256;   // texts are copied into every tensor that shares them
}  // namespace

void NodeReader::fail(NodeId id, std::string_view what, const std::string& why) const {
  const auto offset = id < m_graph->size() ? m_graph->offset(id) : 0;
  throw bytes::ParseError(offset, std::string(what), why);
}

std::span<const NodeId> NodeReader::sequence(NodeId id, std::string_view what, std::size_t least) const {
  if (!m_graph->is(id, Kind::tuple) && !m_graph->is(id, Kind::list)) {
    fail(id, what, id == k_no_node ? "is missing" : "must be a tuple, not " + m_graph->type_name(id));
  }
  const auto items = m_graph->items(id);
  if (items.size() < least) {
    fail(id, what, fmt::format("has {} items, at least {} are needed", items.size(), least));
  }
  return items;
}

std::int64_t NodeReader::integer(NodeId id, std::string_view what) const {
  const auto value = id == k_no_node ? std::nullopt : m_graph->integer(id);
  if (!value) {
    fail(id, what, id == k_no_node ? "is missing" : "must be an integer of 64 bits, not " + m_graph->type_name(id));
  }
  return *value;
}

bool NodeReader::truth(NodeId id, std::string_view what) const { return integer(id, what) != 0; }

double NodeReader::real(NodeId id, std::string_view what) const {
  const auto value = id == k_no_node ? std::nullopt : m_graph->floating(id);
  return value ? *value : static_cast<double>(integer(id, what));
}

std::string NodeReader::text(NodeId id, std::string_view what) const {
  const bool textual = m_graph->is(id, Kind::text) || m_graph->is(id, Kind::bytes);
  if (!textual) {
    fail(id, what, id == k_no_node ? "is missing" : "must be a str, not " + m_graph->type_name(id));
  }
  const auto value = m_graph->text(id);
  if (!value || value->size() > k_longest_text) {
    fail(id, what, fmt::format("is longer than {} bytes", k_longest_text));
  }
  return std::string(*value);
}

std::vector<std::int64_t> NodeReader::dimensions(NodeId id, std::string_view what) const {
  if (const auto* callee = m_graph->callee(id); callee != nullptr && callee->is("torch", "Size")) {
    id = sequence(m_graph->call(id)->arguments, what, 1)[0];
  }
  const auto items = sequence(id, what);
  if (items.size() > k_most_dimensions) {
    fail(id, what, fmt::format("has {} dimensions, at most {} are read", items.size(), k_most_dimensions));
  }
  std::vector<std::int64_t> out;
  for (const auto item : items) {
    out.push_back(integer(item, what));
  }
  return out;
}

const GlobalName& NodeReader::global(NodeId id, std::string_view what) const {
  const auto* name = id == k_no_node ? nullptr : m_graph->global(id);
  if (name == nullptr) {
    fail(id, what, id == k_no_node ? "is missing" : "must be a name, not " + m_graph->type_name(id));
  }
  if (name->module.size() > k_longest_text || name->name.size() > k_longest_text) {
    fail(id, what, fmt::format("is longer than {} bytes", k_longest_text));
  }
  return *name;
}

}  // namespace upinspect::pickle
