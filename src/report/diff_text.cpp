// SPDX-License-Identifier: Apache-2.0
#include "report/diff_text.hpp"

#include "report/diff_words.hpp"
#include "report/facts.hpp"
#include "report/findings_text.hpp"
#include "report/heading.hpp"
#include "report/table.hpp"
#include "report/units.hpp"
#include "report/width.hpp"
#include "report/wrap.hpp"

#include <algorithm>

namespace upinspect::report {
namespace {

/// Beyond this many, changed tensors are a table.
constexpr std::size_t k_most_blocks = 3;

std::string update_words(const UpdateDifference& update, const TextStyle& style) {
  const auto apart = short_number(update.largest, 3) + " of its length";
  const auto explained = short_number(update.rounding, 3);
  const auto furthest = update.module.empty() ? std::string() : " (" + style.safe(update.module) + ")";
  if (update.equal) {
    return "scale x up @ down is equal in " + counted(update.modules, "module") + ": at most " + apart + " apart" + furthest + ", where rounding explains " + explained;
  }
  return "scale x up @ down of " + counted(update.modules, "module") + " is up to " + apart + " apart" + furthest + ", where rounding explains " + explained;
}

std::string sides(const Difference& difference, const TextStyle& style) {
  Facts facts(style, 8);
  facts.add("old", style.safe(difference.old_side.path) + ": " + description(difference.old_side, style));
  facts.add("new", style.safe(difference.new_side.path) + ": " + description(difference.new_side, style));
  if (difference.bytes) {
    const auto& bytes = *difference.bytes;
    auto text = thousands(bytes.differing) + " of " + thousands(bytes.compared) + " differ";
    if (bytes.first && bytes.last) {
      text += ", from " + thousands(*bytes.first) + " to " + thousands(*bytes.last);
    }
    if (difference.old_side.size != difference.new_side.size) {
      text += "; the files have " + thousands(difference.old_side.size) + " and " + thousands(difference.new_side.size);
    }
    facts.add("bytes", text);
  }
  if (difference.update) {
    facts.add("update", update_words(*difference.update, style));
  }
  return facts.text();
}

std::string value_text(const Value& value);

std::string list_text(const Value::Array& array) {
  std::string text = "[";
  for (const auto& element : array) {
    text += (text.size() == 1 ? "" : ", ") + value_text(element);
  }
  return text + "]";
}

/// Short, for a line: objects occur empty alone.
std::string value_text(const Value& value) {
  struct Visitor {
    std::string operator()(std::nullptr_t) const { return "null"; }
    std::string operator()(bool truth) const { return truth ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(std::uint64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return short_number(number, 9); }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(const Value::Array& array) const { return list_text(array); }
    std::string operator()(const Value::Object& object) const { return object.empty() ? "{}" : "{...}"; }
  };
  return std::visit(Visitor{}, value.data);
}

/// Lines of one kind, cut after a dozen unless verbose.
class Lines {
 public:
  explicit Lines(const TextStyle& style) : m_style(style) {}

  void add(std::string_view sign, const std::string& text) {
    ++m_count;
    if (m_style.verbose() || m_count <= 24) {
      const auto columns = m_style.columns() - 4;
      m_text += "  " + std::string(sign) + " " + elide_end(m_style.safe(text), m_style.verbose() ? SIZE_MAX : columns, m_style.ellipsis()) + "\n";
    }
  }

  [[nodiscard]] std::string text() const {
    return m_count <= 24 || m_style.verbose() ? m_text : m_text + "  " + std::string(m_style.ellipsis()) + " " + counted(m_count - 24, "more line") + "; -v shows all\n";
  }

 private:
  const TextStyle& m_style;
  std::string m_text;
  std::size_t m_count = 0;
};

std::string tensor_lines(const Difference& difference, const TextStyle& style) {
  Lines lines(style);
  for (const auto& note : difference.removed) {
    lines.add("-", note.name + "  " + note.what);
  }
  for (const auto& note : difference.added) {
    lines.add("+", note.name + "  " + note.what);
  }
  for (const auto& note : difference.reshaped) {
    lines.add("~", note.name + "  " + note.what + (note.old_name.empty() ? "" : ", was " + note.old_name));
  }
  for (const auto& note : difference.renamed) {
    lines.add("=", note.name + ", was " + (note.old_name.empty() ? std::string("without a name") : note.old_name));
  }
  return lines.text();
}

std::string metadata_lines(const Difference& difference, const TextStyle& style) {
  Lines lines(style);
  for (const auto& [key, value] : difference.metadata_removed) {
    lines.add("-", key + ": " + value_text(value));
  }
  for (const auto& [key, value] : difference.metadata_added) {
    lines.add("+", key + ": " + value_text(value));
  }
  for (const auto& change : difference.metadata_changed) {
    lines.add("~", change.key + ": " + value_text(change.before) + " to " + value_text(change.after));
  }
  return lines.text();
}

std::string changes_table(const std::vector<TensorChange>& changes, const TextStyle& style) {
  const auto shown = style.verbose() ? changes.size() : std::min<std::size_t>(changes.size(), 40);
  std::vector<Column> columns(5);
  columns[0].header = "tensor";
  columns[1].header = "changed";
  columns[2].header = "of";
  columns[3].header = "ulps";
  columns[4].header = "kind";
  columns[1].align = columns[2].align = columns[3].align = Align::right;
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& change = changes[i];
    columns[0].cells.push_back({elide_middle(style.safe(change.name), style.columns() > 60 ? style.columns() - 45 : 16, style.ellipsis())});
    columns[1].cells.push_back({thousands(change.changed)});
    columns[2].cells.push_back({thousands(change.elements)});
    columns[3].cells.push_back({change.ulp ? thousands(change.ulp->median) : ""});
    columns[4].cells.push_back({std::string(word(change.kind)), change.kind == ChangeKind::bit_field ? Tone::warning : Tone::plain});
  }
  const Table table(columns, 2, style);
  auto text = "  " + table.header() + "\n";
  for (std::size_t i = 0; i < shown; ++i) {
    text += "  " + table.row(i) + "\n";
  }
  return shown == changes.size() ? text : text + "  " + std::string(style.ellipsis()) + " " + counted(changes.size() - shown, "more tensor") + "; -v shows all\n";
}

std::string changes_text(const std::vector<TensorChange>& changes, const TextStyle& style) {
  if (changes.size() > k_most_blocks && !style.verbose()) {
    return changes_table(changes, style);
  }
  std::string text;
  for (const auto& change : changes) {
    text += (text.empty() ? "" : "\n") + change_text(change, style);
  }
  return text;
}

}  // namespace

std::string diff_text(const Difference& difference, const TextStyle& style) {
  const auto sentence = verdict_sentence(difference, style) + ".";
  if (style.verbosity < 0) {
    return std::string(word(difference.verdict)) + ": " + sentence + "\n";
  }
  std::string text;
  for (const auto& line : wrap(sentence, style.columns())) {
    text += paint(style, Tone::strong, line) + "\n";
  }
  if (difference.verdict == DiffVerdict::identical) {
    return text;
  }
  text += "\n" + sides(difference, style);
  for (const auto& block : {tensor_lines(difference, style), metadata_lines(difference, style), changes_text(difference.changes, style)}) {
    text += block.empty() ? "" : "\n" + block;
  }
  for (const auto& payload : difference.payloads) {
    text += "\n" + payload_text(payload, style);
  }
  return difference.findings.empty() ? text : text + "\n" + findings_text(difference.findings, style);
}

}  // namespace upinspect::report
