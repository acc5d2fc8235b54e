// SPDX-License-Identifier: Apache-2.0
// Static Analysis Results Interchange Format (SARIF) Version 2.1.0 Plus Errata 01, OASIS Standard; sections are named where used.
#include "report/check_sarif.hpp"

#include "report/check_json.hpp"
#include "report/escape.hpp"
#include "report/explanations.hpp"
#include "report/words.hpp"

namespace upinspect::report {

namespace {

constexpr std::string_view k_sarif_schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// RFC 3986, section 2.3, and the slash between the parts of a path.
bool is_plain_in_uri(char character) noexcept {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') || (character >= '0' && character <= '9') ||
         character == '-' || character == '.' || character == '_' || character == '~' || character == '/';
}

std::uint64_t fnv1a(std::uint64_t hash, std::string_view bytes) noexcept {
  for (const char character : bytes) {
    hash = (hash ^ static_cast<unsigned char>(character)) * 0x100000001b3U;
  }
  return hash;
}

std::string sixteen_digits(std::uint64_t number) {
  std::string out;
  for (unsigned shift = 64; shift != 0; shift -= 4) {
    out.push_back("0123456789abcdef"[(number >> (shift - 4)) & 0x0fU]);
  }
  return out;
}

void write_text(JsonWriter& out, std::string_view name, std::string_view text) {
  out.key(name);
  out.begin_object(JsonScope::row);
  out.member("text", text);
  out.end();
}

}  // namespace

std::string path_uri(std::string_view path) {
  const std::string_view scheme = path.substr(0, 1) == "/" ? "file://" : "";
  while (path.substr(0, 2) == "./") {
    path.remove_prefix(2);
  }
  return std::string(scheme) + percent_encoded(path, [](char character) { return !is_plain_in_uri(character); });
}

std::string escape_sarif_message(std::string_view raw) {
  const auto doubled = replaced(replaced(escape_terminal(raw), "{", "{{"), "}", "}}");
  return replaced(doubled, "](", "]\\(");  // whatever stands before it, a backslash too
}

CheckSarif::CheckSarif(Sink sink, std::string_view version) : m_out(std::move(sink), JsonLayout::pretty), m_version(version) {
  m_out.begin_object();
  m_out.member("$schema", k_sarif_schema);
  m_out.member("version", "2.1.0");
  m_out.key("runs");
  m_out.begin_array();
  m_out.begin_object();
  m_out.key("results");
  m_out.begin_array();
}

void CheckSarif::subject(const Subject& subject) {
  m_seen.clear();
  if (fails(subject) && reason_of(subject) == nullptr) {
    result({subject, failure_id(subject), Severity::error, subject.why, nullptr});
  }
  for (const auto& finding : subject.findings) {
    result({subject, finding.id, finding.severity, finding.message, &finding});
  }
}

void CheckSarif::result(const Result& result) {
  m_out.begin_object();
  m_out.member("ruleId", result.rule);
  m_out.member("ruleIndex", index_of(result.rule));
  m_out.member("level", word(result.level));
  write_text(m_out, "message", escape_sarif_message(result.message));
  location(result);
  m_out.key("partialFingerprints");
  m_out.begin_object(JsonScope::row);
  m_out.member("primaryLocationLineHash", fingerprint(result));
  m_out.end();
  properties(result);
  m_out.end();
}

/// Code scanning shows nothing that has no line, so there is one, beside the bytes, which are what is meant.
void CheckSarif::location(const Result& result) {
  m_out.key("locations");
  m_out.begin_array();
  m_out.begin_object();
  m_out.key("physicalLocation");
  m_out.begin_object();
  m_out.key("artifactLocation");
  m_out.begin_object(JsonScope::row);
  m_out.member("uri", path_uri(result.subject.path));
  m_out.end();
  m_out.key("region");
  m_out.begin_object(JsonScope::row);
  m_out.member("startLine", 1);
  if (result.finding != nullptr && result.finding->offset) {
    m_out.member("byteOffset", *result.finding->offset);
    if (result.finding->length) {
      m_out.member("byteLength", *result.finding->length);
    }
  }
  m_out.end();
  m_out.end();
  if (result.finding != nullptr && !result.finding->tensor.empty()) {
    m_out.key("logicalLocations");
    m_out.begin_array();
    m_out.begin_object(JsonScope::row);
    m_out.member("name", escape_terminal(result.finding->tensor));
    m_out.member("kind", "tensor");
    m_out.end();
    m_out.end();
  }
  m_out.end();
  m_out.end();
}

/// What the other members cannot hold as it stands in the file.
void CheckSarif::properties(const Result& result) {
  m_out.key("properties");
  m_out.begin_object();
  m_out.file_text("path", result.subject.path);
  m_out.member("status", word(result.subject.status));
  m_out.file_text("message", result.message);
  if (result.finding == nullptr) {
    write_comparison(m_out, result.subject);
  } else if (!result.finding->tensor.empty()) {
    m_out.file_text("tensor", result.finding->tensor);
  }
  m_out.end();
}

std::size_t CheckSarif::index_of(const std::string& rule) {
  const auto [place, is_new] = m_index.emplace(rule, m_rules.size());
  if (is_new) {
    m_rules.push_back(rule);
  }
  return place->second;
}

/// The same problem of the same file and tensor has the same one in the next run, however its message or place changed. FNV-1a.
std::string CheckSarif::fingerprint(const Result& result) {
  constexpr std::string_view k_nul("\0", 1);
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const auto part : {std::string_view(result.rule), std::string_view(result.subject.path),
                          result.finding == nullptr ? std::string_view() : std::string_view(result.finding->tensor)}) {
    hash = fnv1a(fnv1a(hash, part), k_nul);
  }
  const auto digits = sixteen_digits(hash);
  return digits + ":" + std::to_string(++m_seen[digits]);
}

void CheckSarif::tool() {
  m_out.key("tool");
  m_out.begin_object();
  m_out.key("driver");
  m_out.begin_object();
  m_out.member("name", "upinspect");
  m_out.member("semanticVersion", m_version);
  m_out.key("rules");
  m_out.begin_array();
  for (const auto& id : m_rules) {
    m_out.begin_object();
    m_out.member("id", id);
    if (const auto* row = explanation(id); row != nullptr) {
      write_text(m_out, "shortDescription", std::string(row->title) + ".");
      write_text(m_out, "fullDescription", std::string(row->meaning) + " " + std::string(row->why));
      write_text(m_out, "help", row->advice);
    }
    m_out.end();
  }
  m_out.end();
  m_out.end();
  m_out.end();
}

void CheckSarif::end() {
  m_out.end();
  tool();
  m_out.key("invocations");
  m_out.begin_array();
  m_out.begin_object(JsonScope::row);
  m_out.member("executionSuccessful", true);
  m_out.end();
  m_out.end();
  m_out.end();
  m_out.end();
  m_out.end();
  m_out.newline();
  m_out.flush();
}

}  // namespace upinspect::report
