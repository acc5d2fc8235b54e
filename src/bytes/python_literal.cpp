// SPDX-License-Identifier: Apache-2.0
//
//   value    = operand [("+" | "-") number]        the sum only of a real and an imaginary number
//   operand  = ["+" | "-"] number | string+ | "None" | "True" | "False" | "..." | "set()"
//            | "(" ")" | "(" value ")" | "(" value "," [values] ")" | "[" [values] "]" | "{" values "}" | "{" [pairs] "}"
//
// Open brackets lie on a stack of their own, so that hostile nesting costs no call stack.
#include "bytes/python_literal.hpp"

#include "bytes/python_scanner.hpp"

#include <optional>
#include <utility>

namespace upinspect::bytes {

namespace {

/// How a number came about: only a bare one takes a sign, only a real one without sum takes an imaginary part.
enum class Form : std::uint8_t { bare, with_sign, sum };

struct Operand {
  PythonValue value;
  Form form = Form::bare;
};

/// An open bracket, or the text itself, and what was read inside so far.
struct Level {
  char open = '\0';
  std::uint64_t offset = 0;
  std::vector<PythonValue> items;
  bool comma = false;             ///< there was one
  bool dict = false;
  std::optional<Operand> current; ///< complete, not yet among the items
  std::optional<Operand> left;    ///< of a sum
  bool minus = false;             ///< the sum is a difference
  char sign = '\0';               ///< before the operand to come
  std::uint64_t sign_offset = 0;
};

bool is_number(const PythonValue& value) {
  return value.is(PythonKind::integer) || value.is(PythonKind::floating) || value.is(PythonKind::complex);
}

char closing(char open) { return open == '(' ? ')' : open == '[' ? ']' : '}'; }

class LiteralParser {
 public:
  LiteralParser(std::string_view text, std::uint64_t base, const std::string& field, PythonRules rules)
      : m_in(text, base, field, rules) {}

  PythonValue parse();

 private:
  [[nodiscard]] Level& top() { return m_levels.back(); }
  [[nodiscard]] bool in_brackets() const { return m_levels.size() > 1; }

  [[nodiscard]] bool is_over();
  void operand();
  void after_operand();
  void sign();
  void open();
  void close();
  void atom();
  void word();
  void strings();
  void complete(Operand operand);
  void add_up(Operand right);
  void begin_sum();
  void comma();
  void colon();
  void keep_item();
  [[nodiscard]] PythonValue collected(Level& level);
  [[nodiscard]] PythonValue finished();
  [[noreturn]] void malformed(std::uint64_t offset, const std::string& what) const {
    m_in.fail_at(offset, what + " is no literal");
  }

