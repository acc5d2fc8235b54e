// SPDX-License-Identifier: Apache-2.0
// config.template-code, config.target, config.remote-code: texts in the metadata that make programs run code.
#include "analysis/rule.hpp"
#include "model/named_code.hpp"

#include <algorithm>
#include <set>

namespace upinspect::analysis {

namespace {

constexpr std::size_t k_deepest_member = 64;
constexpr std::size_t k_longest_code_text = std::size_t{1} << 20;
constexpr std::size_t k_longest_code_list = 1024;  // longer ones are words of a tokenizer

class CodeFinder {
 public:
  explicit CodeFinder(model::Builder& builder) : m_builder(builder) {}

  void walk(const std::string& key, const Value& value, std::size_t depth) {
    if (const auto* text = value.if_string()) {
      tell(model::code_in_member(key, *text, !text->empty()));
      tell(model::code_in_text(key, std::string_view(*text).substr(0, k_longest_code_text)));
    } else if (const auto* members = value.if_object(); members != nullptr && depth < k_deepest_member) {
      tell(model::code_in_member(key, {}, true));
      for (const auto& [inner, member] : *members) {
        walk(inner, member, depth + 1);
      }
    } else if (const auto* list = value.if_array(); list != nullptr && depth < k_deepest_member && list->size() <= k_longest_code_list) {
      for (const auto& element : *list) {
        walk(key, element, depth + 1);
      }
    } else if (const auto* flag = std::get_if<bool>(&value.data)) {
      tell(model::code_in_member(key, {}, *flag));
    }
  }

 private:
  void tell(const std::optional<model::NamedCode>& code) {
    if (code && m_told.insert(code->message).second) {
      m_builder.find(std::string(code->id), code->severity, code->message);
    }
  }

  model::Builder& m_builder;
  std::set<std::string> m_told;
};

}  // namespace

/// GGUF's reader tells of its chat templates itself, with their place.
void named_code(model::Builder& builder) {
  const auto& artifact = builder.artifact;
  const bool gguf = artifact.format.id == "gguf";
  const auto* members = artifact.metadata.if_object();
  CodeFinder finder(builder);
  for (std::size_t i = 0; members != nullptr && i < members->size(); ++i) {
    const auto& [key, value] = (*members)[i];
    if (!gguf || key.find("chat_template") == std::string::npos) {
      finder.walk(key, value, 0);
    }
  }
}

}  // namespace upinspect::analysis
