// SPDX-License-Identifier: Apache-2.0
// Prints a pickled value as Python's repr would, for tests to compare.
#pragma once

#include "pickle/graph.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <vector>

namespace upinspect::test {

class PickleShow {
 public:
  explicit PickleShow(const pickle::Graph& graph) : m_graph(graph) {}

  std::string operator()(pickle::NodeId id) {
    using pickle::Kind;
    switch (m_graph.kind(id)) {
      case Kind::none: return "None";
      case Kind::boolean: return m_graph.boolean(id) ? "True" : "False";
      case Kind::integer: return std::to_string(*m_graph.integer(id));
      case Kind::big_integer: return std::string(*m_graph.text(id));
      case Kind::floating: return real(*m_graph.floating(id));
      case Kind::text: return quoted(id, "");
      case Kind::bytes: return quoted(id, "b");
      case Kind::bytearray: return "bytearray(" + quoted(id, "b") + ")";
      case Kind::list: return inside(id, "[", "]");
      case Kind::tuple: return inside(id, "(", m_graph.items(id).size() == 1 ? ",)" : ")");
      case Kind::dict: return inside(id, "{", "}");
      case Kind::set: return m_graph.items(id).empty() ? "set()" : inside(id, "{", "}");
      case Kind::frozenset: return m_graph.items(id).empty() ? "frozenset()" : inside(id, "frozenset({", "})");
      case Kind::global: return "<" + m_graph.global(id)->dotted() + ">";
      case Kind::persistent: return "persistent(" + (*this)(m_graph.referent(id)) + ")";
      case Kind::extension: return fmt::format("extension({})", m_graph.extension_code(id));
      case Kind::call: break;
    }
    const auto& call = *m_graph.call(id);
    return (*this)(call.callable) + (*this)(call.arguments);
  }

 private:
  static std::string real(double value) {
    const auto text = fmt::format("{}", value);
    return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
  }
  std::string quoted(pickle::NodeId id, std::string_view prefix) const {
    std::string out(prefix);
    out += '\'';
    const std::string text(*m_graph.text(id));
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      const bool plain = byte >= 0x20 && byte < 0x7f && c != '\\' && c != '\'';
      out += plain ? std::string(1, c) : fmt::format("\\x{:02x}", byte);
    }
    return out + '\'';
  }
  std::string inside(pickle::NodeId id, std::string_view open, std::string_view close) {
    if (std::find(m_path.begin(), m_path.end(), id) != m_path.end()) {
      return fmt::format("{}...{}", open, close);
    }
    m_path.push_back(id);
    std::string out(open);
    const auto items = m_graph.items(id);
    const bool dict = m_graph.is(id, pickle::Kind::dict);
    for (std::size_t i = 0; i < items.size(); ++i) {
      out += i == 0 ? "" : dict && i % 2 == 1 ? ": " : ", ";
      out += (*this)(items[i]);
    }
    m_path.pop_back();
    return out + std::string(close);
  }

  const pickle::Graph& m_graph;
  std::vector<pickle::NodeId> m_path;
};

}  // namespace upinspect::test
