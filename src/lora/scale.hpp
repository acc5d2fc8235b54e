// SPDX-License-Identifier: Apache-2.0
// The alpha of each module, out of every place that states one, and the scale that loaders make of it.
#pragma once

#include "lora/family.hpp"
#include "lora/settings.hpp"
#include "upinspect/artifact.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace upinspect::lora {

/// The value of a tensor of one element; nothing where its bytes were not read.
using ScalarReader = std::function<std::optional<double>(const Tensor&)>;

/// Settings beside the tensors, parsed once for all modules.
class ScaleReader {
 public:
  ScaleReader(const Family& family, const Value& metadata, const Value* config, ScalarReader scalar);

  /// Fills in the alphas, the scale and the rule of a module whose shapes are known. `alpha` is its alpha tensor or null.
  void read(AdapterModule& module, const Tensor* alpha);

 private:
  void add(AdapterModule& module, AlphaSource source, std::string where, double value) const;
  void read_tensor(AdapterModule& module, const Tensor& tensor);
  void read_config(AdapterModule& module);
  void read_header(AdapterModule& module);
  void read_network_alpha(AdapterModule& module) const;
  void choose(AdapterModule& module, bool unread) const;
  void by_family(AdapterModule& module) const;
  [[nodiscard]] bool fixed(AdapterModule& module) const;
  [[nodiscard]] const PeftSettings& header_settings(std::string_view component);
  [[nodiscard]] bool stabilised(const AdapterModule& module) const;

  const Family& m_family;
  const Value* m_config;
  ScalarReader m_scalar;
  const std::string m_unknown_rule;             ///< of a module for which nothing states an alpha
  std::optional<PeftSettings> m_peft;           ///< of adapter_config.json
  Value m_header;                               ///< lora_adapter_metadata
  std::map<std::string, PeftSettings, std::less<>> m_header_settings;
  std::vector<std::pair<std::string, double>> m_stated;  ///< of the whole adapter, by key of the metadata
  std::optional<double> m_network_alpha;
  bool m_network_stabilised = false;            ///< LyCORIS' rs_lora, out of ss_network_args
  bool m_network_varies = false;                ///< ss_network_args give some modules an alpha of their own
};

}  // namespace upinspect::lora
