// SPDX-License-Identifier: Apache-2.0
#include "convert/base.hpp"

#include "bytes/json_reader.hpp"
#include "bytes/source.hpp"
#include "convert/refusal.hpp"
#include "inspect/opened.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <string_view>

namespace upinspect::convert {

namespace {

namespace fs = std::filesystem;

constexpr const char* k_base_config = "config.json";

/// What a model's folder calls its weights, the one that loaders prefer first.
constexpr std::array<std::string_view, 8> k_weights{
    "model.safetensors.index.json", "diffusion_pytorch_model.safetensors.index.json", "model.safetensors",
    "diffusion_pytorch_model.safetensors", "pytorch_model.bin.index.json", "diffusion_pytorch_model.bin.index.json",
    "pytorch_model.bin", "diffusion_pytorch_model.bin"};

void read_weights(const std::string& path, InspectOptions options, BaseFacts& facts) {
  constexpr std::string_view k_weight = ".weight";
  options.depth = Depth::headers;
  try {
    const inspecting::Opened base(path, options);
    for (const auto& tensor : base.artifact().tensors) {
      if (tensor.name.ends_with(k_weight)) {
        facts.weights.emplace(tensor.name.substr(0, tensor.name.size() - k_weight.size()), tensor.shape);
      }
    }
    facts.header = base.artifact().metadata;
  } catch (const InputError& error) {
    throw Refusal(path + ": " + error.what());
  }
}

}  // namespace

std::string weights_of_base(const std::string& base) {
  std::error_code error;
  if (!fs::is_directory(base, error)) {
    return base;
  }
  for (const auto& name : k_weights) {
    if (const auto path = fs::path(base) / name; fs::is_regular_file(path, error)) {
      return path.string();
    }
  }
  return {};
}

Value config_beside_base(const std::string& weights) {
  constexpr std::uint64_t k_largest = std::uint64_t{1} << 20;
  const auto path = fs::path(weights).parent_path() / k_base_config;
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return nullptr;
  }
  try {
    const bytes::FileSource source(path.string());
    std::string text(static_cast<std::size_t>(std::min(source.size(), k_largest)), '\0');
    source.read_at(0, std::as_writable_bytes(std::span(text)));
    return bytes::parse_json(text, 0, k_base_config);
  } catch (const std::exception&) {  // what it would say is missing then, and whoever needs it says so
    return nullptr;
  }
}

BaseFacts read_base(const std::string& base, InspectOptions options) {
  std::error_code error;
  BaseFacts facts;
  const bool folder = fs::is_directory(base, error);
  facts.config = config_beside_base(folder ? (fs::path(base) / k_base_config).string() : base);
  const bool only_config = fs::path(base).filename() == k_base_config && facts.config.if_object() != nullptr;
  if (const auto weights = weights_of_base(base); !weights.empty() && !only_config) {
    read_weights(weights, std::move(options), facts);
  }
  const bool enough = !facts.weights.empty() || ((folder || only_config) && facts.config.if_object() != nullptr);
  if (!enough) {
    throw Refusal(base + ": names no weights of a base model");
  }
  return facts;
}

}  // namespace upinspect::convert
