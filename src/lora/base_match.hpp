// SPDX-License-Identifier: Apache-2.0
// Which weight of a base model an adapter's module belongs to, whoever spelled either name.
#pragma once

#include "upinspect/adapter.hpp"
#include "upinspect/artifact.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace upinspect::lora {

/// Index into the base's tensors; `ambiguous` where several have the module's name.
struct BaseWeight {
  std::optional<std::size_t> weight;
  std::optional<std::size_t> bias;
  bool ambiguous = false;
};

class BaseMatch {
 public:
  /// Names meet in their canonical spelling. Where one side has a prefix that the other lacks ("transformer.h.0" and
  /// "h.0", or a text encoder by itself), the one prefix that makes most modules match is taken for all of them.
  BaseMatch(const std::vector<Tensor>& base, const std::vector<AdapterModule>& modules);

  [[nodiscard]] BaseWeight of(const AdapterModule& module) const;

  /// That prefix in words; empty where the names meet without one.
  [[nodiscard]] std::string prefix_words() const;

 private:
  [[nodiscard]] std::string spelled(const std::string& canonical) const;
  void find_prefix(const std::vector<AdapterModule>& modules);
  [[nodiscard]] std::vector<std::pair<bool, std::string>> prefixes_for(const std::string& canonical) const;

  std::unordered_map<std::string, BaseWeight> m_weights;
  bool m_adapter_has_more = false;  ///< the prefix is one of the adapter's names
  std::string m_prefix;
};

}  // namespace upinspect::lora
