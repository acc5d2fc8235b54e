// SPDX-License-Identifier: Apache-2.0
#include "pickle/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace upinspect::pickle {

namespace {

constexpr unsigned k_most_levels = 64;
constexpr std::size_t k_longest_expression = 88;
constexpr std::size_t k_longest_quote = 160;

/// Text in quotes; what a terminal must not see is the reporter's to escape.
std::string quoted_text(std::string_view text) {
  std::string out = "'";
  for (const auto c : text) {
    out += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string{c};
  }
  return out + "'";
}

std::string number_of(double value) {
  if (std::isnan(value) || std::isinf(value)) {
    return std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
  }
  auto text = fmt::format("{}", value);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

/// An object without parts; empty for one that has some.
class PartlessObject {
 public:
  PartlessObject(const Graph& graph, NodeId id) : m_graph(graph), m_id(id) {}

  [[nodiscard]] std::string text() {
    switch (m_graph.kind(m_id)) {
      case Kind::none: return "None";
      case Kind::boolean: return m_graph.boolean(m_id) ? "True" : "False";
      case Kind::integer: return std::to_string(m_graph.integer(m_id).value_or(0));
      case Kind::big_integer: return cut(std::string(m_graph.text(m_id).value_or("an integer too long to keep")));
      case Kind::floating: return number_of(m_graph.floating(m_id).value_or(0));
      case Kind::text: return stored("");
      case Kind::bytes: return stored("b");
      case Kind::bytearray: return "bytearray(" + stored("b") + ")";
      case Kind::global: return named();
      case Kind::extension: return "extension(" + std::to_string(m_graph.extension_code(m_id)) + ")";
      default: return {};
    }
  }
  [[nodiscard]] bool whole() const noexcept { return m_whole; }

 private:
  std::string named() const {
    const auto& name = *m_graph.global(m_id);
    return name.computed ? "a name that is computed" : name.dotted();
  }

  std::string cut(std::string text) {
    if (text.size() > k_longest_quote) {
      m_whole = false;
      text = text.substr(0, k_longest_quote) + "...";
    }
    return text;
  }

  std::string stored(const char* prefix) {
    const auto& text = *m_graph.stored(m_id);
    if (!text.whole) {
      m_whole = false;
      return fmt::format("{}'...' of {} bytes", prefix, text.range.length);
    }
    m_whole = text.value.size() <= k_longest_quote;
    const auto shown = quoted_text(std::string_view(text.value).substr(0, k_longest_quote));
    return prefix + (m_whole ? shown : shown + fmt::format("... of {} bytes", text.value.size()));
  }

  const Graph& m_graph;
  NodeId m_id;
  bool m_whole = true;
};

/// How the parts of an object stand between brackets.
struct Frame {
  std::string open;
  std::string close;
  bool pairs = false;
};

bool has_parts(Kind kind) {
  return kind == Kind::list || kind == Kind::tuple || kind == Kind::dict || kind == Kind::set || kind == Kind::frozenset ||
         kind == Kind::call || kind == Kind::persistent;
}

Frame frame_of(Kind kind) {
  switch (kind) {
    case Kind::list: return {"[", "]"};
    case Kind::tuple: return {"(", ")"};
    case Kind::dict: return {"{", "}", true};
    case Kind::set: return {"{", "}"};
    case Kind::frozenset: return {"frozenset({", "})"};
    case Kind::persistent: return {"persistent(", ")"};
    default: return {"(", ")"};
  }
}

/// What a line does not show of an object: what was done to it after it was made.
bool is_added_to(const Graph& graph, NodeId id) {
  const auto* added = graph.additions(id);
  return added != nullptr && (!added->states.empty() || !added->items.empty() || !added->appended.empty());
}

std::span<const NodeId> parts_of(const Graph& graph, NodeId id, NodeId& one) {
  if (graph.is(id, Kind::persistent)) {
    one = graph.referent(id);
    const auto inner = graph.is(one, Kind::tuple) ? graph.items(one) : std::span<const NodeId>(&one, 1);
    return inner;
  }
  if (const auto* call = graph.call(id)) {
    one = call->arguments;
    const bool listed = graph.is(one, Kind::tuple) || graph.is(one, Kind::list);
    return listed ? graph.items(one) : one == k_no_node ? std::span<const NodeId>() : std::span<const NodeId>(&one, 1);
  }
  return graph.items(id);
}

class BriefWriter {
 public:
  BriefWriter(const Graph& graph, std::size_t cap) : m_graph(graph), m_cap(cap) {}

  void write(NodeId id, unsigned level = 0) {
    if (m_out.text.size() > m_cap || level > k_most_levels) {
      m_out.whole = false;
      return;
    }
    if (id == k_no_node) {
      m_out.text += "nothing";
    } else if (has_parts(m_graph.kind(id))) {
      write_parts(id, level);
    } else {
      PartlessObject leaf(m_graph, id);
      m_out.text += leaf.text();
      m_out.whole = m_out.whole && leaf.whole();
    }
  }

  [[nodiscard]] Brief take() {
    if (m_out.text.size() > m_cap) {
      m_out.whole = false;
    }
    if (!m_out.whole && m_out.text.size() > m_cap) {
      m_out.text.resize(m_cap);
      m_out.text += "...";
    }
    return std::move(m_out);
  }

 private:
  void write_parts(NodeId id, unsigned level) {
    const auto frame = frame_of(m_graph.kind(id));
    NodeId one = k_no_node;
    const auto parts = parts_of(m_graph, id, one);
    if (const auto* call = m_graph.call(id)) {
      write(call->callable, level + 1);
    }
    m_out.text += frame.open;
    for (std::size_t i = 0; i < parts.size() && m_out.text.size() <= m_cap; ++i) {
      m_out.text += i == 0 ? "" : frame.pairs && i % 2 == 1 ? ": " : ", ";
      write(parts[i], level + 1);
    }
    if (m_graph.is(id, Kind::tuple) && parts.size() == 1) {
      m_out.text += ",";
    }
    if (const auto* call = m_graph.call(id); call != nullptr && call->keywords != k_no_node) {
      m_out.text += parts.empty() ? "**" : ", **";
      write(call->keywords, level + 1);
    }
    m_out.text += frame.close;
    m_out.whole = m_out.whole && !is_added_to(m_graph, id);
  }

  const Graph& m_graph;
  std::size_t m_cap;
  Brief m_out;
};

class ExpressionWriter {
 public:
  ExpressionWriter(const Graph& graph, std::size_t most) : m_graph(graph), m_most(most) {}

  void write(NodeId id, unsigned level, const std::string& before, const char* after) {
    if (m_out.lines.size() >= m_most || level > k_most_levels || id == k_no_node) {
      m_out.whole = m_out.whole && id == k_no_node;
      return;
    }
    const auto on_one_line = brief(m_graph, id, k_longest_expression);
    if (on_one_line.whole || !has_parts(m_graph.kind(id))) {
      line(level, id, before + on_one_line.text + after);
      return;
    }
    const auto [seen, first] = m_seen.try_emplace(id, m_out.lines.size() + 1);
    if (!first) {
      line(level, id, before + "the object of line " + std::to_string(seen->second) + after);
      return;
    }
    write_parts(id, level, before, after);
    write_additions(id, level + 1);
  }

  [[nodiscard]] Expression take() { return std::move(m_out); }

 private:
  void line(unsigned level, NodeId id, std::string text) {
    if (m_out.lines.size() < m_most) {
      m_out.lines.push_back({level, m_graph.offset(id), std::move(text)});
    } else {
      m_out.whole = false;
    }
  }

  void write_parts(NodeId id, unsigned level, const std::string& before, const char* after) {
    const auto frame = frame_of(m_graph.kind(id));
    NodeId one = k_no_node;
    const auto parts = parts_of(m_graph, id, one);
    const auto* call = m_graph.call(id);
    const auto name = call == nullptr ? std::string() : brief(m_graph, call->callable).text;
    const bool keywords = call != nullptr && call->keywords != k_no_node;
    if (parts.empty() && !keywords) {
      line(level, id, before + name + frame.open + frame.close + after);
      return;
    }
    line(level, id, before + name + frame.open);
    if (frame.pairs) {
      write_pairs(parts, level + 1, ": ");
    } else {
      std::for_each(parts.begin(), parts.end(), [this, level](NodeId part) { write(part, level + 1, "", ","); });
    }
    if (keywords) {
      write(call->keywords, level + 1, "**", "");
    }
    line(level, id, frame.close + after);
  }

  void write_pairs(std::span<const NodeId> parts, unsigned level, const char* between) {
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
      write(parts[i + 1], level, brief(m_graph, parts[i], 200).text + between, ",");
    }
  }

  void write_additions(NodeId id, unsigned level) {
    const auto* added = m_graph.additions(id);
    if (added == nullptr) {
      return;
    }
    for (std::size_t i = 0; i + 1 < added->items.size(); i += 2) {
      write(added->items[i + 1], level, "[" + brief(m_graph, added->items[i]).text + "] = ", "");
    }
    for (const auto item : added->appended) {
      write(item, level, "append ", "");
    }
    for (const auto state : added->states) {
      write(state, level, "state = ", "");
    }
  }

  const Graph& m_graph;
  std::size_t m_most;
  Expression m_out;
  std::unordered_map<NodeId, std::size_t> m_seen;  ///< the line where an object stands
};

}  // namespace

Brief brief(const Graph& graph, NodeId id, std::size_t cap) {
  BriefWriter writer(graph, cap);
  writer.write(id);
  return writer.take();
}

Expression expression(const Graph& graph, NodeId root, std::size_t most) {
  ExpressionWriter writer(graph, most);
  writer.write(root, 0, "", "");
  return writer.take();
}

}  // namespace upinspect::pickle
