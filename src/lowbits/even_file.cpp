// SPDX-License-Identifier: Apache-2.0
#include "lowbits/even_file.hpp"

namespace upinspect::lowbits {
namespace {

constexpr std::size_t k_fraction = 23;
constexpr std::size_t k_highest = 3;

/// Beyond four standard deviations, as for planes of whole files.
constexpr double k_dishonest_plane = 6e-5;

}  // namespace

std::size_t honest_planes(const TensorPlanes& tensor) {
  std::size_t honest = 0;
  while (honest < k_highest && tensor.planes.size() > k_fraction && tensor.planes[k_fraction - 1 - honest].p_value >= k_dishonest_plane) {
    ++honest;
  }
  return honest;
}

std::string even_words(unsigned bits, const std::string& dtype) {
  return "the " + std::to_string(bits) + " lowest bits of all " + dtype + " weights together are as even as ciphers are, where trained weights lean to zero";
}

}  // namespace upinspect::lowbits
