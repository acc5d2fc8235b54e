// SPDX-License-Identifier: Apache-2.0
#include "inspect/triad_shapes.hpp"

#include <algorithm>
#include <array>

namespace upinspect::inspecting {

namespace {

constexpr std::uint64_t k_largest_rank = 1024;
constexpr std::size_t k_listed = 5;

/// Ranks as trainers offer them, the most frequent first: the cost is the place's half.
constexpr std::array<std::uint64_t, 10> k_ranks{8, 16, 32, 64, 4, 128, 2, 256, 1, 512};

/// Hidden and projection widths of SD, SDXL, Flux, BERT, GPT-2, Llama, Mistral, Qwen, Gemma, Phi and T5.
constexpr std::array<std::uint64_t, 9> k_common_widths{320, 640, 768, 1024, 1280, 2048, 3072, 4096, 5120};
constexpr std::array<std::uint64_t, 35> k_widths{384,  512,  896,   1152,  1536,  1600,  1792,  2304,  2560,  2816,  3456, 3584,
                                                 3840, 4608, 5376,  6144,  6656,  7168,  8192,  9216,  10240, 11008, 12288, 13824, 14336,
                                                 15360, 16384, 18432, 18944, 21504, 22016, 24576, 25600, 28672, 29568};

unsigned rank_cost(std::uint64_t rank) {
  const auto* const place = std::find(k_ranks.begin(), k_ranks.end(), rank);
  const auto index = static_cast<unsigned>(place - k_ranks.begin());
  return place != k_ranks.end() ? index / 2 : rank % 4 == 0 ? 6 : 8;
}

unsigned width_cost(std::uint64_t width) {
  const auto among = [width](const auto& table) { return std::find(table.begin(), table.end(), width) != table.end(); };
  return among(k_common_widths) ? 0 : among(k_widths) ? 1 : width % 64 == 0 ? 3 : width % 8 == 0 ? 5 : 8;
}

}  // namespace

std::vector<std::uint64_t> ranks_that_fit(std::uint64_t up_elements, std::uint64_t down_elements) {
  std::vector<std::pair<unsigned, std::uint64_t>> fitting;
  for (std::uint64_t rank = 1; rank <= k_largest_rank; ++rank) {
    if (up_elements % rank != 0 || down_elements % rank != 0) {
      continue;
    }
    const auto out = up_elements / rank;
    const auto in = down_elements / rank;
    if (out >= rank && in >= rank) {
      fitting.emplace_back(rank_cost(rank) + width_cost(out) + width_cost(in), rank);
    }
  }
  std::sort(fitting.begin(), fitting.end());
  std::vector<std::uint64_t> ranks;
  for (const auto& [cost, rank] : fitting) {
    ranks.push_back(rank);
  }
  return ranks;
}

std::optional<std::uint64_t> rank_of_shape(const std::vector<std::uint64_t>& shape, std::uint64_t up_elements, std::uint64_t down_elements) {
  if (shape.size() != 2 || shape[0] == 0 || shape[1] == 0) {
    return std::nullopt;
  }
  const auto is_shape_of = [&shape](std::uint64_t elements) { return elements % shape[0] == 0 && elements / shape[0] == shape[1]; };
  const bool as_up = is_shape_of(up_elements) && down_elements % shape[1] == 0;
  const bool as_down = is_shape_of(down_elements) && up_elements % shape[0] == 0;
  if (as_up && as_down) {
    return std::min(shape[0], shape[1]);
  }
  return as_up ? std::optional(shape[1]) : as_down ? std::optional(shape[0]) : std::nullopt;
}

std::string candidates_text(const std::vector<std::uint64_t>& ranks, std::uint64_t up_elements, std::uint64_t down_elements) {
  std::string text;
  for (std::size_t i = 0; i < ranks.size() && i < k_listed; ++i) {
    const auto rank = std::to_string(ranks[i]);
    text += (i == 0 ? "" : ", ") + rank + " (" + std::to_string(up_elements / ranks[i]) + " x " + rank + " and " + rank + " x " +
            std::to_string(down_elements / ranks[i]) + ")";
  }
  return ranks.size() > k_listed ? text + " and " + std::to_string(ranks.size() - k_listed) + " more" : text;
}

}  // namespace upinspect::inspecting
