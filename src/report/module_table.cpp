// SPDX-License-Identifier: Apache-2.0
#include "report/module_table.hpp"

#include "lora/strength.hpp"
#include "report/adapter_heading.hpp"
#include "report/table.hpp"
#include "report/tensor_names.hpp"
#include "report/units.hpp"
#include "report/wrap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <unordered_map>

namespace upinspect::report {
namespace {

constexpr std::size_t k_most_modules = 24;
constexpr std::size_t k_head_modules = 16;
constexpr std::size_t k_tail_modules = 7;
constexpr std::size_t k_modules_indent = 2;
constexpr std::size_t k_folded_modules_indent = 4;
constexpr std::size_t k_modules_gap = 2;
constexpr int k_module_digits = 3;
constexpr double k_bar_cells = 8;
constexpr std::size_t k_most_notes = 4;

class ModuleTable {
 public:
  ModuleTable(const Artifact& artifact, const TextStyle& style) : m_adapter(*artifact.adapter), m_style(style) {
    for (const auto& tensor : artifact.tensors) {
      m_tensors.emplace(tensor.name, &tensor);
    }
    select();
    measure();
  }

  [[nodiscard]] std::string text() {
    add_columns();
    const TensorNames names(names_of(), "module", m_style);
    const auto taken = Table(m_columns, k_modules_gap, m_style).width() + k_modules_gap + k_modules_indent;
    const auto room = m_style.columns() > taken ? m_style.columns() - taken : 0;
    for (const auto style : {NameStyle::whole, NameStyle::core, NameStyle::cut, NameStyle::short_only}) {
      if (auto column = names.column(style, room)) {
        std::vector<Column> all{std::move(*column)};
        all.insert(all.end(), m_columns.begin(), m_columns.end());
        const bool cored = style == NameStyle::core || style == NameStyle::cut;
        return (cored ? names.common_line(k_modules_indent) : "") + draw(Table(all, k_modules_gap, m_style), k_modules_indent, nullptr) + notes();
      }
    }
    return std::string(k_modules_indent, ' ') + paint(m_style, Tone::dim, "module") + "\n" +
           draw(Table(m_columns, k_modules_gap, m_style), k_folded_modules_indent, &names) + notes();
  }

 private:
  void select() {
    const auto& modules = m_adapter.modules;
    const bool all = m_style.verbose() || modules.size() <= k_most_modules;
    m_head = all ? modules.size() : k_head_modules;
    const auto tail = all ? modules.size() : modules.size() - k_tail_modules;
    for (std::size_t i = 0; i < modules.size(); ++i) {
      if (i < m_head || i >= tail) {
        m_rows.push_back(&modules[i]);
      }
    }
  }

  /// Over all modules, so that bars of a shortened list still compare.
  void measure() {
    for (const auto& module : m_adapter.modules) {
      m_measured = m_measured || module.strength;
      m_strongest = module.strength && std::isfinite(module.strength->frobenius) ? std::max(m_strongest, module.strength->frobenius) : m_strongest;
      m_scales_differ = m_scales_differ || module.scale != m_adapter.modules.front().scale;
      m_methods_differ = m_methods_differ || module.method != m_adapter.modules.front().method;
      m_has_halves = m_has_halves || !module.part("up").empty() || !module.part("down").empty();
    }
  }

  [[nodiscard]] std::vector<std::string> names_of() const {
    std::vector<std::string> names;
    for (const auto* module : m_rows) {
      names.push_back(module->name.empty() ? "(the whole file)" : m_style.safe(module->name));
    }
    return names;
  }

  void add(std::string_view header, Align align, const std::function<Cell(const AdapterModule&)>& cell_of) {
    Column column{std::string(header), align, {}};
    for (const auto* module : m_rows) {
      column.cells.push_back(cell_of(*module));
    }
    m_columns.push_back(std::move(column));
  }

  [[nodiscard]] Cell half(const AdapterModule& module, const char* role) const {
    const auto found = m_tensors.find(module.part(role));
    if (found != m_tensors.end()) {
      return {shape_text(found->second->shape)};
    }
    const bool needs = module.method == "lora" || module.method == "dora";
    return needs && module.groups == 1 ? Cell{"missing", Tone::error} : Cell{"-", Tone::dim};
  }

  /// The weight that the update has the form of.
  [[nodiscard]] static Cell update_shape(const AdapterModule& module) {
    if (!module.out_features && !module.in_features) {
      return {"-", Tone::dim};
    }
    const auto side = [](const std::optional<std::uint64_t>& features) { return features ? std::to_string(*features) : std::string("?"); };
    auto text = side(module.out_features) + (module.in_features ? " x " + side(module.in_features) : "");
    for (const auto size : module.kernel) {
      text += " x " + std::to_string(size);
    }
    return {text};
  }

