// SPDX-License-Identifier: Apache-2.0
// pattern = branch *( "|" branch )        branch = *( atom [ quantifier ] )
// atom    = character | "." | class | escape | "(" [ "?:" ] pattern ")" | "^" | "$"
// quantifier = ( "*" | "+" | "?" | "{" m [ "," [ n ] ] "}" ) [ "?" ]
//
// Thompson's construction, simulated with the set of all states (https://swtch.com/~rsc/regexp/regexp1.html): a hostile
// pattern costs steps x text and no more.
#include "lora/pattern.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace upinspect::lora {

namespace {

using Set = std::bitset<256>;
using Step = Pattern::Step;

constexpr std::size_t k_longest_pattern = 8192;
constexpr std::size_t k_longest_text = 4096;
constexpr std::size_t k_most_steps = 20'000;
constexpr unsigned k_deepest = 64;
constexpr unsigned k_most_repeats = 256;

/// The pattern is beyond us; caught in this file.
struct NotUnderstood : std::exception {};

struct Node {
  enum class Kind : std::uint8_t { set, assertion, sequence, choice, repeat };
  Kind kind = Kind::sequence;
  Set set;
  Step::Kind assertion = Step::Kind::begin;
  unsigned least = 0;
  unsigned most = 0;  ///< 0: no limit
  std::vector<Node> children;
};

Node node_of(Node::Kind kind) {
  Node node;
  node.kind = kind;
  return node;
}

Set range(unsigned char first, unsigned char last) {
  Set set;
  for (unsigned c = first; c <= last; ++c) {
    set.set(c);
  }
  return set;
}

bool is_word(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

Set words() { return range('0', '9') | range('a', 'z') | range('A', 'Z') | range('_', '_'); }
Set spaces() { return range(' ', ' ') | range('\t', '\r'); }

class Parser {
 public:
  explicit Parser(std::string_view text) : m_rest(text) {}

  Node whole() {
    auto node = choice(0);
    if (!m_rest.empty()) {
      throw NotUnderstood();
    }
    return node;
  }

 private:
  [[nodiscard]] bool at(char c) const { return !m_rest.empty() && m_rest[0] == c; }
  bool take(char c) {
    const bool there = at(c);
    m_rest.remove_prefix(there ? 1 : 0);
    return there;
  }
  char next() {
    if (m_rest.empty()) {
      throw NotUnderstood();
    }
    const auto c = m_rest[0];
    m_rest.remove_prefix(1);
    return c;
  }

  Node choice(unsigned depth) {
    if (depth > k_deepest) {
      throw NotUnderstood();
    }
    auto node = node_of(Node::Kind::choice);
    do {
      node.children.push_back(sequence(depth));
    } while (take('|'));
    return node;
  }

  Node sequence(unsigned depth) {
    auto node = node_of(Node::Kind::sequence);
    while (!m_rest.empty() && !at('|') && !at(')')) {
      node.children.push_back(quantified(atom(depth)));
    }
    return node;
  }

  Node quantified(Node inner) {
    while (at('*') || at('+') || at('?') || at('{')) {
      auto node = node_of(Node::Kind::repeat);
      counts(node);
      take('?');
      node.children.push_back(std::move(inner));
      inner = std::move(node);
    }
    return inner;
  }

  void counts(Node& node) {
    const auto mark = next();
    node.least = mark == '+' ? 1 : 0;
    node.most = mark == '?' ? 1 : 0;
    if (mark == '{') {
      node.least = count();
      node.most = take(',') ? (at('}') ? 0 : count()) : node.least;
      if (next() != '}' || (node.most != 0 && node.most < node.least)) {
        throw NotUnderstood();
      }
    }
  }

  unsigned count() {
    unsigned number = 0;
    bool any = false;
    for (; !m_rest.empty() && m_rest[0] >= '0' && m_rest[0] <= '9'; any = true) {
      number = number * 10 + static_cast<unsigned>(next() - '0');
      if (number > k_most_repeats) {
        throw NotUnderstood();
      }
    }
    if (!any) {
      throw NotUnderstood();
    }
    return number;
  }

  Node atom(unsigned depth) {
    const auto c = next();
    auto node = node_of(Node::Kind::set);
    switch (c) {
      case '(':
        if (take('?') && !take(':')) {
          throw NotUnderstood();
        }
        node = choice(depth + 1);
        if (next() != ')') {
          throw NotUnderstood();
        }
        return node;
      case '[':
        node.set = klass();
        return node;
      case '.':
        node.set = ~range('\n', '\n');
        return node;
      case '^':
      case '$':
        node.kind = Node::Kind::assertion;
        node.assertion = c == '^' ? Step::Kind::begin : Step::Kind::end;
        return node;
      case '\\':
        return escape();
      case '*':
      case '+':
      case '?':
        throw NotUnderstood();
      default:
        node.set = range(static_cast<unsigned char>(c), static_cast<unsigned char>(c));
        return node;
    }
  }

  Node escape() {
    const auto c = next();
    auto node = node_of(Node::Kind::set);
    if (c == 'b' || c == 'B' || c == 'A' || c == 'Z') {
      node.kind = Node::Kind::assertion;
      node.assertion = c == 'b'   ? Step::Kind::word_edge
                       : c == 'B' ? Step::Kind::no_word_edge
                       : c == 'A' ? Step::Kind::begin
                                  : Step::Kind::end;
      return node;
    }
    node.set = escaped_set(c);
    return node;
  }

  static Set escaped_set(char c) {
    switch (c) {
      case 'd':
        return range('0', '9');
      case 'D':
        return ~range('0', '9');
      case 'w':
        return words();
      case 'W':
        return ~words();
      case 's':
        return spaces();
      case 'S':
        return ~spaces();
      default:
        // Letters and digits have meanings of their own (\1, \n): only what is escaped to be plain is plain.
        if (is_word(c) && c != '_') {
          throw NotUnderstood();
        }
        return range(static_cast<unsigned char>(c), static_cast<unsigned char>(c));
    }
  }

  Set klass() {
    const bool negated = take('^');
    Set set;
    for (bool first = true; first || !at(']'); first = false) {
      const auto c = next();
      if (c == '\\') {
        set |= escaped_set(next());
        continue;
      }
      auto last = c;
      if (m_rest.size() > 1 && m_rest[0] == '-' && m_rest[1] != ']') {
        next();
        last = next();
      }
      if (last == '\\' || static_cast<unsigned char>(last) < static_cast<unsigned char>(c)) {
        throw NotUnderstood();
      }
      set |= range(static_cast<unsigned char>(c), static_cast<unsigned char>(last));
    }
    next();
    return negated ? ~set : set;
  }

  std::string_view m_rest;
};

/// Steps in reverse: each node is written for the step that follows it.
class Writer {
 public:
  explicit Writer(std::vector<Step>& steps) : m_steps(steps) {}

  std::size_t add(Step step) {
    if (m_steps.size() >= k_most_steps) {
      throw NotUnderstood();
    }
    m_steps.push_back(std::move(step));
    return m_steps.size() - 1;
  }

  std::size_t write(const Node& node, std::size_t next) {
    switch (node.kind) {
      case Node::Kind::set:
        return add({Step::Kind::set, node.set, next, 0});
      case Node::Kind::assertion:
        return add({node.assertion, {}, next, 0});
      case Node::Kind::sequence:
        for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) {
          next = write(*child, next);
        }
        return next;
      case Node::Kind::choice:
        return choice(node, next);
      case Node::Kind::repeat:
        return repeat(node, next);
    }
    return next;
  }

 private:
  std::size_t choice(const Node& node, std::size_t next) {
    auto entry = write(node.children.back(), next);
    for (auto child = node.children.rbegin() + 1; child != node.children.rend(); ++child) {
      const auto first = write(*child, next);
      entry = add({Step::Kind::split, {}, first, entry});
    }
    return entry;
  }

  std::size_t repeat(const Node& node, std::size_t next) {
    const auto& inner = node.children.front();
    if (node.most == 0) {
      const auto loop = add({Step::Kind::split, {}, 0, next});
      const auto body = write(inner, loop);
      m_steps[loop].next = body;
      next = loop;
    }
    for (unsigned i = node.least; i < node.most; ++i) {
      const auto body = write(inner, next);
      next = add({Step::Kind::split, {}, body, next});
    }
    for (unsigned i = 0; i < node.least; ++i) {
      next = write(inner, next);
    }
    return next;
  }

  std::vector<Step>& m_steps;
};

/// All states at once, from one character to the next.
class Simulation {
 public:
  Simulation(const std::vector<Step>& steps, std::string_view text) : m_steps(steps), m_text(text), m_seen(steps.size()) {}

