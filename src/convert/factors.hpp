// SPDX-License-Identifier: Apache-2.0
// A module's update as the product of two matrices, in PEFT's orientation, whatever family it comes from.
#pragma once

#include "convert/input.hpp"
#include "convert/outgoing.hpp"
#include "convert/refusal.hpp"
#include "lora/update.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace upinspect::convert {

/// W' = W + scale x up @ down; with a magnitude, the rows of that scaled to its lengths (DoRA).
struct ModuleFactors {
  const AdapterModule* module = nullptr;
  Outgoing down;                      ///< rank x in, or rank x in x kernel
  Outgoing up;                        ///< out x rank, or out x rank x 1 …
  std::optional<Outgoing> magnitude;  ///< out values
  std::uint64_t rank = 0;
  double scale = 1;
  bool embedding = false;             ///< the base's weight is a table of vectors
  bool convolution = false;
  bool widened = false;               ///< several smaller updates, put together with zeros between them
  bool padded = false;                ///< the first rows of a larger layer, with zeros for the others
  bool reordered = false;             ///< rows are where they were before llama.cpp's converter came
};

struct FactorOptions {
  std::optional<double> alpha;                     ///< for modules whose scale is unknown
  lora::HeadCounts heads;                          ///< for adapters in GGUF
  std::map<std::string, std::uint64_t> base_rows;  ///< of the base model's weights, by name without ".weight"
};

/// The factors of all modules. What LoRA cannot express, what lacks a half and what has no scale are reasons, one for
/// each kind with the names of the modules.
[[nodiscard]] std::vector<ModuleFactors> factors_of(const Input& input, const FactorOptions& options, Reasons& reasons);

}  // namespace upinspect::convert
