// SPDX-License-Identifier: Apache-2.0
// Samples are laid out in strips of eight features. A tile of products, four by eight or eight by eight, stays in registers while
// the samples of a piece pass by; tiles on and above the diagonal are enough.
#include "numeric/gram.hpp"

#include "numeric/instruction_set.hpp"

#include <algorithm>
#include <cstring>

namespace upinspect::numeric {

namespace {

constexpr std::size_t k_strip = 8;

/// Some features by one strip: as many registers as hold the strip for each of `rows` features.
template <std::size_t rows, std::size_t lanes>
struct Tile {
  static constexpr std::size_t k_rows = rows;
  static constexpr std::size_t k_lanes = lanes;
  static constexpr std::size_t k_registers = k_strip / lanes;
  // No wider than the processor's: g++ 12 keeps those in memory.
  using Register __attribute__((vector_size(lanes * sizeof(double)))) = double;
};
using SmallTile = Tile<4, 4>;
using WideTile = Tile<8, 8>;

struct Piece {
  const double* strips;
  double* sums;
  std::size_t samples;
  std::size_t count;  ///< of strips
};

/// Features from `row` on by the eight of `strip`.
template <typename Tile>
UPINSPECT_INLINE void add_tile(const Piece& piece, std::size_t row, std::size_t strip) {
  using Register = typename Tile::Register;
  const double* left = piece.strips + (row / k_strip) * piece.samples * k_strip + row % k_strip;
  const double* right = piece.strips + strip * piece.samples * k_strip;
  Register sums[Tile::k_rows][Tile::k_registers] = {};
  for (std::size_t s = 0; s < piece.samples; ++s) {
    // One by one: all in one go g++ 12 copies them through memory, and waits for it.
    Register values[Tile::k_registers];
#pragma GCC unroll 2
    for (std::size_t i = 0; i < Tile::k_registers; ++i) {
      std::memcpy(&values[i], right + s * k_strip + i * Tile::k_lanes, sizeof values[i]);
    }
#pragma GCC unroll 8
    for (std::size_t r = 0; r < Tile::k_rows; ++r) {
#pragma GCC unroll 2
      for (std::size_t i = 0; i < Tile::k_registers; ++i) {
        sums[r][i] += left[s * k_strip + r] * values[i];
      }
    }
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < Tile::k_rows; ++r) {
    double* out = piece.sums + ((row + r) * piece.count + strip) * k_strip;
#pragma GCC unroll 2
    for (std::size_t i = 0; i < Tile::k_registers; ++i) {
      Register there;
      std::memcpy(&there, out + i * Tile::k_lanes, sizeof there);
      there += sums[r][i];
      std::memcpy(out + i * Tile::k_lanes, &there, sizeof there);
    }
  }
}

template <typename Tile>
UPINSPECT_INLINE void add_all(const Piece& piece) {
  for (std::size_t strip = 0; strip < piece.count; ++strip) {
    for (std::size_t row = 0; row < (strip + 1) * k_strip; row += Tile::k_rows) {
      add_tile<Tile>(piece, row, strip);
    }
  }
}

#if defined(__x86_64__)
UPINSPECT_FOR_AVX2 void add_avx2(const Piece& piece) { add_all<SmallTile>(piece); }
UPINSPECT_FOR_AVX512 void add_avx512(const Piece& piece) { add_all<WideTile>(piece); }
#endif

void add_tiles(const Piece& piece) {
#if defined(__x86_64__)
  switch (instruction_set()) {
    case InstructionSet::avx512: return add_avx512(piece);
    case InstructionSet::avx2: return add_avx2(piece);
    case InstructionSet::plain: break;
  }
#endif
  add_all<SmallTile>(piece);
}

/// Eight rows of samples to samples of eight features.
void turn(const double* from, std::size_t stride, std::size_t samples, double* out) {
  for (std::size_t s = 0; s < samples; ++s) {
#pragma GCC unroll 8
    for (std::size_t f = 0; f < k_strip; ++f) {
      out[s * k_strip + f] = from[s + f * stride];
    }
  }
}

/// The strips of a block of samples; features beyond the width stay zero.
void lay_out(const SampleBlock& block, std::size_t width, double* out) {
  for (std::size_t first = 0; first < width; first += k_strip) {
    const auto features = std::min(k_strip, width - first);
    const double* from = block.values + first * block.feature_stride;
    if (features == k_strip && block.feature_stride == 1) {
      for (std::size_t s = 0; s < block.samples; ++s) {
        std::memcpy(out + s * k_strip, from + s * block.sample_stride, k_strip * sizeof(double));
      }
    } else if (features == k_strip && block.sample_stride == 1) {
      turn(from, block.feature_stride, block.samples, out);
    } else {
      for (std::size_t s = 0; s < block.samples; ++s) {
        for (std::size_t f = 0; f < features; ++f) {
          out[s * k_strip + f] = from[s * block.sample_stride + f * block.feature_stride];
        }
      }
    }
    out += block.samples * k_strip;
  }
}

}  // namespace

Gram::Gram(std::size_t width)
    : m_width(width), m_strips((width + k_strip - 1) / k_strip), m_piece(m_strips * k_strip * k_samples), m_sums(m_strips * k_strip * m_strips * k_strip) {}

void Gram::add_piece(const SampleBlock& block) {
  if (block.samples < k_samples) {
    std::fill(m_piece.begin(), m_piece.end(), 0.0);
  }
  lay_out(block, m_width, m_piece.data());
  add_tiles({m_piece.data(), m_sums.data(), block.samples, m_strips});
}

void Gram::add(const SampleBlock& block) {
  for (std::size_t first = 0; first < block.samples; first += k_samples) {
    const auto samples = std::min(k_samples, block.samples - first);
    add_piece({block.values + first * block.sample_stride, samples, block.sample_stride, block.feature_stride});
  }
}

std::vector<double> Gram::matrix() const {
  std::vector<double> out(m_width * m_width);
  const auto stride = m_strips * k_strip;
  for (std::size_t i = 0; i < m_width; ++i) {
    for (std::size_t j = i; j < m_width; ++j) {
      out[i * m_width + j] = m_sums[i * stride + j];
      out[j * m_width + i] = m_sums[i * stride + j];
    }
  }
  return out;
}

}  // namespace upinspect::numeric