  bool accepts() {
    enter(m_steps.size() - 1, 0);
    for (std::size_t i = 0; i < m_text.size(); ++i) {
      const auto here = std::exchange(m_states, {});
      std::fill(m_seen.begin(), m_seen.end(), false);
      for (const auto state : here) {
        if (m_steps[state].kind == Step::Kind::set && m_steps[state].set[static_cast<unsigned char>(m_text[i])]) {
          enter(m_steps[state].next, i + 1);
        }
      }
    }
    return std::any_of(m_states.begin(), m_states.end(), [this](std::size_t s) { return m_steps[s].kind == Step::Kind::accept; });
  }

 private:
  [[nodiscard]] bool holds(Step::Kind kind, std::size_t position) const {
    if (kind == Step::Kind::begin) {
      return position == 0;
    }
    if (kind == Step::Kind::end) {
      return position == m_text.size();
    }
    const bool before = position > 0 && is_word(m_text[position - 1]);
    const bool after = position < m_text.size() && is_word(m_text[position]);
    return (before != after) == (kind == Step::Kind::word_edge);
  }

  /// The state and all that are reached without a character.
  void enter(std::size_t state, std::size_t position) {
    std::vector<std::size_t> open{state};
    while (!open.empty()) {
      const auto current = open.back();
      open.pop_back();
      if (m_seen[current]) {
        continue;
      }
      m_seen[current] = true;
      const auto& step = m_steps[current];
      if (step.kind == Step::Kind::set || step.kind == Step::Kind::accept) {
        m_states.push_back(current);
      } else if (step.kind == Step::Kind::split) {
        open.push_back(step.next);
        open.push_back(step.other);
      } else if (holds(step.kind, position)) {
        open.push_back(step.next);
      }
    }
  }

  const std::vector<Step>& m_steps;
  std::string_view m_text;
  std::vector<std::size_t> m_states;
  std::vector<bool> m_seen;
};

}  // namespace

Pattern::Pattern(std::string_view text) {
  if (text.size() > k_longest_pattern) {
    return;
  }
  try {
    Writer writer(m_steps);
    const auto accept = writer.add({});
    const auto entry = writer.write(Parser(text).whole(), accept);
    writer.add({Step::Kind::split, {}, entry, entry});  // the last step is the first
  } catch (const NotUnderstood&) {
    m_steps.clear();
  }
}

Match Pattern::matches(std::string_view text) const {
  if (m_steps.empty() || text.size() > k_longest_text) {
    return Match::unknown;
  }
  return Simulation(m_steps, text).accepts() ? Match::yes : Match::no;
}

}  // namespace upinspect::lora
