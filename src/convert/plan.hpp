// SPDX-License-Identifier: Apache-2.0
// What will be written: tensors, metadata and configuration, under which names, and what of it is worth saying.
#pragma once

#include "convert/input.hpp"
#include "convert/module_names.hpp"
#include "convert/outgoing.hpp"
#include "convert/refusal.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace upinspect::convert {

/// Whose names the output has.
enum class Names : std::uint8_t { same, peft, kohya };

struct PlanOptions {
  Names names = Names::same;
  std::optional<Dtype> dtype;
  NamingOptions naming;
  FactorOptions factors;
  std::string base_model;         ///< for base_model_name_or_path
  bool strip_metadata = false;
  Metadata set_metadata;
  bool config_file = false;       ///< the output is a folder with adapter_config.json
};

struct Plan {
  std::vector<Outgoing> tensors;
  Metadata metadata;
  std::optional<Value> config;
  std::vector<std::pair<std::string, std::string>> renamed;  ///< modules for peft and kohya
  std::vector<std::string> canonical;  ///< names of the modules in the output, in the order of the input's factors
  std::vector<double> scales;         ///< of the modules in the output, in the same order
  std::vector<std::string> notes;
  std::size_t modules = 0;
  bool widened = false;           ///< factors are larger than they were, with zeros
  std::size_t padded = 0;         ///< modules that were the first rows of a larger layer
  std::size_t reordered = 0;      ///< modules whose rows llama.cpp's converter had reordered
  std::vector<std::string> disputed;  ///< modules whose alpha is another one elsewhere

  /// Counts what had to be done to the factors of a module.
  void take(const ModuleFactors& factors);
  /// Notes for what was done to rows, and which alpha was taken.
  void tell_work();
};

/// Throws Refusal with everything that stands in the way.
[[nodiscard]] Plan plan_same(const Input& input, const PlanOptions& options);
[[nodiscard]] Plan plan_peft(const Input& input, const PlanOptions& options);
[[nodiscard]] Plan plan_kohya(const Input& input, const PlanOptions& options);

/// What the header of the output says: what the input's said (only "format" where that is stripped), `ours`, then what is
/// set. Values that are no text are written as JSON.
[[nodiscard]] Metadata plan_metadata(const Input& input, const PlanOptions& options, const Metadata& ours);

}  // namespace upinspect::convert
