// SPDX-License-Identifier: Apache-2.0
// Texts that are no code and make programs run some: templates that reach into Python, targets that Hydra calls, modules
// that a configuration has loaders import.
#pragma once

#include "upinspect/artifact.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace upinspect::model {

struct NamedCode {
  std::string_view id;  ///< of the finding
  Severity severity = Severity::warning;
  std::string message;
};

/// The name with which a Jinja template leaves what templates need (CVE-2024-34359); empty where none does, or where the
/// text is no template.
[[nodiscard]] std::string_view way_out_of_template(std::string_view text) noexcept;

/// What a text has a program do that renders it, or that instantiates the configuration in it. `key` names it in messages.
[[nodiscard]] std::optional<NamedCode> code_in_text(std::string_view key, std::string_view text);

/// The same for a member of a configuration, by its key: `_target_`, `auto_map`, `trust_remote_code`. `text` is what it holds
/// where that is text, `is_set` whether it is neither null, false nor empty text.
[[nodiscard]] std::optional<NamedCode> code_in_member(std::string_view key, std::string_view text, bool is_set);

}  // namespace upinspect::model
