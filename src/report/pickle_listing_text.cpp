// SPDX-License-Identifier: Apache-2.0
#include "report/pickle_listing_text.hpp"

#include "report/findings_text.hpp"
#include "report/pickle_text.hpp"
#include "report/table.hpp"
#include "report/units.hpp"
#include "report/width.hpp"
#include "report/words.hpp"
#include "report/wrap.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace upinspect::report {

namespace {

constexpr std::size_t k_listing_indent = 2;
constexpr std::size_t k_opcode_columns = 17;   // SHORT_BINUNICODE and a space
constexpr std::size_t k_most_shown_globals = 200;

std::string unknown_names(const PickleReport& report, const TextStyle& style) {
  const auto names = pickle_culprits(report, style);
  return names.empty() ? "" : ": " + names;
}

bool is_whole(const Artifact& artifact) {
  return std::none_of(artifact.findings.begin(), artifact.findings.end(), [](const Finding& finding) { return finding.id == "container.not-inspected"; });
}

std::string first_sentence(const PickleListing& listing, const TextStyle& style) {
  const bool whole = is_whole(listing.artifact);
  if (!listing.artifact.pickle) {
    return whole ? "no pickle in this file: reading it with a loader of its format unpickles nothing"
                 : "not fully inspected: no pickle was found, and what was not looked at may hold any";
  }
  const auto& report = *listing.artifact.pickle;
  const auto what = report.verdict == PickleVerdict::dangerous ? "loading this runs code: " + pickle_culprits(report, style)
                    : report.verdict == PickleVerdict::unknown ? "what loading this does is not known" + unknown_names(report, style)
                    : whole ? std::string("loading this makes data and nothing else")
                            : std::string("not fully inspected: what was looked at makes data and nothing else");
  return what + ".  " + weights_only_sentence(report, style) + ".";
}

std::string globals_text(const PickleReport& report, const TextStyle& style) {
  if (report.globals.empty()) {
    return "";
  }
  Column offset{"offset", Align::right, {}};
  Column name{"global", Align::left, {}};
  Column called{"called", Align::left, {}};
  Column verdict{"verdict", Align::left, {}};
  const auto shown = style.verbose() ? report.globals.size() : std::min(k_most_shown_globals, report.globals.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& global = report.globals[i];
    offset.cells.push_back({std::to_string(global.offset)});
    name.cells.push_back({elide_end(style.safe(global.module + "." + global.name), style.columns() - 32, style.ellipsis())});
    called.cells.push_back({global.called ? "called" : "named"});
    verdict.cells.push_back({std::string(word(global.verdict)), tone_of(global.verdict)});
  }
  const std::vector<Column> columns{offset, name, called, verdict};
  const Table table(columns, 2, style);
  auto text = "\n" + std::string(k_listing_indent, ' ') + table.header() + "\n";
  for (std::size_t i = 0; i < shown; ++i) {
    text += std::string(k_listing_indent, ' ') + table.row(i) + "\n";
  }
  return text + (shown == report.globals.size() ? "" : indented(thousands(report.globals.size() - shown) + " more globals (use --verbose)", k_listing_indent, Tone::dim, style));
}

std::string title_of(const PickleStream& stream, const TextStyle& style) {
  auto text = stream.entry.empty() ? "pickle" : style.safe(stream.entry);
  if (stream.held_at) {
    text += ", in the bytes at offset " + std::to_string(*stream.held_at);
  } else if (stream.unpacked_from) {
    text += ", unpacked from offset " + std::to_string(stream.unpacked_from->offset);
  }
  text += ", offset " + std::to_string(stream.start) + ": ";
  text += stream.protocol < 0 ? "protocol 0 or 1" : "protocol " + std::to_string(stream.protocol);
  return text + ", " + counted(stream.opcodes, "opcode");
}

/// One opcode: its line, and below it what it means where both do not fit one line.
class StepWriter {
 public:
  StepWriter(const PickleStream& stream, const TextStyle& style)
      : m_style(style), m_offset_columns(std::to_string(stream.end).size()) {}

