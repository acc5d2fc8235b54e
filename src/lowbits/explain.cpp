// SPDX-License-Identifier: Apache-2.0
#include "lowbits/explain.hpp"

#include "forensics/honest_planes.hpp"
#include "lowbits/even_file.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

namespace upinspect::lowbits {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> k_texts = {{
    {k_upcast_f16, "widened from float16: the thirteen lowest bits are clear"},
    {k_upcast_bf16, "widened from bfloat16: the sixteen lowest bits are clear"},
    {k_upcast_f32, "widened from float32: the 29 lowest bits are clear"},
    {k_constant, "every element is the same"},
    {k_lattice, "multiples of one small step, as random initialisations are: small numbers end in zeros; not trained, or little"},
    {k_grid, "few different values, as quantised weights have: their low bits are what the grid makes them"},
    {k_repeated, "one value again and again, as clamping leaves it"},
    {k_rounded, "rounded to even again and again, as training in sixteen bits does"},
    {k_no_trained, "not spread as trained weights are: fresh, uniform or made by a formula; planes cannot be held against honest ones"},
}};

constexpr double k_unexplained = 1e-9;

void add(LowBits& result, std::string id, Severity severity, std::string message, const std::string& tensor) {
  Finding finding;
  finding.id = std::move(id);
  finding.severity = severity;
  finding.message = std::move(message);
  finding.tensor = tensor;
  result.findings.push_back(std::move(finding));
}

unsigned fraction_of(const TensorPlanes& tensor) {
  return static_cast<unsigned>(std::count_if(tensor.planes.begin(), tensor.planes.end(), [](const BitPlane& plane) { return plane.honest.has_value(); }));
}

/// The lower half of the fraction: there honest planes are even.
void add_uneven(LowBits& result) {
  for (const auto& tensor : result.tensors) {
    const auto fraction = fraction_of(tensor);
    const BitPlane* worst = nullptr;
    for (unsigned bit = 0; bit + 10 <= fraction; ++bit) {
      const auto& plane = tensor.planes[bit];
      worst = worst == nullptr || plane.p_value < worst->p_value ? &plane : worst;
    }
    const auto limit = k_unexplained / static_cast<double>(std::max<std::size_t>(1, result.tensors.size() * 13));
    if (worst != nullptr && tensor.explanations.empty() && worst->p_value < limit) {
      add(result, "lsb.uneven-plane", Severity::note,
          "bit " + std::to_string(worst->bit) + " is one in " + std::to_string(worst->ones) + " of " + std::to_string(tensor.counted) +
              " numbers, which nothing here explains; no message was found in it", tensor.name);
    }
  }
}

void add_even(LowBits& result) {
  for (const auto& tensor : result.tensors) {
    if (tensor.uniform) {
      add(result, "lsb.even-planes", Severity::warning,
          "the " + std::to_string(tensor.uniform_bits) + " lowest bits of elements " + std::to_string(tensor.uniform->first) + " to " +
              std::to_string(tensor.uniform->last) + " are as even as ciphers are, where trained weights lean to zero", tensor.name);
    }
  }
}

struct Sum {
  forensics::TopPlanes planes;
  unsigned fraction = 0;
  std::uint64_t elements = 0;
};

/// The tensors of each type that are as trained weights are, together.
std::map<std::string, Sum> sums(const LowBits& result) {
  std::map<std::string, Sum> by_dtype;
  for (const auto& tensor : result.tensors) {
    const auto fraction = fraction_of(tensor);
    if (!tensor.explanations.empty() || !forensics::is_trained(tensor.planes, fraction, tensor.counted)) {
      continue;
    }
    auto& sum = by_dtype[tensor.dtype];
    sum.fraction = fraction;
    sum.elements += tensor.elements;
    sum.planes.counted += tensor.counted;
    for (unsigned top = 1; top <= std::min<unsigned>(fraction, 12); ++top) {
      sum.planes.ones[top - 1] += tensor.planes[fraction - top].ones;
    }
  }
  return by_dtype;
}

void add_even_file(LowBits& result) {
  for (const auto& [dtype, sum] : sums(result)) {
    // Of float32 the elements themselves decide.
    const auto bits = sum.fraction == 23 ? std::nullopt : forensics::even_low_bits(sum.planes, sum.fraction);
    if (bits) {
      add(result, "lsb.even-planes", Severity::warning, even_words(*bits, dtype), "");
    }
  }
}

bool is_native(const TensorPlanes& tensor) {
  return tensor.counted >= 64 && (tensor.provenance == Provenance::native || tensor.provenance == Provenance::unknown);
}

/// The highest plane from which on random bits are seen in fewer than nine files in ten.
unsigned unseen_from(const Sum& sum, const std::vector<forensics::EvenPlanes>& evidence) {
  unsigned top = 1;
  if (sum.fraction == 23) {
    const auto seen = std::find_if(evidence.rbegin(), evidence.rend(), [](const forensics::EvenPlanes& planes) { return planes.expected >= forensics::k_mostly_seen; });
    return seen == evidence.rend() ? top : seen->top + 1;
  }
  // From about 660 * 4^(t - 1) numbers on (one false alarm in a thousand).
  while (top <= sum.fraction && 660 * std::pow(4.0, top - 1) <= static_cast<double>(sum.planes.counted)) {
    ++top;
  }
  return top;
}

}  // namespace

