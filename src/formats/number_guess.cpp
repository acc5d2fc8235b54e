// SPDX-License-Identifier: Apache-2.0
#include "formats/number_guess.hpp"

namespace upinspect::formats {

namespace {

// Each block starts on a multiple of 8.
constexpr std::uint64_t k_sample_blocks = 64;
constexpr std::uint64_t k_block_bytes = 16384;

std::vector<std::byte> take_sample(const bytes::Source& source) {
  std::vector<std::byte> sample;
  if (source.size() <= k_sample_blocks * k_block_bytes) {
    sample.resize(static_cast<std::size_t>(source.size()));
    source.read_at(0, sample);
    return sample;
  }
  sample.resize(k_sample_blocks * k_block_bytes);
  for (std::uint64_t i = 0; i < k_sample_blocks; ++i) {
    // Divided first, so that no product can overflow; the last block then ends at or just before the end.
    const auto room = source.size() - k_block_bytes;
    const auto offset = room / (k_sample_blocks - 1) * i / 8 * 8;
    source.read_at(offset, std::span(sample).subspan(static_cast<std::size_t>(i * k_block_bytes), k_block_bytes));
  }
  return sample;
}

}  // namespace

numeric::DtypeGuess guess_numbers(const bytes::Source& source) { return numeric::guess_dtype(take_sample(source)); }

}  // namespace upinspect::formats
