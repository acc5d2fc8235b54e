// SPDX-License-Identifier: Apache-2.0
#include "report/tensor_columns.hpp"

#include "report/span.hpp"
#include "report/units.hpp"
#include "report/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace upinspect::report {
namespace {

constexpr int k_digits_wide = 4;
constexpr int k_digits_tight = 3;

[[nodiscard]] bool any(const std::vector<Tensor>& tensors, const std::function<bool(const Tensor&)>& holds) {
  return std::any_of(tensors.begin(), tensors.end(), holds);
}

[[nodiscard]] bool is_recast(const Tensor& tensor) {
  return tensor.provenance != Provenance::unknown && tensor.provenance != Provenance::native;
}

/// "f16" for what was widened from it.
[[nodiscard]] std::string origin_text(const Tensor& tensor) {
  const auto name = word(tensor.provenance);
  constexpr std::string_view k_upcast = "upcast-";
  return std::string(name.starts_with(k_upcast) ? name.substr(k_upcast.size()) : name);
}

[[nodiscard]] std::string planes_text(const Entropy& entropy) {
  std::string text;
  for (const auto plane : entropy.byte_planes) {
    text += fmt::format("{}{:.2f}", text.empty() ? "" : " ", plane);
  }
  return text;
}

/// Adds column after column; each cell is asked of its tensor.
class Builder {
 public:
  Builder(const std::vector<Tensor>& all, std::span<const Tensor* const> rows, int digits, const TextStyle& style)
      : m_all(all), m_rows(rows), m_digits(digits), m_style(style) {}

  void add(std::string_view header, Align align, const std::function<Cell(const Tensor&)>& cell_of) {
    Column column{std::string(header), align, {}};
    column.cells.reserve(m_rows.size());
    for (const auto* tensor : m_rows) {
      column.cells.push_back(cell_of(*tensor));
    }
    m_columns.push_back(std::move(column));
  }

  void add_identity(std::string_view times) {
    add("dtype", Align::left, [this](const Tensor& tensor) { return Cell{m_style.safe(tensor.dtype_name)}; });
    add("shape", Align::left, [times](const Tensor& tensor) { return Cell{shape_text(tensor.shape, times)}; });
  }

  /// A statistic of the finite elements; a dash where there is none.
  void add_figure(std::string_view header, std::string (*figure)(const Stats&, int)) {
    add(header, Align::right, [this, figure](const Tensor& tensor) {
      auto text = tensor.stats ? figure(*tensor.stats, m_digits) : std::string();
      return text.empty() ? Cell{"-", Tone::dim} : Cell{std::move(text)};
    });
  }

  /// A count that has a column only where some tensor has any.
  void add_count(std::string_view header, std::uint64_t Stats::*count, Tone tone) {
    if (!any(m_all, [count](const Tensor& tensor) { return tensor.stats && (*tensor.stats).*count != 0; })) {
      return;
    }
    add(header, Align::right, [count, tone](const Tensor& tensor) {
      if (!tensor.stats) {
        return Cell{"-", Tone::dim};
      }
      const auto number = (*tensor.stats).*count;
      return Cell{std::to_string(number), number == 0 ? Tone::dim : tone};
    });
  }

  void add_origin() {
    if (any(m_all, is_recast)) {
      add("origin", Align::left, [](const Tensor& tensor) {
        return Cell{origin_text(tensor), is_recast(tensor) ? Tone::accent : Tone::dim};
      });
    }
  }

  void add_entropy(bool by_byte) {
    if (!any(m_all, [](const Tensor& tensor) { return tensor.entropy.has_value(); })) {
      return;
    }
    add(by_byte ? "entropy by byte" : "entropy", by_byte ? Align::left : Align::right, [by_byte](const Tensor& tensor) {
      if (!tensor.entropy) {
        return Cell{"-", Tone::dim};
      }
      return Cell{by_byte ? planes_text(*tensor.entropy) : fmt::format("{:.2f}", tensor.entropy->byte)};
    });
  }

  void add_place() {
    add("offset", Align::right, [](const Tensor& tensor) { return Cell{thousands(element_span(tensor).offset)}; });
    add("bytes", Align::right, [](const Tensor& tensor) { return Cell{thousands(tensor.bytes)}; });
  }

  void add_entry() {
    if (any(m_all, [](const Tensor& tensor) { return !tensor.location.entry.empty(); })) {
      add("entry", Align::left, [this](const Tensor& tensor) { return Cell{m_style.safe(tensor.location.entry)}; });
    }
  }

  void add_digest() {
    if (any(m_all, [](const Tensor& tensor) { return tensor.digests.xxh3_128.has_value(); })) {
      add("xxh3", Align::left, [](const Tensor& tensor) { return Cell{tensor.digests.xxh3_128.value_or("-")}; });
    }
  }

  [[nodiscard]] std::vector<Column> take() { return std::move(m_columns); }

 private:
  const std::vector<Tensor>& m_all;
  std::span<const Tensor* const> m_rows;
  int m_digits;
  const TextStyle& m_style;
  std::vector<Column> m_columns;
};

void add_moments(Builder& table, bool with_norm) {
  table.add_figure("mean", [](const Stats& stats, int digits) {
    return stats.mean ? short_number(*stats.mean, digits) : std::string();
  });
  table.add_figure("std", [](const Stats& stats, int digits) {
    return stats.std ? short_number(*stats.std, digits) : std::string();
  });
  if (with_norm) {
    table.add_figure("l2", [](const Stats& stats, int digits) {
      return stats.l2 ? short_number(*stats.l2, digits) : std::string();
    });
  }
}

void add_range(Builder& table) {
  table.add_figure("min", [](const Stats& stats, int digits) { return short_number(stats.min, digits); });
  table.add_figure("max", [](const Stats& stats, int digits) { return short_number(stats.max, digits); });
}

void add_measurements(Builder& table, TableLevel level) {
  if (level <= TableLevel::no_entropy) {
    add_moments(table, level == TableLevel::everything);
  }
  if (level <= TableLevel::range) {
    add_range(table);
  }
  if (level <= TableLevel::no_entropy) {
    table.add_count("zeros", &Stats::zeros, Tone::plain);
    table.add_count("subnormal", &Stats::subnormals, Tone::plain);
  }
  table.add_count("nan", &Stats::nans, Tone::warning);
  table.add_count("inf", &Stats::infs, Tone::warning);
  if (level <= TableLevel::no_entropy) {
    table.add_origin();
  }
  if (level <= TableLevel::standard) {
    table.add_entropy(level <= TableLevel::planes);
  }
}

}  // namespace

std::vector<Column> tensor_columns(const std::vector<Tensor>& all, std::span<const Tensor* const> rows,
                                   TableLevel level, Spacing spacing, const TextStyle& style) {
  const auto digits = level <= TableLevel::planes ? k_digits_wide : k_digits_tight;
  Builder table(all, rows, digits, style);
  table.add_identity(spacing == Spacing::wide ? " x " : "x");
  const auto measured = any(all, [](const Tensor& tensor) { return tensor.stats.has_value(); });
  if (measured) {
    add_measurements(table, level);
  }
  if (level == TableLevel::everything || (!measured && level <= TableLevel::range)) {
    table.add_place();
  }
  if (!measured && level <= TableLevel::planes) {
    table.add_entry();
  }
  if (level == TableLevel::everything) {
    table.add_digest();
  }
  return table.take();
}

}  // namespace upinspect::report
