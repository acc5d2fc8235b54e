// SPDX-License-Identifier: Apache-2.0
#include "report/convert_text.hpp"

#include "report/facts.hpp"
#include "report/table.hpp"
#include "report/units.hpp"
#include "report/width.hpp"
#include "report/words.hpp"
#include "report/wrap.hpp"

#include <array>

namespace upinspect::report {
namespace {

using convert::Conversion;
using convert::ProofKind;

constexpr std::size_t k_convert_labels = 8;
constexpr std::size_t k_names_gap = 2;

[[nodiscard]] std::string form_text(const Conversion& done) {
  auto text = done.form == "peft-folder" ? std::string("PEFT folder") : done.form;
  if (done.modules != 0) {
    text += ", " + counted(done.modules, "module");
  }
  return text + ", " + counted(done.tensors, "tensor") + ", " + binary_size(done.bytes);
}

[[nodiscard]] std::string names_text(const Conversion& done) {
  if (done.names == "same") {
    return "as they were";
  }
  const auto spelling = done.names == "peft" ? "PEFT's" : "kohya's";
  return std::string(spelling) + " for " + counted(done.renamed.size(), "module") + ", canonical names unchanged";
}

[[nodiscard]] std::string values_text(const Conversion& done) {
  return done.dtype.empty() ? "copied bit for bit" : "rounded to " + spoken_dtype(done.dtype) + ", to the nearest, ties to even";
}

[[nodiscard]] std::string joined(const std::vector<std::string>& texts, const TextStyle& style) {
  std::string text;
  for (const auto& one : texts) {
    text += (text.empty() ? "" : ", ") + style.safe(one);
  }
  return text;
}

[[nodiscard]] std::string metadata_text(const Conversion& done, const TextStyle& style) {
  std::string text;
  if (!done.metadata_set.empty()) {
    text = "set " + joined(done.metadata_set, style);
  }
  if (!done.metadata_removed.empty()) {
    text += (text.empty() ? "" : "; ") + ("removed " + joined(done.metadata_removed, style));
  }
  return text.empty() ? "unchanged" : text;
}

/// One line, which no wrapping tears apart where the terminal has room for it.
[[nodiscard]] std::string proof_text(const Conversion& done, const TextStyle& style) {
  const auto& proof = done.proof;
  switch (proof.kind) {
    case ProofKind::content:
      return "content digest equal, read back: " + proof.digest;
    case ProofKind::adapter:
      return "adapter digest equal, read back: " + proof.digest;
    case ProofKind::difference:
      break;
  }
  if (proof.largest_absolute == 0) {
    return "no value differs, read back";
  }
  return "largest difference of the " + proof.measured + ", read back: " + short_number(proof.largest_absolute, 3) +
         " absolute, " + short_number(proof.largest_relative, 3) + " relative (" + style.safe(proof.where) + ")";
}

[[nodiscard]] std::string names_table(const Conversion& done, const TextStyle& style) {
  std::array<Column, 2> columns;
  columns[0].header = "module";
  columns[1].header = "now";
  for (const auto& [from, to] : done.renamed) {
    columns[0].cells.push_back({from.empty() ? "(no name)" : style.safe(from), Tone::plain});
    columns[1].cells.push_back({style.safe(to), Tone::plain});
  }
  const Table table(columns, k_names_gap, style);
  std::string text;
  if (table.width() + 2 <= style.columns()) {
    text = "  " + paint(style, Tone::dim, table.header()) + "\n";
    for (std::size_t i = 0; i < done.renamed.size(); ++i) {
      text += "  " + table.row(i) + "\n";
    }
    return text;
  }
  for (std::size_t i = 0; i < done.renamed.size(); ++i) {
    text += "  " + columns[0].cells[i].text + "\n    " + paint(style, Tone::dim, "now ") + columns[1].cells[i].text + "\n";
  }
  return text;
}

[[nodiscard]] std::string facts_text(const Conversion& done, const TextStyle& style) {
  Facts facts(style, k_convert_labels);
  facts.add("from", joined(done.inputs, style) + (done.family.empty() ? "" : " (" + style.safe(done.family) + ")"));
  if (!done.config.empty()) {
    facts.add("config", style.safe(done.config));
  }
  facts.add("names", names_text(done));
  facts.add("values", values_text(done));
  if (done.form != "npy") {
    facts.add("metadata", metadata_text(done, style));
  }
  for (const auto& note : done.notes) {
    facts.add("note", style.safe(note), Tone::warning);
  }
  if (!done.proof.data_area.empty()) {
    facts.add("data", "data area untouched, SHA-256 equal: " + done.proof.data_area);
  }
  facts.add("proof", proof_text(done, style), Tone::accent);
  return facts.text();
}

}  // namespace

std::string convert_text(const Conversion& done, const TextStyle& style) {
  const auto path = paint(style, Tone::strong, style.safe(done.output) + ":");
  if (style.verbosity < 0) {
    return path + " " + form_text(done) + "; " + proof_text(done, style) + "\n";
  }
  auto text = path + " " + form_text(done) + "\n\n" + facts_text(done, style);
  if (style.verbose() && !done.renamed.empty()) {
    text += "\n" + names_table(done, style);
  }
  return text;
}

}  // namespace upinspect::report
