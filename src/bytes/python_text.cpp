// SPDX-License-Identifier: Apache-2.0
// Python literals as text, the way repr would write them but without spaces.
#include "bytes/python_literal.hpp"

namespace upinspect::bytes {

namespace {

void print_quoted(const PythonValue& value, std::string& out) {
  constexpr std::string_view k_hex = "0123456789abcdef";
  out += value.is(PythonKind::bytes) ? "b'" : "'";
  for (const char c : value.text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x20 && byte != 0x7f && !(byte >= 0x80 && value.is(PythonKind::bytes));
    if (c == '\'' || c == '\\') {
      out += {'\\', c};
    } else if (plain) {
      out.push_back(c);
    } else {
      out += {'\\', 'x', k_hex[byte >> 4U], k_hex[byte & 15U]};
    }
  }
  out.push_back('\'');
}

void print(const PythonValue& value, std::string& out);

void print_items(const PythonValue& value, std::string& out) {
  const bool tuple = value.is(PythonKind::tuple);
  out.push_back(tuple ? '(' : value.is(PythonKind::list) ? '[' : '{');
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) {
      out.push_back(value.is(PythonKind::dict) && i % 2 == 1 ? ':' : ',');
    }
    print(value.items[i], out);
  }
  out += tuple && value.items.size() == 1 ? "," : "";
  out.push_back(tuple ? ')' : value.is(PythonKind::list) ? ']' : '}');
}

/// As deep as the brackets, of which the parser takes 200.
void print(const PythonValue& value, std::string& out) {
  switch (value.kind) {
    case PythonKind::none: out += "None"; return;
    case PythonKind::ellipsis: out += "Ellipsis"; return;
    case PythonKind::boolean: out += value.truth ? "True" : "False"; return;
    case PythonKind::integer:
      out += value.wide ? value.text : (value.negative ? "-" : "") + std::to_string(value.magnitude);
      return;
    case PythonKind::floating:
    case PythonKind::complex: out += value.text; return;
    case PythonKind::string:
    case PythonKind::bytes: print_quoted(value, out); return;
    case PythonKind::set:
      if (value.items.empty()) {
        out += "set()";
        return;
      }
      break;
    case PythonKind::tuple:
    case PythonKind::list:
    case PythonKind::dict: break;
  }
  print_items(value, out);
}

}  // namespace

std::string compact_python(const PythonValue& value) {
  std::string out;
  print(value, out);
  return out;
}

std::string_view python_type_name(PythonKind kind) noexcept {
  switch (kind) {
    case PythonKind::none: return "NoneType";
    case PythonKind::ellipsis: return "ellipsis";
    case PythonKind::boolean: return "bool";
    case PythonKind::integer: return "int";
    case PythonKind::floating: return "float";
    case PythonKind::complex: return "complex";
    case PythonKind::string: return "str";
    case PythonKind::bytes: return "bytes";
    case PythonKind::tuple: return "tuple";
    case PythonKind::list: return "list";
    case PythonKind::set: return "set";
    case PythonKind::dict: return "dict";
  }
  return "object";
}

}  // namespace upinspect::bytes
