// SPDX-License-Identifier: Apache-2.0
#include "report/file_json.hpp"

#include "report/adapter_json.hpp"
#include "report/base_fit_json.hpp"
#include "report/json_head.hpp"
#include "report/json_list.hpp"
#include "report/json_value.hpp"
#include "report/tensor_json.hpp"
#include "report/training_json.hpp"
#include "report/words.hpp"

#include <utility>

namespace upinspect::report {
namespace {

constexpr std::string_view k_schema = "upinspect.file/1";

void write_format(JsonWriter& out, const FormatName& format) {
  out.key("format");
  out.begin_object();
  out.member("id", format.id);
  out.file_text("title", format.title);
  write_value(out, "detail", format.detail);
  out.end();
}

void write_also_reads_as(JsonWriter& out, const std::vector<std::string>& ids) {
  out.key("also_reads_as");
  out.begin_array(JsonScope::row);
  for (const auto& id : ids) {
    out.value(id);
  }
  out.end();
}

void write_digests(JsonWriter& out, const Artifact& artifact) {
  const auto& digests = artifact.digests;
  out.key("digests");
  out.begin_object();
  for (const auto& [name, digest] : {std::pair("sha256", &digests.sha256), std::pair("xxh3_128", &digests.xxh3_128),
                                     std::pair("content", &digests.content)}) {
    if (*digest) {
      out.member(name, **digest);
    }
  }
  for (const auto& hash : artifact.site_hashes) {
    out.member(hash.kind, hash.value);
  }
  out.end();
}

void write_region(JsonWriter& out, const Region& region, const std::vector<Tensor>& tensors) {
  out.begin_object(JsonScope::row);
  out.member("offset", region.range.offset);
  out.member("length", region.range.length);
  out.member("kind", word(region.kind));
  if (region.tensor < tensors.size()) {
    out.file_text("label", "tensor ", tensors[region.tensor].name);
  } else {
    out.file_text("label", region.label);
  }
  out.end();
}

void write_regions(JsonWriter& out, std::string_view name, const std::vector<Region>& regions, const std::vector<Tensor>& tensors) {
  out.key(name);
  out.begin_array();
  write_list(out, std::span(regions), [&tensors](JsonWriter& to, const Region& region) { write_region(to, region, tensors); });
  out.end();
}

void write_coverage(JsonWriter& out, const Coverage& coverage, const std::vector<Tensor>& tensors) {
  out.key("coverage");
  out.begin_object();
  out.member("labelled", coverage.labelled);
  out.member("gaps", coverage.gaps);
  out.member("overlapped", coverage.overlapped);
  write_regions(out, "regions", coverage.regions, tensors);
  write_regions(out, "overlaps", coverage.overlaps, tensors);
  out.end();
}

void write_globals(JsonWriter& out, const std::vector<PickleGlobal>& globals) {
  out.key("globals");
  out.begin_array();
  for (const auto& global : globals) {
    out.begin_object(JsonScope::row);
    out.file_text("module", global.module);
    out.file_text("name", global.name);
    out.member("offset", global.offset);
    out.member("called", global.called);
    out.member("verdict", word(global.verdict));
    if (!global.entry.empty()) {
      out.file_text("entry", global.entry);
    }
    out.end();
  }
  out.end();
}

}  // namespace

void write_pickle(JsonWriter& out, const PickleReport& pickle) {
  out.key("pickle");
  out.begin_object();
  out.member("verdict", word(pickle.verdict));
  out.key("weights_only");
  out.begin_object(JsonScope::row);
  out.member("loads", pickle.weights_only_loads);
  if (!pickle.weights_only_reason.empty()) {
    out.file_text("reason", pickle.weights_only_reason);
  }
  if (pickle.weights_only_offset) {
    out.member("offset", *pickle.weights_only_offset);
  }
  out.end();
  write_globals(out, pickle.globals);
  out.end();
}

namespace {

void write_finding(JsonWriter& out, const Finding& finding) {
  out.begin_object();
  out.member("id", finding.id);
  out.member("severity", word(finding.severity));
  out.file_text("message", finding.message);
  if (finding.offset) {
    out.member("offset", *finding.offset);
  }
  if (finding.length) {
    out.member("length", *finding.length);
  }
  if (!finding.tensor.empty()) {
    out.file_text("tensor", finding.tensor);
  }
  out.end();
}

}  // namespace

void write_findings(JsonWriter& out, const std::vector<Finding>& findings) {
  out.key("findings");
  out.begin_array();
  for (const auto& finding : findings) {
    write_finding(out, finding);
  }
  out.end();
}

void write_artifact(JsonWriter& out, const Artifact& artifact) {
  out.begin_object();
  out.file_text("path", artifact.path);
  out.member("size", artifact.size);
  write_format(out, artifact.format);
  write_also_reads_as(out, artifact.also_reads_as);
  write_digests(out, artifact);
  write_stated_hashes(out, artifact.stated_hashes);
  write_value(out, "metadata", artifact.metadata);
  write_coverage(out, artifact.coverage, artifact.tensors);
  out.key("tensors");
  out.begin_array();
  write_list(out, std::span(artifact.tensors), write_tensor);
  out.end();
  if (artifact.adapter) {
    write_adapter(out, *artifact.adapter);
  }
  if (artifact.training) {
    write_training(out, *artifact.training);
  }
  if (artifact.base_fit) {
    write_base_fit(out, *artifact.base_fit);
  }
  if (artifact.pickle) {
    write_pickle(out, *artifact.pickle);
  }
  write_findings(out, artifact.findings);
  out.end();
}

FileJson::FileJson(Sink sink, JsonForm form, std::string_view version)
    : m_out(std::move(sink), form == JsonForm::document ? JsonLayout::pretty : JsonLayout::compact),
      m_form(form),
      m_version(version) {}

void FileJson::preamble() {
  m_out.begin_object();
  write_head(m_out, k_schema, m_version);
}

void FileJson::begin() {
  if (m_form == JsonForm::document) {
    preamble();
    m_out.key("artifacts");
    m_out.begin_array();
  }
}

void FileJson::artifact(const Artifact& artifact) {
  if (m_form == JsonForm::document) {
    write_artifact(m_out, artifact);
    return;
  }
  preamble();
  m_out.key("artifact");
  write_artifact(m_out, artifact);
  m_out.end();
  m_out.newline();
  m_out.flush();
}

namespace {

void write_passed_over(JsonWriter& out, std::string_view path, std::string_view why) {
  out.begin_object(JsonScope::row);
  out.file_text("path", path);
  out.member("why", why);
  out.end();
}

}  // namespace

void FileJson::passed_over(std::string_view path, std::string_view why) {
  constexpr std::size_t k_listed = 10'000;
  if (m_form == JsonForm::document) {
    if (m_passed_over.size() < k_listed) {
      m_passed_over.emplace_back(path, why);
    }
    return;
  }
  preamble();
  m_out.key("passed_over");
  write_passed_over(m_out, path, why);
  m_out.end();
  m_out.newline();
  m_out.flush();
}

void FileJson::end() {
  if (m_form == JsonForm::document) {
    m_out.end();
    if (!m_passed_over.empty()) {
      m_out.key("passed_over");
      m_out.begin_array();
      for (const auto& [path, why] : m_passed_over) {
        write_passed_over(m_out, path, why);
      }
      m_out.end();
    }
    m_out.end();
    m_out.newline();
  }
  m_out.flush();
}

}  // namespace upinspect::report
