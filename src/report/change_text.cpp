// SPDX-License-Identifier: Apache-2.0
#include "report/diff_text.hpp"

#include "report/diff_words.hpp"
#include "report/facts.hpp"
#include "report/units.hpp"
#include "report/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace upinspect::report {
namespace {

constexpr std::size_t k_change_labels = 8;

std::string changed_words(const TensorChange& change) {
  auto text = thousands(change.changed) + " of " + thousands(change.elements) + " values (" + percent(change.changed, change.elements) + ")";
  if (change.ulp) {
    text += change.ulp->max == 1 ? ", each by exactly 1 ulp"
                                 : ", by " + thousands(change.ulp->median) + " ulps in the median, " + thousands(change.ulp->max) + " at most";
    text += "; largest change " + short_number(change.absolute_max, 3);
  }
  if (change.not_finite != 0) {
    text += "; " + thousands(change.not_finite) + " from or to an infinity or NaN";
  }
  return text;
}

/// Each bit that flipped, where those are few; else where they lie.
std::string bits_words(const TensorChange& change) {
  std::string text;
  std::size_t used = 0;
  std::size_t first = change.bits.size();
  std::size_t last = 0;
  for (std::size_t bit = 0; bit < change.bits.size(); ++bit) {
    if (change.bits[bit] != 0) {
      text += (used == 0 ? "bit " : ", bit ") + std::to_string(bit) + ": " + thousands(change.bits[bit]);
      first = std::min(first, bit);
      last = bit;
      ++used;
    }
  }
  if (used > 8) {
    return fmt::format("{} flipped, at bits {} to {} of {}", thousands(change.bits_flipped), first, last, change.bits.size());
  }
  return used == change.bits.size() ? text : text + "; no other";
}

/// How full each place is, against the fullest.
std::string places_bar(const TensorChange& change, std::size_t columns, const TextStyle& style) {
  constexpr std::array<const char*, 6> k_ascii = {".", ":", "-", "+", "*", "#"};
  constexpr std::array<const char*, 6> k_unicode = {"\xc2\xb7", "\xe2\x96\x81", "\xe2\x96\x83", "\xe2\x96\x85", "\xe2\x96\x87", "\xe2\x96\x88"};
  std::vector<std::uint64_t> cells(columns, 0);
  for (std::size_t i = 0; i < change.places.size(); ++i) {
    cells[i * columns / change.places.size()] += change.places[i];
  }
  const auto most = std::max<std::uint64_t>(1, *std::max_element(cells.begin(), cells.end()));
  std::string bar = "|";
  for (const auto count : cells) {
    const auto level = count == 0 ? 0 : 1 + static_cast<std::size_t>(static_cast<double>(count) / static_cast<double>(most) * 4);
    bar += (style.unicode ? k_unicode : k_ascii)[level];
  }
  return bar + "|";
}

std::string hex_line(const std::vector<std::byte>& bytes, std::size_t begin) {
  std::string line;
  for (std::size_t i = begin; i < std::min(begin + 16, bytes.size()); ++i) {
    line += (i == begin ? "" : " ") + fmt::format("{:02x}", std::to_integer<unsigned>(bytes[i]));
  }
  return line;
}

/// The text as it stands, line by line; the last may be without an end.
std::vector<std::string> content_lines(const Payload& payload, const TextStyle& style) {
  const std::size_t most = style.verbose() ? SIZE_MAX : 24;
  std::vector<std::string> lines;
  if (payload.kind == "text" || payload.kind == "utf8") {
    std::string line;
    for (std::size_t i = 0; i <= payload.content.size(); ++i) {
      const auto letter = i < payload.content.size() ? std::to_integer<char>(payload.content[i]) : '\n';
      if (letter != '\n') {
        line += letter;
        continue;
      }
      if (i < payload.content.size() || !line.empty()) {
        lines.push_back(style.safe(line));
      }
      line.clear();
    }
  } else {
    const auto shown = std::min<std::size_t>(payload.content.size(), style.verbose() ? 1024 : 64);
    for (std::size_t i = 0; i < shown; i += 16) {
      lines.push_back(hex_line(payload.content, i));
    }
  }
  if (lines.size() > most) {
    const auto left = lines.size() - most;
    lines.resize(most);
    lines.push_back(std::string(style.ellipsis()) + " " + counted(left, "more line") + "; --extract FILE writes all of it");
  }
  return lines;
}

std::string evidence_words(const Payload& payload) {
  const auto readings = "after " + counted(payload.candidates_tried, "reading");
  switch (payload.evidence) {
    case PayloadEvidence::proven: return "proven: it parses to its end, or its checksums hold; " + readings;
    case PayloadEvidence::known_header: return "a known header, of which chance writes none; " + readings;
    case PayloadEvidence::readable:
    case PayloadEvidence::structured: return chance_words(payload.p_value) + " " + readings;
    case PayloadEvidence::field: break;
  }
  return "nothing readable " + readings + "; what is encrypted cannot be read, only that it was written";
}

}  // namespace

std::string change_text(const TensorChange& change, const TextStyle& style) {
  Facts facts(style, k_change_labels);
  const auto renamed = change.old_name.empty() ? std::string() : ", was " + style.safe(change.old_name);
  if (!change.name.empty()) {
    facts.add("tensor", style.safe(change.name) + renamed + ", " + style.safe(change.dtype) + " " + shape_text(change.shape), Tone::strong);
  }
  if (!change.old_dtype.empty()) {
    facts.add("cast", style.safe(change.old_dtype) + " to " + style.safe(change.dtype) + ": " + change.why);
    return facts.text();
  }
  facts.add("changed", changed_words(change));
  facts.add("bits", bits_words(change));
  const auto columns = std::min<std::size_t>(60, facts.value_columns() - 2);
  facts.add_lines("where", {places_bar(change, columns, style)});
  facts.add("", "values " + thousands(change.first) + " to " + thousands(change.last) +
                    (change.stride > 1 ? ", every " + thousands(change.stride) : std::string()));
  auto kind = change.kind == ChangeKind::bit_field ? change.why : std::string(word(change.kind)) + ": " + change.why;
  kind += change.field_capacity != 0 ? "; room for " + counted(change.field_capacity, "byte") : std::string();
  facts.add("kind", kind, change.kind == ChangeKind::bit_field ? Tone::warning : Tone::plain);
  return facts.text();
}

std::string payload_text(const Payload& payload, const TextStyle& style) {
  Facts facts(style, k_change_labels);
  const bool read = payload.evidence >= PayloadEvidence::known_header;
  facts.add(read ? "message" : "content", style.safe(payload.title) + ", " + counted(payload.size, "byte") + ", " + layout_words(payload.layout, style),
            read ? Tone::accent : Tone::plain);
  facts.add("", evidence_words(payload) + (payload.entropy > 0 ? fmt::format("; entropy {:.2f} bits of 8", payload.entropy) : std::string()));
  facts.add_lines("", content_lines(payload, style));
  return facts.text();
}

}  // namespace upinspect::report
