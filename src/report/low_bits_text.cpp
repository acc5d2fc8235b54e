// SPDX-License-Identifier: Apache-2.0
#include "report/low_bits_text.hpp"

#include "report/diff_text.hpp"
#include "report/facts.hpp"
#include "report/findings_text.hpp"
#include "report/heading.hpp"
#include "report/table.hpp"
#include "report/units.hpp"
#include "report/width.hpp"
#include "report/words.hpp"
#include "report/wrap.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace upinspect::report {
namespace {

constexpr std::size_t k_low_bits_labels = 9;
constexpr std::size_t k_most_low_bits_rows = 12;

const Payload* best_message(const LowBits& result) {
  const auto& payloads = result.payloads;
  const auto found = std::find_if(payloads.begin(), payloads.end(), [](const Payload& payload) { return payload.evidence >= PayloadEvidence::known_header; });
  return found == payloads.end() ? nullptr : &*found;
}

bool is_suspicious(const LowBits& result) {
  return !result.payloads.empty() || std::any_of(result.findings.begin(), result.findings.end(), [](const Finding& finding) {
    return finding.severity >= Severity::warning && finding.id.starts_with("lsb.") && finding.id != "lsb.unread-tensor";
  });
}

std::string sentence(const LowBits& result, const TextStyle& style) {
  const auto verdict = low_bits_verdict(result);
  const auto numbers = counted(result.elements_searched, "number");
  if (verdict == "message") {
    const auto* message = best_message(result);
    const auto where = message->layout.stream == PayloadStream::container ? "Beside the tensors" : "In the bits of the numbers";
    return std::string(where) + ": " + style.safe(message->title) + ", " + counted(message->size, "byte");
  }
  if (verdict == "suspicious") {
    return "No message that can be read in " + numbers + ", but bits that honest weights do not show";
  }
  return verdict == "nothing-found" ? "Nothing found in the bits of " + numbers : "No numbers to search";
}

std::string share(const TensorPlanes& tensor, std::size_t bit) {
  return bit < tensor.planes.size() && tensor.counted != 0 ? fmt::format("{:.4f}", tensor.planes[bit].p_one) : std::string();
}

std::size_t fraction_of(const TensorPlanes& tensor) {
  return static_cast<std::size_t>(std::count_if(tensor.planes.begin(), tensor.planes.end(), [](const BitPlane& plane) { return plane.honest.has_value(); }));
}

std::string joined(const std::vector<std::string>& ids) {
  std::string text;
  for (const auto& id : ids) {
    text += (text.empty() ? "" : ", ") + id;
  }
  return text;
}

/// Ones in the two lowest bits and in the highest of the fraction: 0.5 0.5 0.415 in trained weights.
std::string planes_table(const LowBits& result, const TextStyle& style) {
  const auto& tensors = result.tensors;
  const auto shown = style.verbose() ? tensors.size() : std::min(k_most_low_bits_rows, tensors.size());
  std::vector<Column> columns(7);
  const std::array headers = {"tensor", "dtype", "numbers", "bit 0", "bit 1", "top bit", "explained by"};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    columns[i].header = headers[i];
    columns[i].align = i >= 2 && i <= 5 ? Align::right : Align::left;
  }
  const auto room = style.columns() > 84 ? style.columns() - 62 : 22U;
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& tensor = tensors[i];
    const auto fraction = fraction_of(tensor);
    columns[0].cells.push_back({tensor.name.empty() ? "(whole)" : elide_middle(style.safe(tensor.name), room, style.ellipsis())});
    columns[1].cells.push_back({style.safe(tensor.dtype)});
    columns[2].cells.push_back({thousands(tensor.counted)});
    columns[3].cells.push_back({share(tensor, 0)});
    columns[4].cells.push_back({share(tensor, 1)});
    columns[5].cells.push_back({fraction == 0 ? std::string() : share(tensor, fraction - 1)});
    columns[6].cells.push_back({joined(tensor.explanations), Tone::dim});
  }
  const Table table(columns, 2, style);
  auto text = paint(style, Tone::dim, "  " + table.header()) + "\n";
  for (std::size_t i = 0; i < shown; ++i) {
    text += "  " + table.row(i) + "\n";
  }
  return shown == tensors.size() ? text : text + "  " + std::string(style.ellipsis()) + " " + counted(tensors.size() - shown, "more tensor") + "; -v shows all\n";
}

std::string facts_of(const LowBits& result, const TextStyle& style) {
  Facts facts(style, k_low_bits_labels);
  facts.add("file", style.safe(result.artifact.path) + ": " + description(result.artifact, style));
  if (result.candidates_tried != 0) {
    facts.add("searched", counted(result.elements_searched, "number") + ", " + counted(result.candidates_tried, "reading") + " of their bits; every chance below counts them all");
  }
  for (const auto& explanation : result.explanations) {
    facts.add(explanation.id, explanation.text + " (" + counted(explanation.tensors.size(), "tensor") + ")");
  }
  return facts.text();
}

std::string unseen(const LowBits& result, const TextStyle& style) {
  Facts facts(style, k_low_bits_labels);
  const auto sentences = limits_in_words(result);
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    facts.add(i == 0 ? "unseen" : "", style.safe(sentences[i]));
  }
  return facts.text();
}

}  // namespace

std::string_view low_bits_verdict(const LowBits& result) {
  if (best_message(result) != nullptr) {
    return "message";
  }
  if (is_suspicious(result)) {
    return "suspicious";
  }
  return result.elements_searched == 0 ? "nothing-searched" : "nothing-found";
}

std::vector<std::string> limits_in_words(const LowBits& result) {
  std::vector<std::string> words;
  for (const auto& spot : result.blind_spots) {
    if (spot.bits == 0) {
      continue;
    }
    words.push_back("Encrypted or compressed content in the " + (spot.bits == 1 ? std::string("lowest bit") : std::to_string(spot.bits) + " lowest bits") + " of the " +
                    counted(spot.elements, "trained " + spoken_dtype(spot.dtype) + " weight") + ", " + byte_count(spot.bytes) + " at most, leaves no trace at this size.");
  }
  if (result.elements_searched != 0) {
    words.emplace_back("The same, wherever it lies, is bit for bit what random bits look like that somebody wrote to destroy a message.");
    words.emplace_back("Content spread by a key (spread spectrum, keyed places) or coded in the order of rows, ranks and signs is not seen from one file; "
                       "an older copy and upinspect diff show more.");
  }
  return words;
}

std::string low_bits_text(const LowBits& result, const TextStyle& style) {
  const auto first = sentence(result, style) + ".";
  if (style.verbosity < 0) {
    return std::string(low_bits_verdict(result)) + ": " + first + "\n";
  }
  std::string text;
  for (const auto& line : wrap(first, style.columns())) {
    text += paint(style, Tone::strong, line) + "\n";
  }
  text += "\n" + facts_of(result, style);
  for (const auto& payload : result.payloads) {
    text += "\n" + payload_text(payload, style);
  }
  if (!result.tensors.empty()) {
    text += "\n" + planes_table(result, style);
  }
  if (const auto limits = unseen(result, style); !limits.empty()) {
    text += "\n" + limits;
  }
  auto findings = result.findings;
  for (const auto& finding : result.artifact.findings) {
    if (!finding.id.starts_with("lora.")) {
      findings.push_back(finding);
    }
  }
  return findings.empty() ? text : text + "\n" + findings_text(findings, style);
}

}  // namespace upinspect::report
