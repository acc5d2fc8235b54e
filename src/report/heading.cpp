// SPDX-License-Identifier: Apache-2.0
#include "report/heading.hpp"

#include "report/adapter_heading.hpp"
#include "report/units.hpp"
#include "report/words.hpp"

#include <algorithm>
#include <array>

namespace upinspect::report {
namespace {

constexpr std::array<std::string_view, 10> k_tensor_formats = {
    "safetensors", "torch-zip", "torchscript", "torch-legacy", "torch-tar", "pickle", "npy", "npz", "gguf", "raw-triad"};

/// A dtype that stands for all, or nothing where the tensors are of several.
[[nodiscard]] std::string one_dtype(const std::vector<Tensor>& tensors) {
  const auto same = [&first = tensors.front()](const Tensor& tensor) { return tensor.dtype_name == first.dtype_name; };
  return std::all_of(tensors.begin(), tensors.end(), same) ? tensors.front().dtype_name.str() : std::string();
}

[[nodiscard]] std::string tensors_text(const Artifact& artifact, const TextStyle& style) {
  const auto& tensors = artifact.tensors;
  if (tensors.size() == 1 && tensors.front().name.empty()) {
    return style.safe(spoken_dtype(tensors.front().dtype_name)) + ", " + shape_text(tensors.front().shape);
  }
  const auto dtype = one_dtype(tensors);
  const auto noun = dtype.empty() ? std::string("tensor") : style.safe(spoken_dtype(dtype)) + " tensor";
  return counted(tensors.size(), noun) + ", " + counted(parameters(artifact), "parameter");
}

/// A guess says that it is one.
[[nodiscard]] std::string raw_text(const Artifact& artifact, const TextStyle& style) {
  const auto& tensor = artifact.tensors.front();
  const auto* guessed = artifact.format.detail.find("guessed");
  const auto is_guess = guessed != nullptr && guessed->data == Value(true).data;
  return std::string(is_guess ? "most likely " : "read as ") + style.safe(spoken_dtype(tensor.dtype_name)) + " " +
         std::string(word(tensor.location.order)) + "-endian, " + shape_text(tensor.shape);
}

}  // namespace

std::uint64_t parameters(const Artifact& artifact) noexcept {
  std::uint64_t sum = 0;
  for (const auto& tensor : artifact.tensors) {
    sum = saturating_add(sum, tensor.elements);
  }
  return sum;
}

bool holds_tensors(const std::string& format_id) noexcept {
  return std::find(k_tensor_formats.begin(), k_tensor_formats.end(), format_id) != k_tensor_formats.end();
}

std::string description(const Artifact& artifact, const TextStyle& style) {
  auto text = artifact.adapter ? adapter_heading(*artifact.adapter, style) + "; " : std::string();
  text += style.safe(artifact.format.title.empty() ? artifact.format.id : artifact.format.title);
  if (artifact.format.id == "raw" && artifact.tensors.size() == 1) {
    return text + ", " + raw_text(artifact, style);
  }
  if (!artifact.tensors.empty()) {
    return text + ", " + tensors_text(artifact, style);
  }
  return holds_tensors(artifact.format.id) ? text + ", no tensors" : text;
}

}  // namespace upinspect::report
