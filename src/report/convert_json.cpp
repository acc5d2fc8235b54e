// SPDX-License-Identifier: Apache-2.0
#include "report/convert_json.hpp"

#include "report/json_head.hpp"
#include "report/json_writer.hpp"

namespace upinspect::report {
namespace {

using convert::Conversion;
using convert::Proof;
using convert::ProofKind;

[[nodiscard]] std::string_view proof_word(ProofKind kind) noexcept {
  switch (kind) {
    case ProofKind::content:
      return "content";
    case ProofKind::adapter:
      return "adapter";
    case ProofKind::difference:
      break;
  }
  return "difference";
}

void write_texts(JsonWriter& out, std::string_view name, const std::vector<std::string>& texts) {
  out.key(name);
  out.begin_array();
  for (const auto& text : texts) {
    out.value(text);
  }
  out.end();
}

void write_renamed(JsonWriter& out, const Conversion& done) {
  out.key("renamed");
  out.begin_array();
  for (const auto& [from, to] : done.renamed) {
    out.begin_object(JsonScope::row);
    out.file_text("from", from);
    out.file_text("to", to);
    out.end();
  }
  out.end();
}

void write_proof(JsonWriter& out, const Proof& proof) {
  out.key("proof");
  out.begin_object();
  out.member("kind", proof_word(proof.kind));
  if (proof.kind == ProofKind::difference) {
    out.member("measured", proof.measured);
    out.member("largest_absolute", proof.largest_absolute);
    out.member("largest_relative", proof.largest_relative);
    out.file_text("where", proof.where);
  } else {
    out.member("digest", proof.digest);
  }
  if (!proof.data_area.empty()) {
    out.member("data_area", proof.data_area);
  }
  out.end();
}

void write_conversion(JsonWriter& out, const Conversion& done) {
  out.key("conversion");
  out.begin_object();
  write_texts(out, "inputs", done.inputs);
  if (!done.config.empty()) {
    out.file_text("config", done.config);
  }
  out.file_text("output", done.output);
  out.member("form", done.form);
  out.member("names", done.names);
  if (!done.family.empty()) {
    out.member("family", done.family);
  }
  if (!done.dtype.empty()) {
    out.member("dtype", done.dtype);
  }
  out.member("tensors", done.tensors);
  out.member("modules", done.modules);
  out.member("bytes", done.bytes);
  write_renamed(out, done);
  out.key("metadata");
  out.begin_object();
  write_texts(out, "set", done.metadata_set);
  write_texts(out, "removed", done.metadata_removed);
  out.end();
  write_texts(out, "notes", done.notes);
  write_proof(out, done.proof);
  out.end();
}

}  // namespace

void write_convert_json(const Sink& sink, const Conversion& done, std::string_view version) {
  JsonWriter out(sink, JsonLayout::pretty);
  out.begin_object();
  write_head(out, "upinspect.convert/1", version);
  write_conversion(out, done);
  out.end();
  out.newline();
  out.flush();
}

}  // namespace upinspect::report
