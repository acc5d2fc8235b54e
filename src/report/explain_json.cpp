// SPDX-License-Identifier: Apache-2.0
#include "report/explain_json.hpp"

#include "report/json_head.hpp"

namespace upinspect::report {

void write_explained_findings(JsonWriter& out, std::span<const ExplainedFinding> rows, std::string_view version) {
  out.begin_object();
  write_head(out, "upinspect.explain/1", version);
  out.key("findings");
  out.begin_array();
  for (const auto& row : rows) {
    out.begin_object();
    out.member("id", row.id);
    out.member("title", row.title);
    out.member("meaning", row.meaning);
    out.member("why", row.why);
    out.member("advice", row.advice);
    out.end();
  }
  out.end();
  out.end();
  out.newline();
  out.flush();
}

}  // namespace upinspect::report