  PythonScanner m_in;
  std::vector<Level> m_levels;
};

PythonValue LiteralParser::parse() {
  m_levels.emplace_back();
  m_in.pass_leading_lines();
  for (;;) {
    m_in.pass_space(in_brackets());
    if (is_over()) {
      return finished();
    }
    if (top().current) {
      after_operand();
    } else {
      operand();
    }
  }
}

/// At the end of a line outside of brackets, unless a value must follow.
bool LiteralParser::is_over() {
  const auto next = m_in.current();
  const bool line_end = next == '\n' || next == '\r' || next == '#' || m_in.at_end();
  const auto& level = top();
  return !in_brackets() && line_end && (level.current || (level.comma && level.sign == '\0' && !level.left));
}

/// What can stand where a value is expected.
void LiteralParser::operand() {
  auto& level = top();
  const auto next = m_in.current();
  const bool may_close = in_brackets() && next == closing(level.open) && level.sign == '\0' && !level.left &&
                         (level.items.empty() || level.comma) && level.items.size() % (level.dict ? 2 : 1) == 0;
  if (may_close) {
    close();
  } else if (next == '+' || next == '-') {
    sign();
  } else if (next == '(' || next == '[' || next == '{') {
    open();
  } else {
    atom();
  }
}

void LiteralParser::sign() {
  if (top().sign != '\0') {
    malformed(m_in.offset(), "a sign before a sign");
  }
  top().sign = m_in.current();
  top().sign_offset = m_in.offset();
  m_in.advance();
}

void LiteralParser::open() {
  if (m_levels.size() > k_python_depth) {
    m_in.fail("too many nested brackets");
  }
  Level level;
  level.open = m_in.current();
  level.offset = m_in.offset();
  m_levels.push_back(std::move(level));
  m_in.advance();
}

void LiteralParser::atom() {
  if (m_in.at_end()) {
    m_in.fail(in_brackets() ? std::string("the text ends inside of ") + top().open : "a value is missing");
  }
  if (m_in.at_string()) {
    strings();
  } else if (m_in.at_number()) {
    complete(Operand{m_in.number(), Form::bare});
  } else if (m_in.at_word()) {
    word();
  } else if (m_in.current() == '.') {
    PythonValue value;
    value.kind = PythonKind::ellipsis;
    value.offset = m_in.offset();
    for (int i = 0; i < 3; ++i) {
      if (m_in.current() != '.') {
        m_in.fail("a value is missing");
      }
      m_in.advance();
    }
    value.end = m_in.offset();
    complete(Operand{std::move(value), Form::bare});
  } else {
    m_in.fail("a value is missing");
  }
}

void LiteralParser::word() {
  PythonValue value;
  value.offset = m_in.offset();
  const auto name = m_in.word();
  if (name == "True" || name == "False") {
    value.kind = PythonKind::boolean;
    value.truth = name == "True";
  } else if (name == "set") {
    // literal_eval knows one call: set(), which has no literal of its own.
    for (const char wanted : {'(', ')'}) {
      m_in.pass_space(in_brackets() || wanted == ')');
      if (m_in.current() != wanted) {
        malformed(value.offset, "the name set");
      }
      m_in.advance();
    }
    value.kind = PythonKind::set;
    value.hashable = false;
  } else if (name != "None") {
    malformed(value.offset, "the name " + std::string(name.substr(0, 64)));
  }
  value.end = m_in.offset();
  complete(Operand{std::move(value), Form::bare});
}

/// Strings that follow each other are one.
void LiteralParser::strings() {
  auto value = m_in.string();
  for (;;) {
    m_in.pass_space(in_brackets());
    if (!m_in.at_string()) {
      break;
    }
    auto next = m_in.string();
    if (next.kind != value.kind) {
      m_in.fail_at(next.offset, "bytes and characters cannot be joined");
    }
    value.text += next.text;
    value.end = next.end;
  }
  complete(Operand{std::move(value), Form::bare});
}

void LiteralParser::complete(Operand operand) {
  auto& level = top();
  if (level.sign != '\0') {
    if (!is_number(operand.value) || operand.form != Form::bare || level.left) {
      malformed(level.sign_offset, "a sign before this");
    }
    operand.form = Form::with_sign;
    operand.value.negative = level.sign == '-';
    operand.value.text.insert(0, operand.value.negative ? "-" : "");
    operand.value.offset = level.sign_offset;
    level.sign = '\0';
  }
  if (level.left) {
    add_up(std::move(operand));
  } else {
    level.current = std::move(operand);
  }
}

void LiteralParser::add_up(Operand right) {
  auto& level = top();
  auto& left = *level.left;
  const bool real = left.value.is(PythonKind::integer) || left.value.is(PythonKind::floating);
  if (!real || left.form == Form::sum || !right.value.is(PythonKind::complex) || right.form != Form::bare) {
    malformed(left.value.offset, "a sum of anything but a real and an imaginary number");
  }
  left.value.kind = PythonKind::complex;
  left.value.text += (level.minus ? "-" : "+") + right.value.text;
  left.value.end = right.value.end;
  left.form = Form::sum;
  level.current = std::move(left);
  level.left.reset();
}

/// What can stand behind a value.
void LiteralParser::after_operand() {
  const auto next = m_in.current();
  if (next == ',') {
    comma();
  } else if (in_brackets() && next == closing(top().open)) {
    close();
  } else if (next == ':' && top().open == '{') {
    colon();
  } else if (next == '+' || next == '-') {
    begin_sum();
  } else if (m_in.at_end()) {
    m_in.fail(std::string("the text ends inside of ") + top().open);
  } else if (next == '(' || next == '[' || next == '.') {
    malformed(top().current->value.offset, next == '(' ? "a call" : next == '[' ? "a subscript" : "an attribute");
  } else if (next != '\0' && std::string_view("*/%@&|^<>=!").find(next) != std::string_view::npos) {
    malformed(top().current->value.offset, "an expression");
  } else {
    m_in.fail(in_brackets() ? std::string("expected , or ") + closing(top().open) : "expected the end of the text");
  }
}

void LiteralParser::begin_sum() {
  auto& level = top();
  if (!is_number(level.current->value)) {
    malformed(level.current->value.offset, "an expression");
  }
  level.minus = m_in.current() == '-';
  level.left = std::move(level.current);
  level.current.reset();
  m_in.advance();
}

void LiteralParser::keep_item() {
  auto& level = top();
  const bool key = level.open == '{' && (!level.dict || level.items.size() % 2 == 0);
  if (key && !level.current->value.hashable) {
    m_in.fail_at(level.current->value.offset, "a " + std::string(python_type_name(level.current->value.kind)) +
                                                  " cannot be a key or an element of a set");
  }
  level.items.push_back(std::move(level.current->value));
  level.current.reset();
}

void LiteralParser::comma() {
  if (top().dict && top().items.size() % 2 == 0) {
    m_in.fail("expected : after a key");
  }
  keep_item();
  top().comma = true;
  m_in.advance();
}

void LiteralParser::colon() {
  auto& level = top();
  if (level.dict ? level.items.size() % 2 != 0 : !level.items.empty()) {
    m_in.fail("expected , or }");
  }
  level.dict = true;
  level.comma = false;
  keep_item();
  m_in.advance();
}

PythonValue LiteralParser::collected(Level& level) {
  PythonValue value;
  value.offset = level.offset;
  value.end = m_in.offset();
  value.hashable = level.open == '(' || level.open == '\0';
  for (const auto& item : level.items) {
    value.hashable = value.hashable && item.hashable;
  }
  const bool empty_or_dict = level.items.empty() || level.dict;
  value.kind = level.open == '['   ? PythonKind::list
               : level.open != '{' ? PythonKind::tuple
               : empty_or_dict     ? PythonKind::dict
                                   : PythonKind::set;
  value.items = std::move(level.items);
  return value;
}

void LiteralParser::close() {
  auto& level = top();
  if (level.current && level.dict && level.items.size() % 2 == 0) {
    m_in.fail("expected : after a key");
  }
  const bool grouping = level.open == '(' && level.current && !level.comma;
  if (!grouping && level.current) {
    keep_item();
  }
  m_in.advance();
  auto operand = grouping ? std::move(*level.current) : Operand{collected(level), Form::bare};
  m_levels.pop_back();
  complete(std::move(operand));
}

PythonValue LiteralParser::finished() {
  m_in.pass_trailing_lines();
  if (!m_in.at_end()) {
    m_in.fail("expected the end of the text");
  }
  auto& level = top();
  if (!level.comma) {
    return std::move(level.current->value);
  }
  if (level.current) {
    keep_item();
  }
  return collected(level);
}

}  // namespace

PythonValue parse_python_literal(std::string_view text, std::uint64_t base, const std::string& field, PythonRules rules) {
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    throw ParseError(base + nul, field, "a NUL character, which Python source cannot hold");
  }
  return LiteralParser(text, base, field, rules).parse();
}

}  // namespace upinspect::bytes
