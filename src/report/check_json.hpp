// SPDX-License-Identifier: Apache-2.0
// The answer of upinspect check: schema upinspect.check/1.
#pragma once

#include "report/check_reporter.hpp"
#include "report/json_writer.hpp"

#include <string_view>

namespace upinspect::report {

/// Writes a document subject by subject, or each as a line of its own.
class CheckJson final : public CheckReporter {
 public:
  enum class Form : std::uint8_t { document, lines };

  /// `shard` says which part of the files this is, "2/8"; empty where it is all of them.
  CheckJson(Sink sink, Form form, std::string_view version, std::string shard = {});

  void subject(const Subject& subject) override;
  void end() override;

 private:
  void head();

  JsonWriter m_out;
  Form m_form;
  std::string_view m_version;
  std::string m_shard;
  bool m_failed = false;
};

/// Writes the members `expected`, `actual` and `changes` of the open object, those that there are.
void write_comparison(JsonWriter& out, const Subject& subject);

}  // namespace upinspect::report
