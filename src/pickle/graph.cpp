// SPDX-License-Identifier: Apache-2.0
#include "pickle/graph.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace upinspect::pickle {

namespace {

bool is_stored_text(Kind kind) {
  return kind == Kind::text || kind == Kind::bytes || kind == Kind::bytearray || kind == Kind::big_integer;
}

bool is_sequence(Kind kind) {
  return kind == Kind::list || kind == Kind::tuple || kind == Kind::dict || kind == Kind::set ||
         kind == Kind::frozenset;
}

constexpr std::array<const char*, 17> k_type_names{
    "NoneType", "bool", "int", "int",       "float", "str",    "bytes",     "bytearray", "list",
    "tuple",    "dict", "set", "frozenset", "type",  "object", "object", "object"};

}  // namespace

std::optional<std::int64_t> Graph::integer(NodeId id) const {
  if (!is(id, Kind::integer) && !is(id, Kind::boolean)) {
    return std::nullopt;
  }
  return std::bit_cast<std::int64_t>(m_nodes[id].value);
}

std::optional<double> Graph::floating(NodeId id) const {
  return is(id, Kind::floating) ? std::optional(std::bit_cast<double>(m_nodes[id].value)) : std::nullopt;
}

std::optional<std::string_view> Graph::text(NodeId id) const {
  const auto* text = stored(id);
  return text != nullptr && text->whole ? std::optional<std::string_view>(text->value) : std::nullopt;
}

const StoredText* Graph::stored(NodeId id) const {
  return id < m_nodes.size() && is_stored_text(m_nodes[id].kind) ? &m_texts[m_nodes[id].index] : nullptr;
}

std::span<const NodeId> Graph::items(NodeId id) const {
  const bool has_items = id < m_nodes.size() && is_sequence(m_nodes[id].kind);
  return has_items ? std::span<const NodeId>(m_sequences[m_nodes[id].index]) : std::span<const NodeId>();
}

const GlobalName* Graph::global(NodeId id) const {
  return is(id, Kind::global) ? &m_globals[m_nodes[id].index] : nullptr;
}

const Call* Graph::call(NodeId id) const { return is(id, Kind::call) ? &m_calls[m_nodes[id].index] : nullptr; }

const GlobalName* Graph::callee(NodeId id) const {
  const auto* made = call(id);
  return made == nullptr ? nullptr : global(made->callable);
}

const Additions* Graph::additions(NodeId id) const {
  const auto found = m_additions.find(id);
  return found == m_additions.end() ? nullptr : &found->second;
}

NodeId Graph::referent(NodeId id) const {
  return is(id, Kind::persistent) ? static_cast<NodeId>(m_nodes[id].value) : k_no_node;
}

std::string Graph::type_name(NodeId id) const {
  if (const auto* name = callee(id)) {
    return name->dotted();
  }
  return k_type_names[static_cast<std::size_t>(kind(id))];
}

NodeId Graph::add(Kind kind, std::uint64_t offset, std::uint64_t value, std::size_t index, bool hashable) {
  charge(sizeof(Node));
  m_nodes.push_back({kind, hashable, static_cast<std::uint32_t>(index), offset, value});
  return static_cast<NodeId>(m_nodes.size() - 1);
}

NodeId Graph::add_integer(std::uint64_t offset, std::int64_t value) {
  return add(Kind::integer, offset, std::bit_cast<std::uint64_t>(value));
}

NodeId Graph::add_floating(std::uint64_t offset, double value) {
  return add(Kind::floating, offset, std::bit_cast<std::uint64_t>(value));
}

NodeId Graph::add_text(std::uint64_t offset, Kind kind, StoredText text) {
  charge(sizeof(StoredText) + text.value.size());
  m_texts.push_back(std::move(text));
  return add(kind, offset, 0, m_texts.size() - 1, kind != Kind::bytearray);
}

NodeId Graph::add_sequence(std::uint64_t offset, Kind kind, std::vector<NodeId> items) {
  const bool hashable = kind == Kind::frozenset ||
                        (kind == Kind::tuple &&
                         std::all_of(items.begin(), items.end(), [this](NodeId item) { return this->hashable(item); }));
  charge(sizeof(items) + items.size() * sizeof(NodeId));
  m_sequences.push_back(std::move(items));
  return add(kind, offset, 0, m_sequences.size() - 1, hashable);
}

NodeId Graph::add_global(std::uint64_t offset, GlobalName name) {
  charge(sizeof(GlobalName) + name.module.size() + name.name.size());
  m_globals.push_back(std::move(name));
  return add(Kind::global, offset, 0, m_globals.size() - 1);
}

NodeId Graph::add_persistent(std::uint64_t offset, NodeId referent) {
  return add(Kind::persistent, offset, referent);
}

NodeId Graph::add_call(std::uint64_t offset, Call call) {
  charge(sizeof(Call));
  m_calls.push_back(call);
  return add(Kind::call, offset, 0, m_calls.size() - 1);
}

NodeId Graph::add_extension(std::uint64_t offset, std::int64_t code) {
  return add(Kind::extension, offset, std::bit_cast<std::uint64_t>(code));
}

void Graph::append(NodeId sequence, std::span<const NodeId> items) {
  charge(items.size() * sizeof(NodeId));
  auto& target = m_sequences.at(m_nodes.at(sequence).index);
  target.insert(target.end(), items.begin(), items.end());
}

void Graph::replace(NodeId sequence, std::size_t index, NodeId item) {
  m_sequences.at(m_nodes.at(sequence).index).at(index) = item;
}

Additions& Graph::additions_of(NodeId id) {
  const auto [entry, added] = m_additions.try_emplace(id);
  if (added) {
    charge(sizeof(Additions) + 32);  // 32: about what a hash node costs
  }
  return entry->second;
}

}  // namespace upinspect::pickle
