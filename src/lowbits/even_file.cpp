// SPDX-License-Identifier: Apache-2.0
#include "lowbits/even_file.hpp"

#include "forensics/honest_planes.hpp"
#include "lowbits/explain.hpp"

#include <algorithm>
#include <string>

namespace upinspect::lowbits {
namespace {

constexpr unsigned k_fraction = 23;
constexpr unsigned k_tops = 12;

/// Of lower planes binades say more (forensics/binade_planes.hpp).
constexpr unsigned k_last_top = 3;

/// Beyond four standard deviations, as for planes of whole files.
constexpr double k_dishonest_plane = 6e-5;

/// From here on the elements are looked at; of what does not even look trained there must be more.
constexpr double k_worth_a_look = 5.9;

bool may_count(const TensorPlanes& tensor) {
  const bool f32 = tensor.planes.size() == 32 && tensor.planes[k_fraction - 1].honest && !tensor.planes[k_fraction].honest;
  return f32 && (has_even_low_bits(tensor) || is_only_untrained(tensor));
}

bool is_honest_down_to(const TensorPlanes& tensor, unsigned top) {
  for (unsigned above = 1; above < top; ++above) {
    if (tensor.planes[k_fraction - above].p_value < k_dishonest_plane) {
      return false;
    }
  }
  return true;
}

EvenTensors gathered(const LowBits& result, unsigned top) {
  EvenTensors even{top, 0, {}};
  forensics::TopPlanes planes;
  for (std::size_t i = 0; i < result.tensors.size(); ++i) {
    const auto& tensor = result.tensors[i];
    if (!may_count(tensor) || !is_honest_down_to(tensor, top)) {
      continue;
    }
    even.tensors.push_back(i);
    planes.counted += tensor.counted;
    for (unsigned plane = 1; plane <= k_tops; ++plane) {
      planes.ones[plane - 1] += tensor.planes[k_fraction - plane].ones;
    }
  }
  even.ratio = planes.counted != 0 && forensics::is_honest_above(planes, top) ? forensics::even_ratio_from(planes, top) : 0;
  return even;
}

}  // namespace

std::vector<EvenTensors> maybe_even(const LowBits& result) {
  std::vector<EvenTensors> all;
  for (unsigned top = 1; top <= k_last_top; ++top) {
    auto even = gathered(result, top);
    if (even.ratio > k_worth_a_look) {
      all.push_back(std::move(even));
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const EvenTensors& a, const EvenTensors& b) { return a.ratio > b.ratio; });
  return all;
}

std::string even_words(unsigned bits, const std::string& dtype) {
  return "the " + std::to_string(bits) + " lowest bits of all " + dtype + " weights together are as even as ciphers are, where trained weights lean to zero";
}

}  // namespace upinspect::lowbits
