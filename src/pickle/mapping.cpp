// SPDX-License-Identifier: Apache-2.0
#include "pickle/mapping.hpp"

#include <fmt/format.h>
#include <unordered_map>

namespace upinspect::pickle {

namespace {

constexpr std::size_t k_longest_key = 4096;
constexpr std::size_t k_longest_compared = 256;  // one long key may come a million times

std::string float_text(double value) {
  const auto text = fmt::format("{}", value);
  return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
}

/// A scalar as Python's repr has it, texts in quotes without escapes.
std::string scalar_text(const Graph& graph, NodeId id, std::string_view quote) {
  switch (graph.kind(id)) {
    case Kind::none: return "None";
    case Kind::boolean: return graph.boolean(id) ? "True" : "False";
    case Kind::integer: return std::to_string(*graph.integer(id));
    case Kind::floating: return float_text(*graph.floating(id));
    case Kind::text:
    case Kind::bytes:
    case Kind::big_integer: break;
    default: return fmt::format("<{}>", graph.type_name(id));
  }
  const auto text = graph.text(id);
  if (!text) {
    return fmt::format("<{} of {} bytes>", graph.type_name(id), graph.stored(id)->range.length);
  }
  const bool quoted = !quote.empty() && graph.kind(id) != Kind::big_integer;
  return fmt::format("{}{}{}", quoted ? quote : "", *text, quoted ? quote : "");
}

/// Two keys are the same to Python if and only if this is the same. Long ones are the same only as one node.
std::string identity(const Graph& graph, NodeId id) {
  const auto kind = graph.kind(id);
  if (const auto number = graph.integer(id)) {
    return fmt::format("n{}", *number);
  }
  if (const auto real = graph.floating(id)) {
    const bool whole =
        *real >= -1e15 && *real <= 1e15 && *real == static_cast<double>(static_cast<std::int64_t>(*real));
    return whole ? fmt::format("n{}", static_cast<std::int64_t>(*real)) : fmt::format("f{}", *real);
  }
  if (const auto text = graph.text(id); text && text->size() <= k_longest_compared) {
    return std::string(kind == Kind::text ? "t" : kind == Kind::bytes ? "b" : "i") + std::string(*text);
  }
  if (kind == Kind::none) {
    return "N";
  }
  const auto printed = kind == Kind::tuple ? key_text(graph, id) : std::string();
  const bool exact = !printed.empty() && printed.size() <= k_longest_compared && printed.find('<') == std::string::npos;
  return exact ? "u" + printed : fmt::format("#{}", id);
}

class Collector {
 public:
  explicit Collector(const Graph& graph) : m_graph(graph) {}

  void add(NodeId key, NodeId value) {
    const auto [place, added] = m_places.try_emplace(identity(m_graph, key), m_items.size());
    if (added) {
      m_items.push_back({key, value, false});
    } else {
      m_items[place->second].value = value;
      m_items[place->second].repeated = true;
    }
  }
  void add_flat(std::span<const NodeId> flat) {
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2) {
      add(flat[i], flat[i + 1]);
    }
  }
  void add_pairs(std::span<const NodeId> pairs) {
    for (const auto pair : pairs) {
      if (const auto parts = m_graph.items(pair); parts.size() == 2) {
        add(parts[0], parts[1]);
      }
    }
  }
  [[nodiscard]] std::vector<Item> take() { return std::move(m_items); }

 private:
  const Graph& m_graph;
  std::vector<Item> m_items;
  std::unordered_map<std::string, std::size_t> m_places;
};

bool is_mapping_class(const GlobalName& name) {
  return name.is("collections", "OrderedDict") || name.is("collections", "defaultdict") ||
         name.is("collections", "Counter") || name.is("builtins", "dict");
}

}  // namespace

bool is_mapping(const Graph& graph, NodeId id) {
  const auto* callee = graph.callee(id);
  return graph.is(id, Kind::dict) || (callee != nullptr && is_mapping_class(*callee));
}

std::vector<Item> mapping_items(const Graph& graph, NodeId id) {
  Collector collector(graph);
  if (graph.is(id, Kind::dict)) {
    collector.add_flat(graph.items(id));
    return collector.take();
  }
  if (!is_mapping(graph, id)) {
    return {};
  }
  const bool has_factory = graph.callee(id)->name == "defaultdict";
  const auto arguments = graph.items(graph.call(id)->arguments);
  if (arguments.size() > (has_factory ? 1U : 0U)) {
    const auto first = arguments[has_factory ? 1 : 0];
    if (graph.is(first, Kind::dict)) {
      collector.add_flat(graph.items(first));
    } else {
      collector.add_pairs(graph.items(first));
    }
  }
  if (const auto* additions = graph.additions(id)) {
    collector.add_flat(additions->items);
  }
  return collector.take();
}

NodeId find_item(const Graph& graph, NodeId mapping, std::string_view key) {
  for (const auto& item : mapping_items(graph, mapping)) {
    if (graph.is(item.key, Kind::text) && graph.text(item.key) == key) {
      return item.value;
    }
  }
  return k_no_node;
}

std::string key_text(const Graph& graph, NodeId key) {
  if (!graph.is(key, Kind::tuple)) {
    return scalar_text(graph, key, "");
  }
  const auto items = graph.items(key);
  std::string out = "(";
  for (std::size_t i = 0; i < items.size() && out.size() < k_longest_key; ++i) {
    out += i == 0 ? "" : ", ";
    out += graph.is(items[i], Kind::tuple) ? "<tuple>" : scalar_text(graph, items[i], "'");
  }
  return out + (items.size() == 1 ? ",)" : ")");
}

}  // namespace upinspect::pickle
