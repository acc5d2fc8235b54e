// SPDX-License-Identifier: Apache-2.0
// Changes that a formula reproduces bit for bit.
#include "diff/classify.hpp"
#include "diff/every_pair.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace upinspect::diff {
namespace {

using numeric::ElementFormat;
using numeric::Scale;
using numeric::SmallFloat;

constexpr SmallFloat k_f32{8, 23, 127, numeric::Specials::ieee};

struct Target {
  SmallFloat layout;
  ChangeKind kind;
  const char* name;
};
constexpr std::array k_targets = {Target{k_f32, ChangeKind::cast_f32, "float32"}, Target{numeric::k_f16, ChangeKind::cast_f16, "float16"},
                                  Target{numeric::k_bf16, ChangeKind::cast_bf16, "bfloat16"}};

bool is_rounded(const ElementFormat& before, std::uint64_t old_bits, const ElementFormat& after, std::uint64_t new_bits,
                const SmallFloat& target) {
  const auto wanted = numeric::rounded_to(target, numeric::value_of(before, old_bits));
  const auto got = numeric::value_of(after, new_bits);
  if (std::isnan(wanted)) {
    // Of a NaN's payload as much is left as the narrower type holds.
    const auto dropped = after.layout.fraction_bits - std::min(after.layout.fraction_bits, target.fraction_bits);
    return std::isnan(got) && (new_bits & ((std::uint64_t{1} << dropped) - 1)) == 0;
  }
  return std::bit_cast<std::uint64_t>(wanted) == std::bit_cast<std::uint64_t>(got);
}

template <typename Test>
bool all_kept(const Case& of, const Test& test) {
  const auto& kept = of.difference.kept;
  return std::all_of(kept.begin(), kept.end(), [&test](const auto& element) { return test(element.before, element.after); });
}

/// The constants c for which new is old * c rounded once: an interval that every element narrows.
struct Factor {
  double least = -std::numeric_limits<double>::infinity();
  double greatest = std::numeric_limits<double>::infinity();

  /// False once no constant is left, or an element cannot come from any.
  bool narrow(const ElementFormat& format, std::uint64_t old_bits, std::uint64_t new_bits) {
    const auto before = numeric::value_of(format, old_bits);
    const auto after = numeric::value_of(format, new_bits);
    if (before == 0 || !std::isfinite(before) || !std::isfinite(after)) {
      return old_bits == new_bits || (before == 0 && after == 0);
    }
    if (std::fabs(after) < std::ldexp(1.0, 2 - format.layout.bias) * std::ldexp(1.0, static_cast<int>(format.layout.fraction_bits))) {
      return true;  // near the subnormal numbers rounding is coarser than its share
    }
    const auto ratio = after / before;
    const auto slack = std::fabs(ratio) * std::ldexp(1.0001, -static_cast<int>(format.layout.fraction_bits) - 1);
    least = std::max(least, ratio - slack);
    greatest = std::min(greatest, ratio + slack);
    return least <= greatest;
  }

  [[nodiscard]] bool is_one() const { return least <= 1 && greatest >= 1; }
};

std::string named(const Case& of, const char* target) {
  return fmt::format("every one of {} values is the old one rounded to {}", of.difference.elements, target);
}

}  // namespace

std::optional<Explanation> explain_cast(const Case& of) {
  const auto& format = of.difference.format;
  if (format.scale != Scale::floating || of.difference.kept.empty()) {
    return std::nullopt;
  }
  for (const auto& target : k_targets) {
    const auto test = [&](std::uint64_t before, std::uint64_t after) { return is_rounded(format, before, format, after, target.layout); };
    const bool narrower = target.layout.fraction_bits < format.layout.fraction_bits && target.layout.exponent_bits <= format.layout.exponent_bits;
    if (narrower && all_kept(of, test) && every_pair(of.pair, test)) {
      Explanation explanation;
      explanation.kind = target.kind;
      explanation.why = named(of, target.name);
      return explanation;
    }
  }
  return std::nullopt;
}

std::optional<Explanation> explain_truncation(const Case& of) {
  const auto bits = static_cast<unsigned>(std::bit_width(of.difference.flipped_bits));
  if (of.difference.format.scale == Scale::opaque || bits >= of.difference.format.bits()) {
    return std::nullopt;
  }
  const auto low = (std::uint64_t{1} << bits) - 1;
  const auto test = [low](std::uint64_t before, std::uint64_t after) { return after == (before & ~low); };
  // A few cleared bits are what a message of zeros looks like, too; two elements of a tensor are no rule.
  if (of.difference.changed < 8 || !all_kept(of, test) || !every_pair(of.pair, test)) {
    return std::nullopt;
  }
  Explanation explanation;
  explanation.kind = ChangeKind::truncation;
  explanation.why = fmt::format("the {} lowest bits of every value are cleared, all others are as they were", bits);
  return explanation;
}

std::optional<Explanation> explain_scaling(const Case& of) {
  const auto& format = of.difference.format;
  if (format.scale != Scale::floating || of.difference.changed < 8) {
    return std::nullopt;
  }
  Factor factor;
  const auto test = [&](std::uint64_t before, std::uint64_t after) { return factor.narrow(format, before, after); };
  if (!all_kept(of, test) || factor.is_one() || !std::isfinite(factor.least) || !every_pair(of.pair, test) || factor.is_one()) {
    return std::nullopt;
  }
  Explanation explanation;
  explanation.kind = ChangeKind::scaled;
  explanation.why = fmt::format("every value is the old one times {:.7g}, rounded once", (factor.least + factor.greatest) / 2);
  return explanation;
}

std::string explain_conversion(const Pair& pair) {
  const auto before = numeric::element_format(pair.old_tensor().dtype);
  const auto after = numeric::element_format(pair.new_tensor().dtype);
  if (before.scale != Scale::floating || after.scale != Scale::floating || pair.old_tensor().shape != pair.new_tensor().shape) {
    return {};
  }
  const bool ieee = after.layout.specials == numeric::Specials::ieee;
  const auto exact = [&](std::uint64_t old_bits, std::uint64_t new_bits) {
    const auto wanted = numeric::value_of(before, old_bits);
    const auto got = numeric::value_of(after, new_bits);
    return std::isnan(wanted) ? std::isnan(got) : wanted == got;
  };
  if (every_pair(pair, exact)) {
    return "every value is the same number, in another type";
  }
  const auto rounds = [&](std::uint64_t old_bits, std::uint64_t new_bits) { return is_rounded(before, old_bits, after, new_bits, after.layout); };
  return ieee && every_pair(pair, rounds) ? "every value is the old one rounded to the new type" : std::string();
}

}  // namespace upinspect::diff
