// SPDX-License-Identifier: Apache-2.0
#include "report/metadata_text.hpp"

#include "report/json_outline.hpp"
#include "report/units.hpp"
#include "report/width.hpp"
#include "report/wrap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <type_traits>

namespace upinspect::report {
namespace {

constexpr std::size_t k_shown_entries = 16;
constexpr std::size_t k_shown_items = 8;
constexpr std::size_t k_widest_metadata_label = 16;
constexpr std::size_t k_widest_key = 32;

/// A SHA-256 digest, and the indent and the gap around the label: at 80 columns the digest stays whole.
constexpr std::size_t k_beside_label = 64 + 4;

/// A label as wide as "metadata", the longest of our own words.
constexpr std::size_t k_least_label = 8;

[[nodiscard]] std::string cut_text(const std::string& raw, std::size_t columns, const TextStyle& style) {
  // Text far beyond the line need not be escaped to be cut: a letter with the marks that it may carry has 20 bytes.
  const auto looked_at = columns * 20;
  const auto safe = style.safe(std::string_view(raw).substr(0, looked_at));
  if (raw.size() <= looked_at && display_width(safe) <= columns) {
    return safe;
  }
  const auto size = fmt::format(" ({})", counted(raw.size(), "byte"));
  return elide_end(safe, columns > size.size() ? columns - size.size() : 0, style.ellipsis()) + size;
}

[[nodiscard]] std::string text_summary(const std::string& raw, std::size_t columns, const TextStyle& style) {
  if (raw.size() > columns) {
    if (const auto outline = json_outline(raw)) {
      return fmt::format("JSON {} of {}, {}", outline->is_object ? "object" : "array",
                         counted(outline->members, outline->is_object ? "member" : "element"),
                         counted(raw.size(), "byte"));
    }
  }
  return cut_text(raw, columns, style);
}

[[nodiscard]] std::string_view kind_word(const Value& value) {
  if (value.if_string() != nullptr) {
    return "string";
  }
  if (value.if_array() != nullptr) {
    return "array";
  }
  return value.if_object() != nullptr ? "object" : "value";
}

[[nodiscard]] bool is_scalar(const Value& value) { return value.if_array() == nullptr && value.if_object() == nullptr; }

[[nodiscard]] std::string array_text(const Value::Array& array, std::size_t columns, const TextStyle& style) {
  if (std::all_of(array.begin(), array.end(), is_scalar)) {
    std::string joined;
    for (const auto& item : array) {
      joined += (joined.empty() ? "" : ", ") + value_text(item, columns, style);
      if (display_width(joined) > columns) {
        break;
      }
    }
    if (!joined.empty() && display_width(joined) <= columns) {
      return joined;
    }
  }
  return array.empty() ? "empty array" : "array of " + counted(array.size(), kind_word(array.front()));
}

/// Labels of the facts that every report has: what the file says of itself under such a name is told apart.
constexpr std::array<std::string_view, 11> k_own_labels = {"size", "sha256", "xxh3",  "content",  "sites", "stated", "tensors",
                                                           "pickle", "bytes", "origin", "metadata"};

[[nodiscard]] std::string label_of(std::string_view key) {
  const auto ours = std::find(k_own_labels.begin(), k_own_labels.end(), key) != k_own_labels.end();
  auto text = (ours ? "stated " : "") + std::string(key);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

[[nodiscard]] bool holds_texts(const Value::Array& array) {
  return !array.empty() &&
         std::all_of(array.begin(), array.end(), [](const Value& item) { return item.if_string() != nullptr; });
}

[[nodiscard]] bool holds_objects(const Value::Array& array) {
  return !array.empty() &&
         std::all_of(array.begin(), array.end(), [](const Value& item) { return item.if_object() != nullptr && !item.if_object()->empty(); });
}

/// "up-param.bin: role up, size 24,576": the first member names the others.
[[nodiscard]] std::string object_line(const Value::Object& object, const TextStyle& style) {
  std::string text;
  for (std::size_t i = 0; i < object.size(); ++i) {
    const auto& [key, value] = object[i];
    const auto* string = value.if_string();
    const auto* number = std::get_if<std::uint64_t>(&value.data);
    const auto shown = string != nullptr ? style.safe(*string) : number != nullptr ? thousands(*number) : value_text(value, k_widest_key, style);
    auto label = style.safe(key);
    std::replace(label.begin(), label.end(), '_', ' ');
    text += i == 0 ? shown + ":" : (i == 1 ? " " : ", ") + label + " " + shown;
  }
  return text;
}

[[nodiscard]] std::string item_line(const Value& item, const TextStyle& style) {
  return item.if_string() != nullptr ? style.safe(*item.if_string()) : object_line(*item.if_object(), style);
}

void add_detail(Facts& facts, const std::string& key, const Value& value) {
  const auto label = facts.style().safe(label_of(key));
  if (const auto* array = value.if_array(); array != nullptr && (holds_texts(*array) || holds_objects(*array))) {
    const auto shown = facts.style().verbose() ? array->size() : std::min(array->size(), k_shown_items);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < shown; ++i) {
      texts.push_back(item_line((*array)[i], facts.style()));
    }
    if (shown < array->size()) {
      texts.push_back(fmt::format("{} {} more", facts.style().ellipsis(), thousands(array->size() - shown)));
    }
    facts.add_list(label, texts);
  } else if (const auto* text = value.if_string()) {
    facts.add(label, facts.style().safe(*text));
  } else if (const auto* number = std::get_if<std::uint64_t>(&value.data)) {
    facts.add(label, thousands(*number));
  } else {
    facts.add(label, value_text(value, facts.value_columns(), facts.style()));
  }
}

[[nodiscard]] std::size_t key_columns(const Value::Object& entries, std::size_t shown, const TextStyle& style) {
  std::size_t widest = 0;
  for (std::size_t i = 0; i < shown; ++i) {
    widest = std::max(widest, display_width(style.safe(entries[i].first)));
  }
  const auto cap = style.verbose() ? std::size_t{64} : k_widest_key;
  return std::min({widest, cap, std::size_t{style.columns() / 3}});
}

/// Verbose: the whole text, wrapped; else one line.
[[nodiscard]] std::vector<std::string> entry_lines(const std::string& key, std::size_t key_width, const Value& value,
                                                   const Facts& facts) {
  const auto& style = facts.style();
  const auto columns = facts.value_columns() - key_width - 2;
  const auto* text = value.if_string();
  auto lines = style.verbose() && text != nullptr ? wrap(style.safe(*text), columns)
                                                  : std::vector<std::string>{value_text(value, columns, style)};
  auto label = pad_right(elide_middle(style.safe(key), key_width, style.ellipsis()), key_width);
  for (auto& line : lines) {
    line = paint(style, Tone::dim, label) + "  " + line;
    label.assign(key_width, ' ');
  }
  return lines;
}

}  // namespace

std::string value_text(const Value& value, std::size_t columns, const TextStyle& style) {
  const auto text = std::visit(
      [columns, &style](const auto& content) -> std::string {
        using T = std::decay_t<decltype(content)>;
        if constexpr (std::is_same_v<T, std::nullptr_t>) {
          return "null";
        } else if constexpr (std::is_same_v<T, std::string>) {
          return text_summary(content, columns, style);
        } else if constexpr (std::is_same_v<T, Value::Array>) {
          return array_text(content, columns, style);
        } else if constexpr (std::is_same_v<T, Value::Object>) {
          return "object of " + counted(content.size(), "member");
        } else {
          return fmt::format("{}", content);
        }
      },
      value.data);
  return elide_end(text, columns, style.ellipsis());
}

Details details_of(const Value& detail, const std::vector<std::string_view>& skip) {
  Details details;
  if (const auto* members = detail.if_object()) {
    for (const auto& [key, value] : *members) {
      if (std::find(skip.begin(), skip.end(), key) == skip.end()) {
        details.emplace_back(key, &value);
      }
    }
  }
  return details;
}

void add_details(Facts& facts, const Details& details) {
  for (const auto& [key, value] : details) {
    add_detail(facts, key, *value);
  }
}

std::size_t detail_label_columns(const Details& details, const TextStyle& style) {
  auto widest = k_least_label;
  for (const auto& detail : details) {
    widest = std::max(widest, display_width(style.safe(label_of(detail.first))));
  }
  const auto room = style.columns() - std::min<std::size_t>(style.columns(), k_beside_label);
  return std::min(widest, std::clamp(room, k_least_label, k_widest_metadata_label));
}

void add_metadata(Facts& facts, const Value& metadata) {
  const auto* entries = metadata.if_object();
  if (entries == nullptr || entries->empty()) {
    return;
  }
  const auto& style = facts.style();
  const auto shown = style.verbose() ? entries->size() : std::min(entries->size(), k_shown_entries);
  const auto key_width = key_columns(*entries, shown, style);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < shown; ++i) {
    const auto entry = entry_lines((*entries)[i].first, key_width, (*entries)[i].second, facts);
    lines.insert(lines.end(), entry.begin(), entry.end());
  }
  if (shown < entries->size()) {
    const auto more = fmt::format("{} {} more (use --verbose or --format json)", style.ellipsis(),
                                  thousands(entries->size() - shown));
    for (const auto& line : wrap(more, facts.value_columns())) {
      lines.push_back(paint(style, Tone::dim, line));
    }
  }
  facts.add_lines("metadata", lines);
}

}  // namespace upinspect::report
