// SPDX-License-Identifier: Apache-2.0
// Tensors sorted into modules by their keys, before shapes and settings say what the modules are.
#pragma once

#include "lora/keys.hpp"
#include "upinspect/artifact.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace upinspect::lora {

struct DraftPart {
  std::string role;
  const Tensor* tensor = nullptr;
};

struct Draft {
  std::string name;
  Spelling spelling = Spelling::shared;
  std::vector<DraftPart> parts;
  std::string path;        ///< in the base model, where the name does not tell it
  bool turned = false;     ///< down is stored in x r, up r x out
  bool in_by_out = false;  ///< the base stores this layer's weight in x out

  [[nodiscard]] const Tensor* part(std::string_view role) const {
    for (const auto& candidate : parts) {
      if (candidate.role == role) {
        return candidate.tensor;
      }
    }
    return nullptr;
  }
  [[nodiscard]] bool has(std::string_view role) const { return part(role) != nullptr; }
};

struct Drafts {
  std::vector<Draft> modules;        ///< in the order of the file
  std::vector<const Tensor*> other;  ///< in the order of the file
  bool guessed = false;              ///< paired by shape alone
};

/// By the table of spellings.
[[nodiscard]] Drafts drafts_by_key(const std::vector<Tensor>& tensors);

/// For names that no table knows: pairs that differ in one word (a and b, down and up) or follow one another as a bare
/// list, and whose shapes are those of two halves. Empty where they are not most of the tensors.
[[nodiscard]] Drafts drafts_by_shape(const std::vector<Tensor>& tensors);

}  // namespace upinspect::lora
