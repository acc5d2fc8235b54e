// SPDX-License-Identifier: Apache-2.0
// Which weight of a base model an adapter's module belongs to, whoever spelled either name.
#pragma once

#include "lora/positions.hpp"
#include "lora/update.hpp"
#include "upinspect/adapter.hpp"
#include "upinspect/artifact.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace upinspect::lora {

/// Indices into the base's tensors; `ambiguous` where several have the module's name.
struct BaseWeight {
  std::optional<std::size_t> weight;
  std::optional<std::size_t> bias;
  bool ambiguous = false;
  bool first_rows = false;         ///< the module acts on the first rows of its weight, as many as its own
  std::vector<std::size_t> parts;  ///< in the place of `weight`: several, which share the module's rows in this order

  [[nodiscard]] bool found() const noexcept { return weight || !parts.empty(); }
};

/// The shape of a module's weight as its update sees it, in the base's tensors at `places`: all their rows, or the first
/// rows of one.
[[nodiscard]] std::vector<std::uint64_t> shape_for(const AdapterModule& module, const BaseWeight& found, const std::vector<std::size_t>& places,
                                                   const std::vector<Tensor>& base);

class BaseMatch {
 public:
  /// Names meet in their canonical spelling. Where one side has a prefix that the other lacks ("transformer.h.0" and
  /// "h.0", or a text encoder by itself), the one prefix that makes most modules match is taken for all of them. Flux'
  /// fused layers are found in diffusers' spelling too, and positions in the place of names (positions.hpp).
  BaseMatch(const std::vector<Tensor>& base, const std::vector<AdapterModule>& modules);

  [[nodiscard]] BaseWeight of(const AdapterModule& module) const;

  /// A tensor of the adapter that is a layer of the base itself (PEFT's modules_to_save), as a module of its own.
  struct SavedLayer {
    AdapterModule module;
    BaseWeight found;
    UpdateTarget target = UpdateTarget::weight;
  };
  [[nodiscard]] SavedLayer saved_layer(const std::string& tensor) const;

  /// That prefix in words, and what positions were taken to be; empty where the names meet as they are.
  [[nodiscard]] std::string prefix_words() const;

  /// Why a module has no weight, or no bias, here.
  [[nodiscard]] std::string why_missing(const AdapterModule& module, bool bias) const;

 private:
  [[nodiscard]] std::string canonical_of(const AdapterModule& module) const;
  [[nodiscard]] BaseWeight split(const std::string& canonical) const;
  [[nodiscard]] std::string spelled(const std::string& canonical) const;
  void find_prefix(const std::vector<AdapterModule>& modules);
  [[nodiscard]] std::vector<std::pair<bool, std::string>> prefixes_for(const std::string& canonical) const;

  std::unordered_map<std::string, BaseWeight> m_weights;
  bool m_adapter_has_more = false;  ///< the prefix is one of the adapter's names
  std::string m_prefix;
  Positions m_positions;
};

}  // namespace upinspect::lora
