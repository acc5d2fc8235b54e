// SPDX-License-Identifier: Apache-2.0
#include "report/pickle_listing_json.hpp"

#include "report/file_json.hpp"
#include "report/json_head.hpp"

namespace upinspect::report {

namespace {

void write_step(JsonWriter& out, const PickleStep& step) {
  out.begin_object(JsonScope::row);
  out.member("offset", step.offset);
  out.member("opcode", step.opcode);
  if (!step.argument.empty()) {
    out.file_text("argument", step.argument);
  }
  out.member("effect", step.effect);
  out.member("stack", step.stack);
  out.member("marks", step.marks);
  if (!step.comment.empty()) {
    out.file_text("comment", step.comment);
  }
  out.end();
}

void write_line(JsonWriter& out, const PickleExpressionLine& line) {
  out.begin_object(JsonScope::row);
  out.member("depth", line.depth);
  out.member("offset", line.offset);
  out.file_text("text", line.text);
  out.end();
}

void write_place(JsonWriter& out, const PickleStream& stream) {
  if (!stream.entry.empty()) {
    out.file_text("entry", stream.entry);
  }
  if (stream.unpacked_from) {
    out.key("unpacked_from");
    out.begin_object(JsonScope::row);
    out.member("offset", stream.unpacked_from->offset);
    out.member("length", stream.unpacked_from->length);
    out.end();
  }
  if (stream.held_at) {
    out.member("held_at", *stream.held_at);
  }
  out.member("start", stream.start);
  out.member("end", stream.end);
}

void write_stream(JsonWriter& out, const PickleStream& stream) {
  out.begin_object();
  write_place(out, stream);
  if (stream.protocol >= 0) {
    out.member("protocol", stream.protocol);
  }
  out.member("opcodes", stream.opcodes);
  if (!stream.failure.empty()) {
    out.key("failure");
    out.begin_object(JsonScope::row);
    out.member("offset", stream.failed_at);
    out.file_text("message", stream.failure);
    out.end();
  }
  out.key("steps");
  out.begin_array();
  for (const auto& step : stream.steps) {
    write_step(out, step);
  }
  out.end();
  out.key("object");
  out.begin_array();
  for (const auto& line : stream.object) {
    write_line(out, line);
  }
  out.end();
  out.member("object_whole", stream.object_whole);
  out.end();
}

}  // namespace

void write_pickle_listing(JsonWriter& out, const PickleListing& listing, std::string_view version) {
  out.begin_object();
  write_head(out, "upinspect.pickle/1", version);
  write_origin(out, listing.artifact);
  if (listing.artifact.pickle) {
    write_pickle(out, *listing.artifact.pickle);
  } else {
    out.key("pickle");
    out.value(nullptr);
  }
  out.key("streams");
  out.begin_array();
  for (const auto& stream : listing.streams) {
    write_stream(out, stream);
  }
  out.end();
  if (listing.unlisted_streams != 0) {
    out.member("unlisted_streams", listing.unlisted_streams);
  }
  write_findings(out, listing.artifact.findings);
  out.end();
  out.newline();
  out.flush();
}

}  // namespace upinspect::report
