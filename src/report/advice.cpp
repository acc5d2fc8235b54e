// SPDX-License-Identifier: Apache-2.0
#include "report/advice.hpp"

#include <algorithm>
#include <array>

namespace upinspect::report {
namespace {

struct Row {
  std::string_view id;
  std::string_view text;
};

/// Sorted by id.
constexpr std::array<Row, 8> k_advice = {{
    {"container.lfs-pointer", "Run git lfs pull to fetch the file that this pointer stands for."},
    {"container.trailing-data", "Loaders ignore what follows the weights; look at it before you pass the file on."},
    {"container.truncated", "Fetch the file again and compare its size and SHA-256 with the publisher's."},
    {"lora.missing-down", "Ask for the file that holds the other half."},
    {"pickle.dangerous-global", "Do not load this file; take a safetensors copy from a source you trust."},
    {"pickle.unknown-global", "Load it with torch.load(weights_only=True) only, or take a safetensors copy."},
    {"tensor.infinite", "Training diverged or the file is damaged; compare it with an earlier checkpoint."},
    {"tensor.nan", "Training diverged or the file is damaged; compare it with an earlier checkpoint."},
}};

}  // namespace

std::string_view advice(std::string_view finding_id) noexcept {
  const auto found =
      std::lower_bound(k_advice.begin(), k_advice.end(), finding_id,
                       [](const Row& row, std::string_view id) { return row.id < id; });
  return found != k_advice.end() && found->id == finding_id ? found->text : std::string_view{};
}

}  // namespace upinspect::report
