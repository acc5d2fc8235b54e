// SPDX-License-Identifier: Apache-2.0
#include "lowbits/part_facts.hpp"

#include "forensics/fraction_repeats.hpp"
#include "lowbits/explain.hpp"
#include "lowbits/field_payload.hpp"

#include <algorithm>
#include <bit>

namespace upinspect::lowbits {
namespace {

using forensics::BrokenUpcast;
using forensics::ElementRun;

constexpr std::uint64_t k_longest_honest_run = 128;

/// Of a grid at least a fifth of the numbers repeat others.
constexpr double k_few_distinct = 0.8;

/// Elements that a message names one by one.
constexpr std::size_t k_most_named = 64;

bool is_on_grid(const PartFacts& facts) { return facts.repeated.distinct < k_few_distinct && !facts.fractions_alone; }

void add_warning(LowBits& result, std::string id, std::string message, const std::string& tensor) {
  Finding finding;
  finding.id = std::move(id);
  finding.severity = Severity::warning;
  finding.message = std::move(message);
  finding.tensor = tensor;
  result.findings.push_back(std::move(finding));
}

std::string elements_in_words(const BrokenUpcast& broken, std::uint64_t first) {
  std::string words;
  for (std::size_t i = 0; i < std::min(broken.elements.size(), k_most_named); ++i) {
    words += (i == 0 ? "" : ", ") + std::to_string(first + broken.elements[i]);
  }
  return words + (broken.touched > k_most_named ? ", … to " + std::to_string(first + broken.last) : "");
}

std::string broken_in_words(const BrokenUpcast& broken, std::uint64_t first) {
  const auto type = std::string(broken.origin == Provenance::upcast_f16 ? "float16" : "bfloat16");
  const auto highest = std::to_string(std::bit_width(broken.low_bits) - 1);
  if (broken.conforming * 2 <= broken.conforming + broken.touched) {
    return "the bits above bit " + highest + " are clear as in numbers that were widened from " + type + ", but those up to it are not: " +
           std::to_string(broken.touched) + " numbers were written to: elements " + elements_in_words(broken, first);
  }
  return std::to_string(broken.conforming) + " numbers were widened from " + type + ", but of " + std::to_string(broken.touched) +
         " the lowest bits, up to bit " + highest + ", are not clear: elements " + elements_in_words(broken, first);
}

void add_broken(const Loaded& loaded, std::size_t index, const BrokenUpcast& broken, LowBits& result, std::vector<Payload>& fields) {
  const auto& part = loaded.carrier.parts[index];
  add_warning(result, "lsb.broken-upcast", broken_in_words(broken, part.first), part.tensor);
  const auto bits = static_cast<unsigned>(std::bit_width(broken.low_bits));
  // What begins or ends within a byte of the tensor's ends does so with zeros.
  const auto first = broken.elements.front() * bits < 8 ? 0 : broken.elements.front();
  const auto last = (part.count - broken.last) * bits <= 8 ? part.count - 1 : broken.last;
  const Stretch where{first, last};
  fields.push_back(broken_payload(loaded.carrier, index, where, bits));
}

void add_marked(const Loaded& loaded, std::size_t index, const Stretch& marked, LowBits& result, std::vector<Payload>& fields) {
  const auto& part = loaded.carrier.parts[index];
  add_warning(result, "lsb.marked-run", std::to_string(marked.last - marked.first + 1) + " elements in a row from " + std::to_string(part.first + marked.first) +
      " on have one highest byte but for the sign, as fast substitution (EvilModel) leaves them; honest weights show 88 at most", part.tensor);
  fields.push_back(field_payload(loaded.carrier, index, marked, 24, "three bytes below one highest byte, as fast substitution writes them"));
}

void add_whole(const Loaded& loaded, std::size_t index, const forensics::EvenFraction& whole, LowBits& result, std::vector<Payload>& fields) {
  const auto& part = loaded.carrier.parts[index];
  const bool reserved = whole.bits == 24;
  const auto where = "of elements " + std::to_string(part.first + whole.where.first) + " to " + std::to_string(part.first + whole.where.last);
  add_warning(result, reserved ? "lsb.reserved-byte" : "lsb.even-planes",
      where + (reserved ? " all bits but the highest byte are even, exponents' lowest bit included, as MSB reservation (EvilModel) leaves them; no honest weights show that"
                        : " all 23 bits of the fraction are as even as ciphers are, which neither trained nor uniform weights show"),
      part.tensor);
  fields.push_back(field_payload(loaded.carrier, index, whole.where, whole.bits, reserved ? "three bytes below the highest one, as MSB reservation writes them"
                                                                                          : "all bits of the fraction"));
}

}  // namespace

ElementRun part_of(const Loaded& loaded, std::size_t index) {
  const auto& part = loaded.carrier.parts[index];
  const auto width = std::size_t{loaded.carrier.width};
  return {std::span(loaded.carrier.bytes).subspan(part.start * width, part.count * width), loaded.carrier.width};
}

PartFacts facts_of(const ElementRun& run, unsigned fraction, std::uint64_t searched) {
  PartFacts facts;
  if (fraction != 23) {
    return facts;
  }
  const forensics::StretchSearch stretches(run, searched);
  facts.even = stretches.low_bits();
  facts.broken = forensics::broken_upcast(run);
  const auto marked = forensics::longest_prefix_run(run);
  if (marked.last - marked.first + 1 >= k_longest_honest_run && !forensics::is_monotone(run, true, marked.first, marked.last)) {
    facts.marked = marked;
  } else {
    facts.whole = forensics::even_fraction(stretches);
  }
  facts.repeated = forensics::repetition_of(run);
  facts.lattice = forensics::is_on_lattice(run);
  facts.fractions_alone = facts.repeated.distinct < k_few_distinct && forensics::repeats_in_fractions_alone(run);
  return facts;
}

void add_part_findings(const Loaded& loaded, std::size_t index, const PartFacts& facts, LowBits& result, std::vector<Payload>& fields) {
  if (facts.broken) {
    add_broken(loaded, index, *facts.broken, result, fields);
  }
  if (facts.marked) {
    add_marked(loaded, index, *facts.marked, result, fields);
  }
  const bool honest_reason = facts.broken || facts.lattice || is_on_grid(facts);
  if (facts.whole && !honest_reason) {
    add_whole(loaded, index, *facts.whole, result, fields);
  }
}

void explain_part(const Loaded& loaded, std::size_t index, const PartFacts& facts, TensorPlanes& tensor) {
  const auto say = [&tensor](std::string_view id) {
    if (std::find(tensor.explanations.begin(), tensor.explanations.end(), id) == tensor.explanations.end()) {
      tensor.explanations.emplace_back(id);
    }
  };
  const bool known = tensor.provenance != Provenance::native && tensor.provenance != Provenance::unknown;
  if (!known && facts.lattice && !facts.broken) {
    say(k_lattice);
  }
  const auto& repeated = facts.repeated;
  const bool grid = !known && !facts.broken && repeated.sample >= 256 && is_on_grid(facts);
  if (grid) {
    say(k_grid);
  } else if (!known && !facts.fractions_alone && repeated.most_frequent >= 0.005 && repeated.sample >= 1000) {
    say(k_repeated);
  }
  if (facts.even && !known && !grid && !tensor.uniform) {
    const auto first = loaded.carrier.parts[index].first;
    tensor.uniform_bits = facts.even->bits;
    tensor.uniform = Stretch{first + facts.even->where.first, first + facts.even->where.last};
  }
}

}  // namespace upinspect::lowbits
