// SPDX-License-Identifier: Apache-2.0
#include "report/diff_json.hpp"

#include "report/diff_words.hpp"
#include "report/file_json.hpp"
#include "report/json_head.hpp"
#include "report/json_value.hpp"

#include <utility>

namespace upinspect::report {
namespace {

void write_side(JsonWriter& out, std::string_view name, const Artifact& artifact) {
  out.key(name);
  out.begin_object();
  write_origin(out, artifact);
  out.member("tensors", artifact.tensors.size());
  out.end();
}

void write_bytes(JsonWriter& out, const ByteDifference& bytes) {
  out.key("bytes");
  out.begin_object(JsonScope::row);
  out.member("compared", bytes.compared);
  out.member("differing", bytes.differing);
  if (bytes.first) {
    out.member("first", *bytes.first);
  }
  if (bytes.last) {
    out.member("last", *bytes.last);
  }
  out.end();
}

void write_notes(JsonWriter& out, std::string_view name, const std::vector<TensorNote>& notes) {
  out.key(name);
  out.begin_array();
  for (const auto& note : notes) {
    out.begin_object(JsonScope::row);
    out.file_text("name", note.name);
    if (!note.old_name.empty()) {
      out.file_text("old_name", note.old_name);
    }
    out.file_text("what", note.what);
    out.end();
  }
  out.end();
}

void write_renamed(JsonWriter& out, const std::vector<TensorNote>& notes) {
  out.key("renamed");
  out.begin_array();
  for (const auto& note : notes) {
    out.begin_object(JsonScope::row);
    out.file_text("old", note.old_name);
    out.file_text("new", note.name);
    out.end();
  }
  out.end();
}

void write_tensors(JsonWriter& out, const Difference& difference) {
  out.key("tensors");
  out.begin_object();
  out.member("same", difference.tensors_same);
  out.member("changed", difference.changes.size());
  write_notes(out, "added", difference.added);
  write_notes(out, "removed", difference.removed);
  write_renamed(out, difference.renamed);
  write_notes(out, "reshaped", difference.reshaped);
  out.end();
}

Value object_of(const std::vector<std::pair<std::string, Value>>& members) { return Value(Value::Object(members.begin(), members.end())); }

void write_metadata(JsonWriter& out, const Difference& difference) {
  Value::Object changed;
  for (const auto& change : difference.metadata_changed) {
    changed.emplace_back(change.key, Value::Object{{"old", change.before}, {"new", change.after}});
  }
  out.key("metadata");
  out.begin_object();
  write_value(out, "added", object_of(difference.metadata_added));
  write_value(out, "removed", object_of(difference.metadata_removed));
  write_value(out, "changed", Value(std::move(changed)));
  out.end();
}

template <class Numbers>
void write_numbers(JsonWriter& out, std::string_view name, const Numbers& numbers) {
  out.key(name);
  out.begin_array(JsonScope::row);
  for (const auto number : numbers) {
    out.value(number);
  }
  out.end();
}

void write_ulp(JsonWriter& out, const UlpDifference& ulp) {
  out.key("ulp");
  out.begin_object();
  out.member("median", ulp.median);
  out.member("max", ulp.max);
  out.key("histogram");
  out.begin_array(JsonScope::row);
  for (const auto& [bound, count] : ulp.histogram) {
    out.begin_array(JsonScope::row);
    out.value(bound);
    out.value(count);
    out.end();
  }
  out.end();
  out.end();
}

void write_figures(JsonWriter& out, const TensorChange& change) {
  out.key("bits");
  out.begin_object();
  out.member("flipped", change.bits_flipped);
  write_numbers(out, "histogram", change.bits);
  out.end();
  if (change.ulp) {
    write_ulp(out, *change.ulp);
    out.key("absolute");
    out.begin_object(JsonScope::row);
    out.member("mean", change.absolute_mean);
    out.member("max", change.absolute_max);
    out.end();
  }
  out.member("not_finite", change.not_finite);
  out.member("carries", change.carries);
  out.key("span");
  out.begin_object(JsonScope::row);
  out.member("first", change.first);
  out.member("last", change.last);
  out.end();
  out.member("stride", change.stride);
  write_numbers(out, "places", change.places);
}

void write_change(JsonWriter& out, const TensorChange& change) {
  out.begin_object();
  out.file_text("name", change.name);
  if (!change.old_name.empty()) {
    out.file_text("old_name", change.old_name);
  }
  out.file_text("dtype", change.dtype);
  if (!change.old_dtype.empty()) {
    out.file_text("old_dtype", change.old_dtype);
  }
  write_numbers(out, "shape", change.shape);
  out.member("elements", change.elements);
  out.member("changed", change.changed);
  if (change.old_dtype.empty()) {
    write_figures(out, change);
  }
  out.member("kind", word(change.kind));
  if (change.field_bits != 0) {
    out.member("field_bits", change.field_bits);
    out.member("field_base", change.field_base);
    out.member("field_capacity", change.field_capacity);
    out.member("p_value", change.p_value);
  }
  out.member("why", change.why);
  out.end();
}

void write_update(JsonWriter& out, const UpdateDifference& update) {
  out.key("update");
  out.begin_object(JsonScope::row);
  out.member("modules", update.modules);
  out.member("equal", update.equal);
  out.file_text("module", update.module);
  out.member("largest", update.largest);
  out.member("rounding", update.rounding);
  out.end();
}

}  // namespace

void write_difference(JsonWriter& out, const Difference& difference, std::string_view version) {
  out.begin_object();
  write_head(out, "upinspect.diff/1", version);
  write_side(out, "old", difference.old_side);
  write_side(out, "new", difference.new_side);
  out.member("verdict", word(difference.verdict));
  if (difference.bytes) {
    write_bytes(out, *difference.bytes);
  }
  write_tensors(out, difference);
  write_metadata(out, difference);
  out.key("changes");
  out.begin_array();
  for (const auto& change : difference.changes) {
    write_change(out, change);
  }
  out.end();
  if (difference.update) {
    write_update(out, *difference.update);
  }
  write_payloads(out, difference.payloads);
  out.member("candidates_tried", difference.candidates_tried);
  write_findings(out, difference.findings);
  out.end();
  out.newline();
  out.flush();
}

}  // namespace upinspect::report
