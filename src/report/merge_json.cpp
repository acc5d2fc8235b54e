// SPDX-License-Identifier: Apache-2.0
#include "report/merge_json.hpp"

#include "report/json_head.hpp"
#include "report/json_writer.hpp"

namespace upinspect::report {
namespace {

using convert::Merged;
using convert::MergedTensor;

void write_row(JsonWriter& out, const MergedTensor& row) {
  out.begin_object(JsonScope::row);
  out.file_text("tensor", row.tensor);
  out.file_text("module", row.module);
  out.member("method", row.method);
  out.member("dtype", row.dtype);
  out.key("shape");
  out.begin_array(JsonScope::row);
  for (const auto size : row.shape) {
    out.value(size);
  }
  out.end();
  out.key("scale");
  if (row.scale) {
    out.value(*row.scale);
  } else {
    out.value(nullptr);
  }
  out.member("arithmetic", row.arithmetic);
  out.member("largest_change", row.largest_change);
  out.end();
}

void write_merge(JsonWriter& out, const Merged& done) {
  out.key("merge");
  out.begin_object();
  out.file_text("base", done.base);
  out.file_text("adapter", done.adapter);
  if (!done.config.empty()) {
    out.file_text("config", done.config);
  }
  out.file_text("output", done.output);
  out.file_text("family", done.family);
  if (!done.prefix.empty()) {
    out.member("prefix", done.prefix);
  }
  out.member("strength", done.strength);
  out.member("undo", done.undo);
  out.member("modules", done.modules);
  out.member("tensors", done.tensors);
  out.member("unchanged", done.unchanged);
  out.member("files", done.files);
  out.member("bytes", done.bytes);
  out.key("merged");
  out.begin_array();
  for (const auto& row : done.merged) {
    write_row(out, row);
  }
  out.end();
  out.end();
}

}  // namespace

void write_merge_json(const Sink& sink, const Merged& done, std::string_view version) {
  JsonWriter out(sink, JsonLayout::pretty);
  out.begin_object();
  write_head(out, "upinspect.merge/1", version);
  write_merge(out, done);
  out.end();
  out.newline();
  out.flush();
}

}  // namespace upinspect::report
