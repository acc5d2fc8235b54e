// SPDX-License-Identifier: Apache-2.0
// A base model's headers, for adapters to be held against.
#pragma once

#include "upinspect/inspect.hpp"

#include <string>
#include <vector>

namespace upinspect::inspecting {

/// The tensors of a model: a file, an index with its shards, a model's folder, or a folder of diffusers with its
/// components. No tensor byte is read.
class BaseModel {
 public:
  /// Throws InputError where there is nothing to read, where it holds no tensors, or where it is an adapter itself.
  explicit BaseModel(const std::string& path, const InspectOptions& options = {});

  /// Fills in `base_fit` and the findings that follow from it, where the artifact is an adapter.
  void judge(Artifact& artifact) const;

 private:
  void open(const std::string& file, const std::string& component);

  InspectOptions m_options;
  std::string m_path;
  std::string m_title;
  std::vector<Tensor> m_tensors;
};

}  // namespace upinspect::inspecting
