// SPDX-License-Identifier: Apache-2.0
#include "report/json_head.hpp"

namespace upinspect::report {

void write_head(JsonWriter& out, std::string_view schema, std::string_view version) {
  out.member("schema", schema);
  out.key("tool");
  out.begin_object(JsonScope::row);
  out.member("name", "upinspect");
  out.member("version", version);
  out.end();
}

void write_origin(JsonWriter& out, const Artifact& artifact) {
  out.file_text("path", artifact.path);
  out.member("size", artifact.size);
  out.key("format");
  out.begin_object(JsonScope::row);
  out.member("id", artifact.format.id);
  out.file_text("title", artifact.format.title);
  out.end();
}

}  // namespace upinspect::report
