// SPDX-License-Identifier: Apache-2.0
// With dW = s U D for both sides, the difference is [s1 U1 | -s2 U2] @ [D1 ; D2]: a product of two thin matrices, whose
// length comes from their triangular factors. A factor rounded to nearest is off by at most half an ulp in each element,
// so that |s (U + u) (D + d) - s U D| <= s (|u| |D| + |U| |d| + |u| |d|), with |u| <= eps / 2 |U| (Frobenius norms): what
// an exact refactoring may be off by after rounding is below s eps |U| |D| for each side.
#include "diff/same_update.hpp"

#include "inspect/part_values.hpp"
#include "inspect/workers.hpp"
#include "lora/matrix.hpp"
#include "lora/spectrum.hpp"
#include "numeric/element_format.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <unordered_map>

namespace upinspect::diff {

namespace {

using lora::Matrix;
using lora::UpdateRefused;

constexpr std::size_t k_most_rank = lora::k_most_rank / 2;

/// scale x up @ down of one module, with what rounding its factors can amount to.
struct Factors {
  Matrix<double> up;    ///< out x r, the scale in it
  Matrix<double> down;  ///< r x in
  double rounding = 0;
};

/// One side's tensors by name.
struct Parts {
  const Side& side;
  std::unordered_map<std::string, std::size_t> index;

  explicit Parts(const Side& from) : side(from) {
    for (std::size_t i = 0; i < from.artifact().tensors.size(); ++i) {
      index.emplace(from.artifact().tensors[i].name, i);
    }
  }
  [[nodiscard]] std::size_t tensor(const AdapterModule& module, const char* role) const { return index.at(module.part(role)); }
  [[nodiscard]] lora::PartValues<double> values(std::size_t at, const char* role) const {
    return inspecting::part_values(side.tensor(at), role, [&](const auto& sink) { side.stream(at, sink); });
  }
};

/// The distance between neighbouring numbers just above 1; 0 for what is no float.
double epsilon_of(const Tensor& tensor) {
  const auto format = numeric::element_format(tensor.dtype);
  return format.scale == numeric::Scale::floating ? std::ldexp(1.0, -static_cast<int>(format.layout.fraction_bits)) : 0;
}

Factors factors_of(const Parts& from, const AdapterModule& module) {
  const auto up = from.tensor(module, "up");
  const auto down = from.tensor(module, "down");
  Factors out{lora::flattened(from.values(up, "up"), "up"), lora::flattened(from.values(down, "down"), "down")};
  if (module.transposed) {
    out.up = lora::transpose(out.up);
  }
  if (module.transposed || module.down_transposed) {
    out.down = lora::transpose(out.down);
  }
  if (out.up.columns != out.down.rows || out.up.columns > k_most_rank) {
    throw UpdateRefused("its halves do not fit each other");
  }
  lora::scale_by(out.up, *module.scale);
  const auto lengths = std::sqrt(lora::squares_of(out.up.values)) * std::sqrt(lora::squares_of(out.down.values));
  out.rounding = std::max(epsilon_of(from.side.tensor(up)), epsilon_of(from.side.tensor(down))) * lengths;
  return out;
}

/// [left | -right].
Matrix<double> beside(const Matrix<double>& left, const Matrix<double>& right) {
  Matrix<double> out{left.rows, left.columns + right.columns, {}};
  out.values.reserve(out.rows * out.columns);
  for (std::size_t row = 0; row < left.rows; ++row) {
    const auto a = left.from(row, 1);
    out.values.insert(out.values.end(), a.begin(), a.end());
    for (const auto value : right.from(row, 1)) {
      out.values.push_back(-value);
    }
  }
  return out;
}

Matrix<double> above(Matrix<double> top, const Matrix<double>& bottom) {
  top.values.insert(top.values.end(), bottom.values.begin(), bottom.values.end());
  top.rows += bottom.rows;
  return top;
}

UpdateDifference compare_module(const Factors& before, const Factors& after, const std::string& name) {
  if (before.up.rows != after.up.rows || before.down.columns != after.down.columns) {
    throw UpdateRefused("the updates are of different shapes");
  }
  const auto length = [](const Matrix<double>& left, const Matrix<double>& right) {
    return std::sqrt(lora::spectrum_of_product(left, right).squares);
  };
  const auto whole = std::max(length(before.up, before.down), length(after.up, after.down));
  const auto apart = length(beside(before.up, after.up), above(before.down, after.down));
  UpdateDifference out;
  out.modules = 1;
  out.module = name;
  out.largest = whole > 0 ? apart / whole : apart;
  out.rounding = whole > 0 ? (before.rounding + after.rounding) / whole : 0;
  out.equal = out.largest <= out.rounding;
  return out;
}

/// The worst module stands for all: one that is not equal before those that are.
void join(UpdateDifference& all, const UpdateDifference& one) {
  const auto worse = std::tuple(!one.equal, one.largest, one.module) > std::tuple(!all.equal, all.largest, all.module);
  const auto modules = all.modules + one.modules;
  const bool equal = all.equal && one.equal;
  all = all.modules == 0 || worse ? one : all;
  all.modules = modules;
  all.equal = equal;
}

bool is_plain(const AdapterModule& module) {
  const auto known = [](const AdapterPart& part) { return part.role == "up" || part.role == "down" || part.role == "alpha"; };
  return !module.part("up").empty() && !module.part("down").empty() && module.scale && module.groups == 1 && module.experts == 1 &&
         std::all_of(module.parts.begin(), module.parts.end(), known);
}

using Modules = std::map<std::string, const AdapterModule*>;

std::optional<Modules> plain_modules(const Artifact& artifact) {
  if (!artifact.adapter || artifact.adapter->modules.empty() || !artifact.adapter->unpaired.empty()) {
    return std::nullopt;
  }
  Modules out;
  for (const auto& module : artifact.adapter->modules) {
    if (!is_plain(module) || !out.emplace(module.canonical, &module).second) {
      return std::nullopt;
    }
  }
  return out;
}

bool are_alike(const Modules& before, const Modules& after) {
  return std::equal(before.begin(), before.end(), after.begin(), after.end(), [](const auto& a, const auto& b) {
    return a.first == b.first && a.second->base_transposed == b.second->base_transposed;
  });
}

}  // namespace

std::optional<UpdateDifference> compare_updates(const Side& before, const Side& after, const InspectOptions& options) {
  const auto old_modules = plain_modules(before.artifact());
  const auto new_modules = plain_modules(after.artifact());
  if (!old_modules || !new_modules || !are_alike(*old_modules, *new_modules)) {
    return std::nullopt;
  }
  const Parts old_parts(before);
  const Parts new_parts(after);
  const std::vector<std::pair<std::string, const AdapterModule*>> listed(old_modules->begin(), old_modules->end());
  UpdateDifference all;
  all.equal = true;
  std::mutex joining;
  try {
    inspecting::run_pieces(listed.size(), inspecting::workers_for(options.jobs, listed.size()), [&](unsigned, std::size_t i) {
      if (options.stop != nullptr && options.stop->load(std::memory_order_relaxed)) {
        throw Stopped();
      }
      const auto& [canonical, module] = listed[i];
      const auto one = compare_module(factors_of(old_parts, *module), factors_of(new_parts, *new_modules->at(canonical)), module->name);
      const std::lock_guard lock(joining);
      join(all, one);
    });
  } catch (const UpdateRefused&) {
    return std::nullopt;
  }
  return all;
}

}  // namespace upinspect::diff
