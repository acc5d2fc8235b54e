// SPDX-License-Identifier: Apache-2.0
#include "inspect/base_model.hpp"

#include "analysis/base_fit_rules.hpp"
#include "inspect/conduct.hpp"
#include "lora/base_fit.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

namespace upinspect::inspecting {

namespace {

namespace fs = std::filesystem;

/// What a model's folder calls its weights, the one that loaders prefer first.
constexpr std::array<const char*, 9> k_weights{
    "model.safetensors.index.json", "diffusion_pytorch_model.safetensors.index.json", "model.safetensors",
    "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors", "pytorch_model.bin.index.json",
    "diffusion_pytorch_model.bin.index.json", "pytorch_model.bin", "diffusion_pytorch_model.bin"};

/// Folders of a diffusers pipeline that adapters act on. Their names are the first part of a tensor's canonical name.
constexpr std::array<const char*, 5> k_components{"unet", "transformer", "text_encoder", "text_encoder_2", "text_encoder_3"};

std::string weights_in(const fs::path& folder) {
  std::error_code error;
  for (const auto* name : k_weights) {
    if (fs::is_regular_file(folder / name, error)) {
      return (folder / name).string();
    }
  }
  return {};
}

/// A folder's only weight file, whatever it is called.
std::string only_file_in(const fs::path& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end && found.size() < 2; it.increment(error)) {
    const auto ending = it->path().extension();
    std::error_code ignored;
    if ((ending == ".safetensors" || ending == ".gguf" || ending == ".ckpt") && it->is_regular_file(ignored)) {
      found.push_back(it->path().string());
    }
  }
  return found.size() == 1 ? found.front() : std::string();
}

InspectOptions header_options(const InspectOptions& options) {
  InspectOptions out;
  out.depth = Depth::headers;
  out.sha256 = false;
  out.limits = options.limits;
  out.jobs = options.jobs;
  out.stop = options.stop;
  return out;
}

}  // namespace

BaseModel::BaseModel(const std::string& path, const InspectOptions& options) : m_options(header_options(options)), m_path(path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    open(path, "");
    return;
  }
  if (const auto file = weights_in(path); !file.empty()) {
    open(file, "");
    return;
  }
  for (const auto* component : k_components) {
    if (const auto file = weights_in(fs::path(path) / component); !file.empty()) {
      open(file, component);
    }
  }
  if (m_tensors.empty()) {
    const auto file = only_file_in(path);
    if (file.empty()) {
      throw InputError("has none of the weights that a model's folder has (model.safetensors, pytorch_model.bin, their indices, or "
                       "unet, transformer and text_encoder with such); name the file");
    }
    open(file, "");
  }
}

void BaseModel::open(const std::string& file, const std::string& component) {
  auto artifact = inspect_path(file, m_options, Neighbours::followed).artifact;
  const auto named = file == m_path ? std::string() : file + " ";
  if (artifact.tensors.empty()) {
    throw InputError(named + "is no base model: it holds no tensors (" + artifact.format.title + ")");
  }
  if (artifact.adapter && !artifact.adapter->guessed && component.empty()) {
    throw InputError(named + "is no base model: it is an adapter itself (" + artifact.adapter->family_title + ")");
  }
  m_title = m_title.empty() ? artifact.format.title : m_title;
  for (auto& tensor : artifact.tensors) {
    tensor.name = component.empty() ? tensor.name : component + "." + tensor.name;
    m_tensors.push_back(std::move(tensor));
  }
}

void BaseModel::judge(Artifact& artifact) const {
  if (artifact.adapter) {
    artifact.base_fit = lora::fit_to_base(*artifact.adapter, artifact.tensors, m_tensors);
    artifact.base_fit->path = m_path;
    artifact.base_fit->title = m_title;
  }
  analysis::judge_base_fit(artifact);
  sort_findings(artifact.findings);
}

}  // namespace upinspect::inspecting
