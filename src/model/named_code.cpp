// SPDX-License-Identifier: Apache-2.0
#include "model/named_code.hpp"

#include "pickle/known_globals.hpp"

#include <algorithm>
#include <array>

namespace upinspect::model {

namespace {

constexpr std::string_view k_target = "_target_";
constexpr std::size_t k_longest_name = 200;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/// Attributes that lead from any object to whatever one wants. No chat template needs one.
constexpr std::array<std::string_view, 12> k_attributes{"__class__", "__globals__", "__subclasses__", "__builtins__",     "__import__", "__mro__",
                                                        "__init__",  "__base__",    "__bases__",      "__getattribute__", "__dict__",   "__loader__"};
/// What Jinja hands to every template and is used to start from, and the filter that spells an attribute as text.
constexpr std::array<std::string_view, 5> k_helpers{"cycler", "joiner", "lipsum", "attr(", "_TemplateReference__context"};
/// Statements that load other templates.
constexpr std::array<std::string_view, 4> k_statements{"import", "include", "extends", "from"};

std::string_view helper_in(std::string_view tag) {
  for (const auto helper : k_helpers) {
    const auto at = tag.find(helper);
    if (at != std::string_view::npos && (at == 0 || !is_name_character(tag[at - 1]))) {
      return helper;
    }
  }
  return {};
}

std::string_view statement_of(std::string_view tag) {
  const auto start = std::min(tag.find_first_not_of("-+ \t\r\n"), tag.size());
  const auto word = tag.substr(start, tag.find_first_of(" \t\r\n\"'", start) - start);
  const auto found = std::find(k_statements.begin(), k_statements.end(), word);
  return found == k_statements.end() ? std::string_view() : *found;
}

/// What follows `_target_` in JSON or YAML: a dotted name.
std::string_view target_in(std::string_view text) {
  for (auto at = text.find(k_target); at != std::string_view::npos; at = text.find(k_target, at + 1)) {
    const auto rest = text.substr(at + k_target.size(), 2 * k_longest_name);
    const auto colon = rest.find_first_not_of("\"'\\ ");
    if (colon == std::string_view::npos || (rest[colon] != ':' && rest[colon] != '=')) {
      continue;
    }
    const auto start = std::min(rest.find_first_not_of("\"'\\ ", colon + 1), rest.size());
    const auto name = rest.substr(start);
    const auto end = std::find_if_not(name.begin(), name.end(), is_name_character);
    const auto length = std::min(k_longest_name, static_cast<std::size_t>(end - name.begin()));
    if (length != 0) {
      return name.substr(0, length);
    }
  }
  return {};
}

/// A dotted name is a module and a name in it; where one ends and the other begins only Python could say.
PickleVerdict verdict_of(std::string_view dotted) {
  auto worst = PickleVerdict::inert;
  for (auto dot = dotted.find('.'); dot != std::string_view::npos; dot = dotted.find('.', dot + 1)) {
    worst = std::max(worst, pickle::judge({std::string(dotted.substr(0, dot)), std::string(dotted.substr(dot + 1)), {}, {}, false}));
  }
  return worst;
}

NamedCode target_code(std::string_view target) {
  const bool dangerous = verdict_of(target) == PickleVerdict::dangerous;
  return {"config.target", dangerous ? Severity::error : Severity::warning,
          "_target_ names " + std::string(target) + ", which hydra.utils.instantiate imports and calls" + (dangerous ? ": it can run code" : "")};
}

}  // namespace

std::string_view way_out_of_template(std::string_view text) noexcept {
  auto open = text.find_first_of('{');
  bool is_template = false;
  for (; open != std::string_view::npos && open + 1 < text.size(); open = text.find('{', open + 1)) {
    const auto kind = text[open + 1];
    if (kind != '{' && kind != '%') {
      continue;
    }
    is_template = true;
    const auto tag = text.substr(open + 2, text.find(kind == '{' ? "}}" : "%}", open + 2) - open - 2);
    const auto statement = kind == '%' ? statement_of(tag) : std::string_view();
    const auto found = statement.empty() ? helper_in(tag) : statement;
    if (!found.empty()) {
      return found;
    }
  }
  const auto attribute = std::find_if(k_attributes.begin(), k_attributes.end(), [text](std::string_view name) { return text.find(name) != std::string_view::npos; });
  return is_template && attribute != k_attributes.end() ? *attribute : std::string_view();
}

std::optional<NamedCode> code_in_text(std::string_view key, std::string_view text) {
  if (const auto name = way_out_of_template(text); !name.empty()) {
    return NamedCode{"config.template-code", Severity::error,
                     "the template \"" + std::string(key) + "\" uses " + std::string(name) +
                         ", which no chat template needs: a program that renders it unguarded can be made to run code"};
  }
  if (const auto target = target_in(text); !target.empty()) {
    return target_code(target);
  }
  return std::nullopt;
}

std::optional<NamedCode> code_in_member(std::string_view key, std::string_view text, bool is_set) {
  if (!is_set) {
    return std::nullopt;
  }
  if (key == k_target && !text.empty()) {
    return target_code(text.substr(0, k_longest_name));
  }
  if (key == "auto_map") {
    return NamedCode{"config.remote-code", Severity::warning,
                     "auto_map names classes in Python files of the repository, which transformers imports where trust_remote_code is set"};
  }
  if (key == "trust_remote_code") {
    return NamedCode{"config.remote-code", Severity::warning, "trust_remote_code asks that Python files of the repository are run"};
  }
  return std::nullopt;
}

}  // namespace upinspect::model
