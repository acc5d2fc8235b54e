// SPDX-License-Identifier: Apache-2.0
#include "lora/base_fit.hpp"

#include "lora/base_match.hpp"
#include "lora/matrix.hpp"
#include "lora/update.hpp"
#include "lora/update_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <unordered_map>

namespace upinspect::lora {

namespace {

using Shape = std::vector<std::uint64_t>;

/// The parts of one module, which are made up to see whether they fit.
constexpr std::uint64_t k_most_elements = std::uint64_t{1} << 26;

/// Which rotation it is does not change a shape.
const UpdateOptions k_options{1, false, {Cayley::exact, {}, {}, {}, {}}, {}};

struct Verdict {
  FitVerdict verdict = FitVerdict::fits;
  std::string why;
};

/// Integers that hold several numbers, or blocks of them: the shape in the header is not the weight's.
bool is_packed(const Tensor& weight) {
  switch (weight.dtype) {
    case Dtype::u8:
    case Dtype::i8:
    case Dtype::i32:
    case Dtype::u32:
    case Dtype::other:
      return true;
    default:
      return false;
  }
}

class Fitting {
 public:
  Fitting(const Adapter& adapter, const std::vector<Tensor>& tensors, const std::vector<Tensor>& base)
      : m_adapter(adapter), m_base(base), m_match(base, adapter.modules) {
    for (const auto& tensor : tensors) {
      m_tensors.emplace(tensor.name, &tensor);
    }
  }

  [[nodiscard]] BaseFit run() {
    BaseFit fit;
    fit.base_tensors = m_base.size();
    fit.prefix = m_match.prefix_words();
    for (const auto& module : m_adapter.modules) {
      const auto target = acts_on(module, UpdateTarget::weight) ? UpdateTarget::weight : UpdateTarget::bias;
      fit.modules.push_back(one(module, m_match.of(module), target));
    }
    for (const auto& tensor : m_adapter.other) {
      const auto saved = m_match.saved_layer(tensor);
      const bool known = saved.target == UpdateTarget::bias ? saved.found.bias.has_value() : saved.found.weight.has_value();
      if (known) {
        fit.modules.push_back(one(saved.module, saved.found, saved.target));
      } else {
        fit.ignored.push_back(tensor);
      }
    }
    return fit;
  }

 private:
  [[nodiscard]] ModuleFit one(const AdapterModule& module, const BaseWeight& found, UpdateTarget target) const {
    ModuleFit fit;
    fit.module = module.name;
    const bool bias = target == UpdateTarget::bias;
    const auto& place = bias ? found.bias : found.weight;
    const auto places = place ? std::vector<std::size_t>{*place} : bias ? std::vector<std::size_t>() : found.parts;
    if (found.ambiguous || places.empty()) {
      fit.verdict = found.ambiguous ? FitVerdict::ambiguous : FitVerdict::missing;
      fit.why = found.ambiguous ? "several weights of the base have this name" : m_match.why_missing(module, bias);
      return fit;
    }
    const auto& weight = m_base[places.front()];
    for (const auto one : places) {
      fit.weight += (fit.weight.empty() ? "" : " + ") + m_base[one].name;
    }
    fit.weight_shape = shape_for(module, found, places, m_base);
    auto verdict = shape_verdict(module, target, fit.weight_shape);
    if (verdict.verdict == FitVerdict::wrong_shape && is_packed(weight)) {
      verdict = {FitVerdict::unknown, "the weight is stored as " + weight.dtype_name + ", packed, so that its header does not tell its shape"};
    }
    fit.verdict = verdict.verdict;
    fit.why = std::move(verdict.why);
    return fit;
  }

  [[nodiscard]] Verdict shape_verdict(const AdapterModule& module, UpdateTarget target, const Shape& weight) const {
    std::uint64_t elements = 0;
    for (const auto& part : module.parts) {
      const auto found = m_tensors.find(part.tensor);
      elements += found == m_tensors.end() ? k_most_elements : std::min(found->second->elements, k_most_elements);
    }
    const bool known = why_not_merged(module, k_options).empty() && elements < k_most_elements;
    return known ? by_update(module, target, weight) : by_features(module, weight);
  }

  /// Sizes alone: convolutions keep their kernel in the weight's other dimensions.
  [[nodiscard]] static Verdict by_features(const AdapterModule& module, const Shape& weight) {
    if (!module.in_features && !module.out_features) {
      return {FitVerdict::unknown, "the shape of this module's update is not known"};
    }
    if (weight.empty()) {
      return {FitVerdict::wrong_shape, "the weight is a scalar"};
    }
    const auto columns = std::accumulate(weight.begin() + 1, weight.end(), std::uint64_t{1}, std::multiplies<>());
    const auto kernel = std::accumulate(module.kernel.begin(), module.kernel.end(), std::uint64_t{1}, std::multiplies<>());
    const auto fits = [&](std::uint64_t rows, std::uint64_t others) {
      return (!module.out_features || *module.out_features == rows) &&
             (!module.in_features || *module.in_features * kernel == others || *module.in_features == others);
    };
    if (fits(weight[0], columns) || (module.base_transposed && fits(columns, weight[0])) ||
        (module.experts > 1 && weight.size() == 3 && weight[0] == module.experts && fits(weight[1], weight[2]))) {
      return {};
    }
    return {FitVerdict::wrong_shape, fmt::format("its update is {} x {}, the weight {}", module.out_features ? std::to_string(*module.out_features) : "?",
                                                 module.in_features ? std::to_string(*module.in_features) : "?", shown(weight))};
  }

  /// What merging would say, with numbers that are made up in the place of the parts' own: only shapes decide.
  [[nodiscard]] Verdict by_update(AdapterModule module, UpdateTarget target, const Shape& weight) const {
    module.scale = module.scale.value_or(1);
    Verdict verdict = attempt(module, target, weight, 0);
    const bool on_input_unknown = !module.part("on_input").empty() && verdict.verdict == FitVerdict::wrong_shape;
    return on_input_unknown && attempt(module, target, weight, 1).verdict == FitVerdict::fits ? Verdict() : verdict;
  }

  [[nodiscard]] Verdict attempt(const AdapterModule& module, UpdateTarget target, const Shape& weight, float number) const {
    const PartReader<float> read = [&](const std::string& role) {
      const auto found = m_tensors.find(module.part(role));
      if (found == m_tensors.end()) {
        throw UpdateRefused("its part \"" + role + "\" is missing");
      }
      const auto& tensor = *found->second;
      return PartValues<float>{tensor.shape, std::vector<float>(static_cast<std::size_t>(tensor.elements), role == "on_input" ? number : 0.0F)};
    };
    try {
      const Update<float> update(module, target, weight, k_options, read);
      return {};
    } catch (const UpdateRefused& refused) {
      return {FitVerdict::wrong_shape, refused.what()};
    }
  }

  const Adapter& m_adapter;
  const std::vector<Tensor>& m_base;
  BaseMatch m_match;
  std::unordered_map<std::string_view, const Tensor*> m_tensors;
};

}  // namespace

BaseFit fit_to_base(const Adapter& adapter, const std::vector<Tensor>& tensors, const std::vector<Tensor>& base) {
  return Fitting(adapter, tensors, base).run();
}

}  // namespace upinspect::lora
