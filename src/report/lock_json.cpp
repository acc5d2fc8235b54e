// SPDX-License-Identifier: Apache-2.0
#include "report/lock_json.hpp"

#include "report/json_rows.hpp"

namespace upinspect::report {

namespace {

void write_digest(JsonWriter& out, std::string_view name, const std::string& digest) {
  if (!digest.empty()) {
    out.member(name, digest);
  }
}

void write_locked_tensor(JsonWriter& out, const LockedTensor& tensor) {
  out.begin_object(JsonScope::row);
  out.file_text("name", tensor.name);
  out.file_text("dtype", tensor.dtype);
  write_row(out, "shape", tensor.shape);
  write_digest(out, "sha256", tensor.sha256);
  out.end();
}

void write_locked_file(JsonWriter& out, const LockedFile& file) {
  out.begin_object();
  out.file_text("path", file.path);
  out.member("size", file.size);
  out.member("sha256", file.sha256);
  out.member("format", file.format);
  write_digest(out, "content", file.content);
  write_digest(out, "metadata", file.metadata);
  out.key("tensors");
  out.begin_array();
  for (const auto& tensor : file.tensors) {
    write_locked_tensor(out, tensor);
  }
  out.end();
  out.end();
}

}  // namespace

void write_lock(JsonWriter& out, std::span<const LockedFile> files) {
  out.begin_object();
  out.member("schema", "upinspect.lock/1");
  out.key("files");
  out.begin_array();
  for (const auto& file : files) {
    write_locked_file(out, file);
  }
  out.end();
  out.end();
  out.newline();
  out.flush();
}

}  // namespace upinspect::report
