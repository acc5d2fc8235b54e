// SPDX-License-Identifier: Apache-2.0
#include "report/check_json.hpp"

#include "report/file_json.hpp"
#include "report/json_head.hpp"

namespace upinspect::report {

namespace {

void write_digits(JsonWriter& out, const char* key, const std::string& digits) {
  if (!digits.empty()) {
    out.member(key, digits);
  }
}

void write_expected(JsonWriter& out, const Subject& subject) {
  const auto& sha1 = subject.expected_git_blob;
  if (subject.expected_sha256.empty() && sha1.empty() && subject.expected_autov2.empty() && subject.expected_autov3.empty()) {
    return;
  }
  out.key("expected");
  out.begin_object(JsonScope::row);
  if (subject.expected_size) {
    out.member("size", *subject.expected_size);
  }
  write_digits(out, "sha256", subject.expected_sha256);
  write_digits(out, "git_blob", sha1);
  write_digits(out, "autov2", subject.expected_autov2);
  write_digits(out, "autov3", subject.expected_autov3);
  out.end();
}

void write_actual(JsonWriter& out, const Subject& subject) {
  if (subject.sha256.empty()) {
    return;
  }
  out.key("actual");
  out.begin_object(JsonScope::row);
  out.member("size", subject.size);
  out.member("sha256", subject.sha256);
  write_digits(out, "git_blob", subject.git_blob);
  write_digits(out, "autov3", subject.autov3);
  out.member("format", subject.format);
  out.member("tensors", subject.tensors);
  out.end();
}

void write_drift(JsonWriter& out, const Subject& subject) {
  if (!subject.metadata_changed) {
    return;
  }
  out.key("changes");
  out.begin_object();
  out.member("locked_tensors", subject.locked_tensors);
  out.member("metadata", *subject.metadata_changed);
  out.key("tensors");
  out.begin_array();
  for (const auto& tensor : subject.drift) {
    out.begin_object(JsonScope::row);
    out.file_text("name", tensor.name);
    out.member("fate", word(tensor.fate));
    if (tensor.fate == TensorFate::renamed) {
      out.file_text("was", tensor.was);
    }
    out.end();
  }
  out.end();
  out.end();
}

void write_subject(JsonWriter& out, const Subject& subject) {
  out.begin_object();
  out.file_text("path", subject.path);
  out.member("status", word(subject.status));
  if (!subject.why.empty()) {
    out.file_text("why", subject.why);
  }
  write_comparison(out, subject);
  write_findings(out, subject.findings);
  out.end();
}

}  // namespace

void write_comparison(JsonWriter& out, const Subject& subject) {
  write_expected(out, subject);
  write_actual(out, subject);
  write_drift(out, subject);
}

CheckJson::CheckJson(Sink sink, Form form, std::string_view version, std::string shard)
    : m_out(std::move(sink), form == Form::document ? JsonLayout::pretty : JsonLayout::compact), m_form(form), m_version(version), m_shard(std::move(shard)) {
  if (m_form == Form::document) {
    head();
    m_out.key("subjects");
    m_out.begin_array();
  }
}

void CheckJson::head() {
  m_out.begin_object();
  write_head(m_out, "upinspect.check/1", m_version);
}

void CheckJson::subject(const Subject& subject) {
  m_failed = m_failed || fails(subject);
  if (m_form == Form::document) {
    write_subject(m_out, subject);
    return;
  }
  head();
  m_out.key("subject");
  write_subject(m_out, subject);
  m_out.end();
  m_out.newline();
  m_out.flush();
}

void CheckJson::end() {
  if (m_form == Form::document) {
    m_out.end();
  } else {
    head();
  }
  if (!m_shard.empty()) {
    m_out.member("shard", m_shard);
  }
  m_out.member("verdict", m_failed ? "fail" : "pass");
  m_out.end();
  m_out.newline();
  m_out.flush();
}

}  // namespace upinspect::report
