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

/// Sorted by id. Findings whose message says already what to do have no row.
constexpr auto k_advice = std::to_array<Row>({
    {"container.changed-while-read", "Look again once nothing writes to the file any more."},
    {"container.leading-data", "Look at what stands before the weights before you pass the file on."},
    {"container.malformed", "Fetch the file again and compare its size and SHA-256 with the publisher's."},
    {"container.overlapping-bytes", "No writer does this by accident: find out who made the file."},
    {"container.trailing-data", "Loaders ignore what follows the weights; look at it before you pass the file on."},
    {"container.truncated", "Fetch the file again and compare its size and SHA-256 with the publisher's."},
    {"container.unlabelled-bytes", "Loaders never look at these bytes; look at them before you pass the file on."},
    {"container.zero-filled", "The file was allocated but not written: fetch it again."},
    {"format.extension-mismatch", "Loaders may choose by the extension: give the file the one that fits its content."},
    {"format.polyglot",
     "Programs may see different content in this file: take it from a source you trust, or convert it."},
    {"lora.missing-down", "Ask for the file that holds the other half."},
    {"pickle.dangerous-global", "Do not load this file; take a safetensors copy from a source you trust."},
    {"pickle.unknown-global", "Load it with torch.load(weights_only=True) only, or take a safetensors copy."},
    {"tensor.non-finite", "Training diverged or the file is damaged: compare it with an earlier checkpoint."},
    {"zip.crc-differs", "Programs may judge this entry differently: take the file from a source you trust."},
    {"zip.crc-mismatch", "The data is not what was packed: fetch the file again."},
    {"zip.two-directories", "Programs may unpack different content from this file: take it from a source you trust."},
});

[[nodiscard]] constexpr bool before(const Row& a, const Row& b) { return a.id < b.id; }
static_assert(std::is_sorted(k_advice.begin(), k_advice.end(), before));

}  // namespace

std::string_view advice(std::string_view finding_id) noexcept {
  const auto found =
      std::lower_bound(k_advice.begin(), k_advice.end(), finding_id,
                       [](const Row& row, std::string_view id) { return row.id < id; });
  return found != k_advice.end() && found->id == finding_id ? found->text : std::string_view{};
}

}  // namespace upinspect::report
