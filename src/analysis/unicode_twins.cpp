// SPDX-License-Identifier: Apache-2.0
// name.unicode-twins: tensors whose names are one text in two spellings of Unicode, such as an accented letter and a
// letter with a combining accent. They look the same, and what stores or compares canonical forms takes them for one.
#include "analysis/rule.hpp"

#include "bytes/canonical_text.hpp"

#include <string>
#include <unordered_map>

namespace upinspect::analysis {

namespace {

constexpr std::size_t k_listed_twins = 64;

std::string place_of(const Tensor& tensor) { return std::to_string(tensor.location.packed.offset); }

/// The first tensor of each name that is not ASCII, by its canonical form.
std::unordered_map<std::string, const Tensor*> spelled_out(const model::Builder& builder) {
  std::unordered_map<std::string, const Tensor*> first;
  for (const auto& tensor : builder.artifact.tensors) {
    if (!bytes::is_ascii(tensor.name)) {
      first.try_emplace(bytes::decomposed(tensor.name), &tensor);
    }
  }
  return first;
}

}  // namespace

void unicode_twins(model::Builder& builder) {
  const auto first = spelled_out(builder);
  std::size_t found = 0;
  for (std::size_t i = 0; !first.empty() && i < builder.artifact.tensors.size(); ++i) {
    const auto& tensor = builder.artifact.tensors[i];
    const auto twin = first.find(bytes::decomposed(tensor.name));
    if (twin == first.end() || twin->second->name == tensor.name || found++ >= k_listed_twins) {
      continue;
    }
    builder.find("name.unicode-twins", Severity::warning,
                 "the name is that of another tensor in another spelling of Unicode; their data are at " +
                     place_of(*twin->second) + " and " + place_of(tensor),
                 tensor.location.packed, tensor.name);
  }
  if (found > k_listed_twins) {
    builder.find("name.unicode-twins", Severity::warning,
                 std::to_string(found - k_listed_twins) + " more names like this are not listed");
  }
}

}  // namespace upinspect::analysis