  [[nodiscard]] Cell strength_cell(const AdapterModule& module) const {
    if (!module.strength) {
      return {"-", Tone::dim};
    }
    const auto norm = module.strength->frobenius;
    const auto share = m_strongest > 0 && std::isfinite(norm) ? norm / m_strongest : 0;
    const auto cells = static_cast<std::size_t>(std::lround(share * k_bar_cells));
    std::string bar;
    for (std::size_t i = 0; i < cells; ++i) {
      bar += m_style.unicode ? "\xe2\x96\x88" : "#";
    }
    return {fmt::format("{:>7}", short_number(norm, k_module_digits)) + (bar.empty() ? "" : " " + bar)};
  }

  /// Only where the rank bounds the effective one: LoHa's and LoKr's updates have more.
  static Cell effective_rank(const AdapterModule& module) {
    if (!module.strength || std::isnan(module.strength->effective_rank)) {
      return {"-", Tone::dim};
    }
    const bool bound = module.rank && module.experts == 1 && (module.method == "lora" || module.method == "dora" || module.method == "adalora");
    return {fmt::format("{:.1f}", module.strength->effective_rank) + (bound ? " of " + std::to_string(*module.rank * module.groups) : "")};
  }

  void add_columns() {
    if (m_methods_differ) {
      add("method", Align::left, [](const AdapterModule& module) { return Cell{std::string(spoken_method(module.method))}; });
    }
    if (m_has_halves) {
      add("up", Align::left, [this](const AdapterModule& module) { return half(module, "up"); });
      add("down", Align::left, [this](const AdapterModule& module) { return half(module, "down"); });
    } else {
      add("update", Align::left, update_shape);
    }
    if (!m_adapter.rank && !m_measured) {
      add("rank", Align::right, [](const AdapterModule& module) {
        return module.rank ? Cell{std::to_string(*module.rank)} : Cell{"-", Tone::dim};
      });
    }
    if (m_scales_differ) {
      add("scale", Align::right, [](const AdapterModule& module) {
        return module.scale ? Cell{short_number(*module.scale, k_module_digits)} : Cell{"unknown", Tone::warning};
      });
    }
    if (m_measured) {
      add("|dW|", Align::left, [this](const AdapterModule& module) { return strength_cell(module); });
      add("sigma1", Align::right, [](const AdapterModule& module) {
        const auto* strength = module.strength ? &*module.strength : nullptr;
        return strength != nullptr && !std::isnan(strength->spectral) ? Cell{short_number(strength->spectral, k_module_digits)} : Cell{"-", Tone::dim};
      });
      add("eff. rank", Align::right, effective_rank);
    }
  }

  [[nodiscard]] std::string hidden_line() const {
    const auto hidden = m_adapter.modules.size() - m_rows.size();
    return indented(fmt::format("{} {} more (use --verbose or --format json)", m_style.ellipsis(), thousands(hidden)), k_modules_indent,
                    Tone::dim, m_style);
  }

  /// With `names` each row stands under its name.
  [[nodiscard]] std::string draw(const Table& table, std::size_t indent, const TensorNames* names) const {
    const auto margin = std::string(indent, ' ');
    auto text = margin + table.header() + "\n";
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
      text += i == m_head && m_rows.size() < m_adapter.modules.size() ? hidden_line() : "";
      text += names == nullptr ? "" : names->lines(i, k_modules_indent);
      text += margin + table.row(i) + "\n";
    }
    return text;
  }

  /// What the figures leave out, each remark once.
  [[nodiscard]] std::string notes() const {
    std::vector<std::pair<std::string, std::size_t>> counts;
    for (const auto& module : m_adapter.modules) {
      const auto note = lora::strength_note(module);
      if (note.empty()) {
        continue;
      }
      const auto same = std::find_if(counts.begin(), counts.end(), [&note](const auto& entry) { return entry.first == note; });
      same == counts.end() ? void(counts.emplace_back(note, 1)) : void(++same->second);
    }
    std::string text;
    for (std::size_t i = 0; i < std::min(counts.size(), k_most_notes); ++i) {
      const auto& [note, count] = counts[i];
      const bool all = count == m_adapter.modules.size();
      const auto of = all ? std::string() : fmt::format(" ({} module{})", thousands(count), count == 1 ? "" : "s");
      text += indented("|dW|: " + m_style.safe(note) + of, k_modules_indent, Tone::dim, m_style);
    }
    return text;
  }

  const Adapter& m_adapter;
  const TextStyle& m_style;
  std::unordered_map<std::string_view, const Tensor*> m_tensors;
  std::vector<const AdapterModule*> m_rows;
  std::size_t m_head = 0;
  std::vector<Column> m_columns;
  double m_strongest = 0;
  bool m_measured = false;
  bool m_scales_differ = false;
  bool m_methods_differ = false;
  bool m_has_halves = false;
};

}  // namespace

std::string module_table(const Artifact& artifact, const TextStyle& style) {
  return artifact.adapter && !artifact.adapter->modules.empty() ? ModuleTable(artifact, style).text() : std::string();
}

}  // namespace upinspect::report