void explain_planes(TensorPlanes& tensor, unsigned fraction) {
  const auto say = [&tensor](std::string_view id) { tensor.explanations.emplace_back(id); };
  switch (tensor.provenance) {
    case Provenance::upcast_f16: say(k_upcast_f16); break;
    case Provenance::upcast_bf16: say(k_upcast_bf16); break;
    case Provenance::upcast_f32: say(k_upcast_f32); break;
    case Provenance::constant: say(k_constant); break;
    default: break;
  }
  if (!tensor.explanations.empty() || fraction == 0 || tensor.counted < 64) {
    return;
  }
  const auto lean = [&tensor](unsigned bit) { return 0.5 - tensor.planes[bit].p_one; };
  if (fraction <= 10 && tensor.planes[0].p_value < 1e-6 && lean(0) > lean(1) * 0.8) {
    say(k_rounded);
  }
  if (!forensics::is_trained(tensor.planes, fraction, tensor.counted)) {
    say(k_no_trained);
  }
}

bool has_even_low_bits(const TensorPlanes& tensor) {
  return is_native(tensor) && std::all_of(tensor.explanations.begin(), tensor.explanations.end(), [](const std::string& id) { return id == k_rounded; });
}

bool is_only_untrained(const TensorPlanes& tensor) {
  return is_native(tensor) && tensor.explanations.size() == 1 && tensor.explanations.front() == k_no_trained;
}

std::vector<Explanation> gather_explanations(const std::vector<TensorPlanes>& tensors) {
  std::vector<Explanation> result;
  for (const auto& [id, text] : k_texts) {
    Explanation explanation{std::string(id), std::string(text), {}};
    for (const auto& tensor : tensors) {
      if (std::find(tensor.explanations.begin(), tensor.explanations.end(), id) != tensor.explanations.end()) {
        explanation.tensors.push_back(tensor.name);
      }
    }
    if (!explanation.tensors.empty()) {
      result.push_back(std::move(explanation));
    }
  }
  return result;
}

void add_findings(LowBits& result) {
  for (const auto& payload : result.payloads) {
    if (payload.evidence >= PayloadEvidence::known_header) {
      const std::string holder = payload.layout.stream == PayloadStream::container ? "the file holds a message beside its tensors: " : "the numbers hold a message: ";
      add(result, "lsb.message", Severity::error, holder + payload.title + ", " + std::to_string(payload.size) + " bytes",
          payload.layout.tensor);
    }
  }
  for (const auto& payload : result.payloads) {
    if (payload.evidence == PayloadEvidence::structured) {
      add(result, "lsb.structured-bits", Severity::warning,
          "the " + std::to_string(payload.layout.bits) + " lowest bits of " + std::to_string(payload.layout.elements) + " elements from " +
              std::to_string(payload.layout.start_element) + " on are far from random, which nothing here explains", payload.layout.tensor);
    }
  }
  add_even(result);
  add_even_file(result);
  add_uneven(result);
  std::stable_sort(result.findings.begin(), result.findings.end(), [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
}

std::vector<BlindSpot> blind_spots(const LowBits& result, const std::vector<forensics::EvenPlanes>& evidence) {
  std::vector<BlindSpot> spots;
  for (const auto& [dtype, sum] : sums(result)) {
    BlindSpot spot;
    spot.dtype = dtype;
    spot.elements = sum.elements;
    spot.bits = sum.fraction + 1 - std::min(unseen_from(sum, evidence), sum.fraction + 1);
    spot.bytes = sum.elements / 8 * spot.bits;
    spots.push_back(spot);
  }
  return spots;
}

}  // namespace upinspect::lowbits
