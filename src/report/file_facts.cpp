// SPDX-License-Identifier: Apache-2.0
#include "report/file_facts.hpp"

#include "report/byte_bar.hpp"
#include "report/facts.hpp"
#include "report/findings_text.hpp"
#include "report/heading.hpp"
#include "report/metadata_text.hpp"
#include "report/pickle_text.hpp"
#include "report/table.hpp"
#include "report/training_text.hpp"
#include "report/units.hpp"
#include "report/width.hpp"
#include "report/words.hpp"

#include <algorithm>
#include <map>

namespace upinspect::report {
namespace {

constexpr std::size_t k_sha256_columns = 64;
constexpr std::size_t k_xxh3_columns = 32;

/// With more rows than these the findings scroll out of sight, and the facts announce them.
constexpr std::size_t k_rows_in_sight = 12;

/// Of a digest what fits: whole, or both ends around dots that show it is not.
[[nodiscard]] std::string digest_text(const std::string& digest, std::size_t columns, const TextStyle& style) {
  return style.verbose() ? digest : elide_middle(digest, columns, style.ellipsis());
}

void add_digests(Facts& facts, const Digests& digests) {
  const auto& style = facts.style();
  const auto columns = facts.value_columns();
  constexpr std::string_view k_second_label = "    xxh3  ";
  const auto beside = digests.sha256 && digests.xxh3_128 &&
                      k_sha256_columns + k_second_label.size() + k_xxh3_columns <= columns;
  if (beside) {
    facts.add_lines("sha256", {*digests.sha256 + paint(style, Tone::dim, k_second_label) + *digests.xxh3_128});
  } else if (digests.sha256) {
    facts.add_lines("sha256", {digest_text(*digests.sha256, columns, style)});
  }
  if (digests.xxh3_128 && !beside) {
    facts.add_lines("xxh3", {digest_text(*digests.xxh3_128, columns, style)});
  }
  if (digests.content) {
    facts.add_lines("content", {digest_text(*digests.content, columns, style)});
  }
}

/// What the heading and the other facts say anyway.
[[nodiscard]] std::vector<std::string_view> told_elsewhere(const Artifact& artifact) {
  if (artifact.format.id == "raw" && artifact.tensors.size() == 1) {
    return {"dtype", "byte_order", "shape", "guessed"};
  }
  const auto* tensors = artifact.format.detail.find("tensors");
  const auto agrees = tensors != nullptr && tensors->data == Value(std::uint64_t{artifact.tensors.size()}).data;
  return agrees ? std::vector<std::string_view>{"tensors"} : std::vector<std::string_view>{};
}

void add_other_readings(Facts& facts, const Artifact& artifact) {
  if (!artifact.also_reads_as.empty()) {
    std::string ids;
    for (const auto& id : artifact.also_reads_as) {
      ids += (ids.empty() ? "" : ", ") + facts.style().safe(id);
    }
    facts.add("also", "reads as " + ids + " too", Tone::warning);
  }
}

struct DtypeSum {
  std::uint64_t tensors = 0;
  std::uint64_t elements = 0;
  std::uint64_t bytes = 0;
};

/// A row for where the table is too wide.
[[nodiscard]] std::string sentence(const std::vector<Column>& columns, std::size_t row) {
  return columns[0].cells[row].text + " " + columns[1].cells[row].text + ", " + columns[2].cells[row].text + ", " +
         columns[3].cells[row].text;
}

/// A line per dtype, the largest share of the bytes first.
void add_dtypes(Facts& facts, const std::vector<Tensor>& tensors) {
  std::map<std::string, DtypeSum> sums;
  for (const auto& tensor : tensors) {
    auto& sum = sums[tensor.dtype_name];
    ++sum.tensors;
    sum.elements = saturating_add(sum.elements, tensor.elements);
    sum.bytes = saturating_add(sum.bytes, tensor.bytes);
  }
  std::vector<std::pair<std::string, DtypeSum>> sorted(sums.begin(), sums.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.bytes > b.second.bytes; });
  std::vector<Column> columns(4);
  columns[0].align = columns[2].align = columns[3].align = Align::right;
  for (const auto& [dtype, sum] : sorted) {
    columns[0].cells.push_back({thousands(sum.tensors)});
    columns[1].cells.push_back({facts.style().safe(dtype)});
    columns[2].cells.push_back({counted(sum.elements, "parameter")});
    columns[3].cells.push_back({byte_count(sum.bytes)});
  }
  const Table table(columns, 2, facts.style());
  std::string_view label = "tensors";
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (table.width() <= facts.value_columns()) {
      facts.add_lines(label, {table.row(i)});
    } else {
      facts.add(label, sentence(columns, i));
    }
    label = "";
  }
}

