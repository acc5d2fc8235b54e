// SPDX-License-Identifier: Apache-2.0
#include "forensics/fraction_repeats.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace upinspect::forensics {
namespace {

constexpr std::size_t k_most_sampled = 65536;
constexpr std::size_t k_enough_pairs = 1000;
constexpr unsigned k_fraction_bits = 23;
constexpr std::uint64_t k_fraction = (std::uint64_t{1} << k_fraction_bits) - 1;
constexpr std::uint64_t k_magnitude = 0x7fffffff;

struct FractionPlace {
  std::uint64_t fraction = 0;
  std::size_t index = 0;
};

/// Sorted by the fraction, equal ones by where they are. Those of powers of two are left out, which all grids have.
std::vector<FractionPlace> sampled_fractions(const ElementRun& run) {
  const auto step = std::max<std::size_t>(1, run.count() / k_most_sampled);
  std::vector<FractionPlace> places;
  for (std::size_t i = 0; i + 1 < run.count(); i += step) {
    if ((run.at(i) & k_magnitude) != 0 && (run.at(i) & k_fraction) != 0) {
      places.push_back({run.at(i) & k_fraction, i});
    }
  }
  std::sort(places.begin(), places.end(), [](const FractionPlace& a, const FractionPlace& b) { return a.fraction != b.fraction ? a.fraction < b.fraction : a.index < b.index; });
  return places;
}

/// How often sign and exponent are the same where the fraction comes again, and of the number behind that, whose fraction says nothing.
struct Repeats {
  std::size_t pairs = 0;
  std::size_t again = 0;
  std::size_t beside = 0;
  std::size_t once = 0;   ///< fractions that do not come again
};

Repeats repeats_among(const ElementRun& run, const std::vector<FractionPlace>& places) {
  const auto above = [&run](std::size_t index) { return run.at(index) >> k_fraction_bits; };
  Repeats repeats;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const bool as_before = i > 0 && places[i - 1].fraction == places[i].fraction;
    const bool as_behind = i + 1 < places.size() && places[i + 1].fraction == places[i].fraction;
    repeats.once += as_before || as_behind ? 0U : 1U;
    if (as_behind) {
      ++repeats.pairs;
      repeats.again += above(places[i].index) == above(places[i + 1].index) ? 1U : 0U;
      repeats.beside += above(places[i].index) == above(places[i + 1].index + 1) ? 1U : 0U;
    }
  }
  return repeats;
}

}  // namespace

bool repeats_in_fractions_alone(const ElementRun& run) {
  if (run.width != 4) {
    return false;
  }
  const auto places = sampled_fractions(run);
  const auto found = repeats_among(run, places);
  const bool exponents_vary = found.beside * 2 < found.pairs;
  return found.pairs >= k_enough_pairs && exponents_vary && found.once * 4 >= places.size() && found.again * 4 <= found.beside * 5;
}

}  // namespace upinspect::forensics
