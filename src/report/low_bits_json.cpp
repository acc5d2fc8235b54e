// SPDX-License-Identifier: Apache-2.0
#include "report/low_bits_json.hpp"

#include "report/diff_json.hpp"
#include "report/file_json.hpp"
#include "report/json_head.hpp"
#include "report/low_bits_text.hpp"
#include "report/words.hpp"

#include <string>

namespace upinspect::report {
namespace {

void write_planes(JsonWriter& out, const TensorPlanes& tensor) {
  out.key("planes");
  out.begin_array();
  for (const auto& plane : tensor.planes) {
    out.begin_object(JsonScope::row);
    out.member("bit", plane.bit);
    out.member("ones", plane.ones);
    out.member("p_one", plane.p_one);
    if (plane.honest) {
      out.member("honest", *plane.honest);
      out.member("p_value", plane.p_value);
    }
    out.end();
  }
  out.end();
}

void write_tensor(JsonWriter& out, const TensorPlanes& tensor) {
  out.begin_object();
  out.file_text("name", tensor.name);
  out.file_text("dtype", tensor.dtype);
  out.key("shape");
  out.begin_array(JsonScope::row);
  for (const auto extent : tensor.shape) {
    out.value(extent);
  }
  out.end();
  out.member("elements", tensor.elements);
  out.member("counted", tensor.counted);
  if (const auto origin = word(tensor.provenance); !origin.empty()) {
    out.member("provenance", origin);
  }
  out.key("explanations");
  out.begin_array(JsonScope::row);
  for (const auto& id : tensor.explanations) {
    out.value(id);
  }
  out.end();
  if (tensor.uniform) {
    out.key("even");
    out.begin_object(JsonScope::row);
    out.member("bits", tensor.uniform_bits);
    out.member("first", tensor.uniform->first);
    out.member("last", tensor.uniform->last);
    out.end();
  }
  write_planes(out, tensor);
  out.end();
}

void write_explanations(JsonWriter& out, const std::vector<Explanation>& explanations) {
  out.key("explanations");
  out.begin_array();
  for (const auto& explanation : explanations) {
    out.begin_object();
    out.member("id", explanation.id);
    out.member("text", explanation.text);
    out.member("tensors", explanation.tensors.size());
    out.end();
  }
  out.end();
}

void write_blind_spots(JsonWriter& out, const LowBits& result) {
  out.key("cannot_see");
  out.begin_object();
  out.key("random");
  out.begin_array();
  for (const auto& spot : result.blind_spots) {
    out.begin_object(JsonScope::row);
    out.file_text("dtype", spot.dtype);
    out.member("elements", spot.elements);
    out.member("bits", spot.bits);
    out.member("bytes", spot.bytes);
    out.end();
  }
  out.end();
  out.key("words");
  out.begin_array();
  for (const auto& sentence : limits_in_words(result)) {
    out.value(sentence);
  }
  out.end();
  out.end();
}

}  // namespace

void write_low_bits(JsonWriter& out, const LowBits& result, std::string_view version) {
  out.begin_object();
  write_head(out, "upinspect.lsb/1", version);
  write_origin(out, result.artifact);
  out.member("verdict", low_bits_verdict(result));
  out.key("tensors");
  out.begin_array();
  for (const auto& tensor : result.tensors) {
    write_tensor(out, tensor);
  }
  out.end();
  write_explanations(out, result.explanations);
  write_payloads(out, result.payloads);
  out.member("candidates_tried", result.candidates_tried);
  out.member("elements_searched", result.elements_searched);
  write_blind_spots(out, result);
  auto findings = result.findings;
  findings.insert(findings.end(), result.artifact.findings.begin(), result.artifact.findings.end());
  write_findings(out, findings);
  out.end();
  out.newline();
  out.flush();
}

}  // namespace upinspect::report