/// How many values a count finds, and in how many tensors.
void add_odd_values(Facts& facts, const std::vector<Tensor>& tensors, std::uint64_t Stats::*count,
                    std::string_view label) {
  std::uint64_t values = 0;
  std::uint64_t holders = 0;
  const Tensor* first = nullptr;
  for (const auto& tensor : tensors) {
    const auto found = tensor.stats ? (*tensor.stats).*count : 0;
    values = saturating_add(values, found);
    holders += found != 0 ? 1 : 0;
    first = first == nullptr && found != 0 ? &tensor : first;
  }
  if (first != nullptr) {
    auto text = counted(values, "value");
    if (tensors.size() > 1) {
      text += " in " + thousands(holders) + " of " + counted(tensors.size(), "tensor") + ", first in " +
              facts.style().safe(first->name);
    }
    facts.add(label, text, Tone::warning);
  }
}

/// Values that a wider type holds without needing it.
void add_origins(Facts& facts, const std::vector<Tensor>& tensors) {
  std::map<std::pair<Provenance, std::string>, std::uint64_t> counts;
  for (const auto& tensor : tensors) {
    if (tensor.provenance != Provenance::unknown && tensor.provenance != Provenance::native) {
      ++counts[{tensor.provenance, tensor.dtype_name}];
    }
  }
  std::string_view label = "origin";
  for (const auto& [key, count] : counts) {
    const auto& [provenance, dtype] = key;
    auto text = counted(count, facts.style().safe(dtype) + " tensor");
    if (provenance == Provenance::constant) {
      text += count == 1 ? " holds one value throughout" : " hold one value throughout";
    } else {
      const auto narrow = word(provenance).substr(std::string_view("upcast-").size());
      text += (count == 1 ? " holds nothing but " : " hold nothing but ") + spoken_dtype(narrow) + " values";
    }
    facts.add(label, text);
    label = "";
  }
}

void add_unread(Facts& facts, const std::vector<Tensor>& tensors) {
  std::map<std::string, std::uint64_t> reasons;
  for (const auto& tensor : tensors) {
    if (!tensor.unread.empty()) {
      ++reasons[tensor.unread];
    }
  }
  std::string_view label = "unread";
  for (const auto& [reason, count] : reasons) {
    facts.add(label, counted(count, "tensor") + ": " + facts.style().safe(reason), Tone::warning);
    label = "";
  }
}

void add_tensors(Facts& facts, const Artifact& artifact) {
  if (artifact.tensors.size() > 1) {
    add_dtypes(facts, artifact.tensors);
  }
  add_odd_values(facts, artifact.tensors, &Stats::nans, "NaN");
  add_odd_values(facts, artifact.tensors, &Stats::infs, "infinite");
  add_origins(facts, artifact.tensors);
  add_unread(facts, artifact.tensors);
}

void add_map(Facts& facts, const Artifact& artifact) {
  const auto bar = byte_bar(artifact, facts.value_columns(), facts.style());
  facts.add_lines("bytes", bar);
  for (const auto& overlap : artifact.coverage.overlaps) {
    facts.add("", counted(overlap.range.length, "byte") + " at offset " + thousands(overlap.range.offset) +
                      " claimed twice: " + facts.style().safe(label_of(overlap, artifact.tensors)), Tone::warning);
  }
}

void announce_findings(Facts& facts, const Artifact& artifact) {
  if (artifact.tensors.size() <= k_rows_in_sight || artifact.findings.empty()) {
    return;
  }
  auto worst = Severity::note;
  for (const auto& finding : artifact.findings) {
    worst = std::max(worst, finding.severity);
  }
  if (worst != Severity::note) {
    facts.add("findings", count_findings(artifact.findings) + ", at the end", tone_of(worst));
  }
}

}  // namespace

std::string file_facts(const Artifact& artifact, const TextStyle& style, const std::vector<std::pair<std::string, std::string>>& first) {
  const auto details = details_of(artifact.format.detail, told_elsewhere(artifact));
  Facts facts(style, detail_label_columns(details, style));
  for (const auto& [label, text] : first) {
    facts.add(label, text);
  }
  facts.add("size", byte_count(artifact.size));
  add_digests(facts, artifact.digests);
  if (artifact.adapter && !artifact.adapter->digest.empty()) {
    facts.add_lines("adapter", {digest_text(artifact.adapter->digest, facts.value_columns(), style)});
  }
  add_hashes(facts, artifact);
  add_details(facts, details);
  add_other_readings(facts, artifact);
  add_tensors(facts, artifact);
  add_pickle(facts, artifact);
  announce_findings(facts, artifact);
  add_map(facts, artifact);
  add_metadata(facts, artifact.metadata);
  return facts.text();
}

}  // namespace upinspect::report
