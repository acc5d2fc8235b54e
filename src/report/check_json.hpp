// SPDX-License-Identifier: Apache-2.0
// The answer of upinspect check: schema upinspect.check/1.
#pragma once

#include "report/json_writer.hpp"
#include "upinspect/integrity.hpp"

#include <string_view>

namespace upinspect::report {

[[nodiscard]] std::string_view word(SubjectStatus status) noexcept;
[[nodiscard]] std::string_view word(TensorFate fate) noexcept;

/// Writes a document subject by subject, or each as a line of its own.
class CheckJson {
 public:
  enum class Form : std::uint8_t { document, lines };

  CheckJson(Sink sink, Form form, std::string_view version);

  void subject(const Subject& subject);
  void end();

 private:
  void head();

  JsonWriter m_out;
  Form m_form;
  std::string_view m_version;
  bool m_failed = false;
};

}  // namespace upinspect::report