  [[nodiscard]] std::string line(const PickleStep& step) const {
    const auto nested = std::min<std::uint64_t>(step.marks, 12) * 2;
    auto text = fmt::format("{:>{}}: {}{:<{}}", step.offset, m_offset_columns, std::string(nested, ' '), step.opcode, k_opcode_columns);
    text += m_style.safe(step.argument);
    while (!text.empty() && text.back() == ' ') {
      text.pop_back();
    }
    text = shortened(std::move(text), m_style.columns() - k_listing_indent);
    const auto meaning = m_style.safe(step.comment) + (m_style.verbose() ? (step.comment.empty() ? "" : "; ") + step.effect : "");
    return beside(text, meaning);
  }

 private:
  [[nodiscard]] std::string shortened(std::string text, std::size_t columns) const {
    return m_style.verbose() ? text : elide_end(text, columns, m_style.ellipsis());
  }

  [[nodiscard]] std::string beside(const std::string& text, const std::string& meaning) const {
    const auto room = m_style.columns() - k_listing_indent;
    const auto indent = std::string(k_listing_indent, ' ');
    if (meaning.empty()) {
      return indent + text + "\n";
    }
    const auto at = std::max<std::size_t>(display_width(text) + 2, m_offset_columns + 2 + k_opcode_columns + 12);
    if (at + display_width(meaning) <= room) {
      return indent + text + std::string(at - display_width(text), ' ') + paint(m_style, Tone::dim, meaning) + "\n";
    }
    const auto below = m_offset_columns + 6;
    auto out = indent + text + "\n";
    for (const auto& piece : wrap(meaning, room - below)) {
      out += indent + std::string(below, ' ') + paint(m_style, Tone::dim, piece) + "\n";
    }
    return out;
  }

  const TextStyle& m_style;
  std::size_t m_offset_columns;
};

std::string steps_text(const PickleStream& stream, const TextStyle& style) {
  const StepWriter writer(stream, style);
  std::string text;
  for (const auto& step : stream.steps) {
    text += writer.line(step);
  }
  if (stream.opcodes > stream.steps.size()) {
    text += indented(thousands(stream.opcodes - stream.steps.size()) + " more opcodes (use --max-opcodes)", k_listing_indent, Tone::dim, style);
  }
  if (!stream.failure.empty()) {
    text += indented("breaks at offset " + std::to_string(stream.failed_at) + ": " + style.safe(stream.failure), k_listing_indent, Tone::error, style);
  }
  return text;
}

std::string object_text(const PickleStream& stream, const TextStyle& style) {
  if (stream.object.empty()) {
    return "";
  }
  auto text = "\n" + indented("what it makes", k_listing_indent, Tone::dim, style);
  for (const auto& line : stream.object) {
    const auto indent = std::string(2 * k_listing_indent + 2 * std::size_t{std::min(line.depth, 20U)}, ' ');
    const auto shown = style.safe(line.text);
    text += indent + (style.verbose() ? shown : elide_end(shown, style.columns() - indent.size(), style.ellipsis())) + "\n";
  }
  return text + (stream.object_whole ? "" : indented("and more that is not shown", 2 * k_listing_indent, Tone::dim, style));
}

}  // namespace

std::string pickle_listing_text(const PickleListing& listing, const TextStyle& style) {
  const auto path = style.safe(listing.artifact.path);
  const auto sentence = path + ": " + first_sentence(listing, style);
  if (style.verbosity < 0) {
    return sentence + "\n";
  }
  std::string text;
  for (const auto& line : wrap(sentence, style.columns())) {
    text += line + "\n";
  }
  if (listing.artifact.pickle) {
    text += globals_text(*listing.artifact.pickle, style);
  }
  for (const auto& stream : listing.streams) {
    text += "\n" + indented(title_of(stream, style), k_listing_indent, Tone::strong, style) + steps_text(stream, style) + object_text(stream, style);
  }
  if (listing.unlisted_streams != 0) {
    text += "\n" + indented("and " + counted(listing.unlisted_streams, "more pickle") + ", judged like these", k_listing_indent, Tone::dim, style);
  }
  return text + "\n" + findings_text(listing.artifact.findings, style);
}

}  // namespace upinspect::report
