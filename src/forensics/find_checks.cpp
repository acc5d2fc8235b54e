// SPDX-License-Identifier: Apache-2.0
#include "forensics/find_checks.hpp"

#include "bytes/source.hpp"
#include "forensics/little.hpp"
#include "forensics/text_rating.hpp"
#include "pickle/machine.hpp"

#include <algorithm>
#include <utility>

namespace upinspect::forensics {
namespace {

/// Random characters beside a text are text with a chance of 98 in 256: the pairs of letters tell where it ends. Gives what to
/// cut away at either end; nothing where the text is no language.
std::pair<std::size_t, std::size_t> ragged_ends(Bytes text) {
  constexpr std::size_t k_most = 6;
  constexpr std::size_t k_inner = 12;
  if (text.size() < 2 * k_most + k_inner) {
    return {0, 0};
  }
  const auto best_cut = [&](auto gain_of_cut) {
    std::size_t best = 0;
    double most = 0;
    for (std::size_t cut = 1; cut <= k_most; ++cut) {
      const auto gain = gain_of_cut(cut);
      if (gain > most) {
        most = gain;
        best = cut;
      }
    }
    return best;
  };
  // Without the first letters the next one begins anew.
  const auto front = best_cut([&](std::size_t cut) {
    return likelihood_gain(text.subspan(cut, k_inner)) - likelihood_gain(text.first(cut + k_inner));
  });
  const auto back = best_cut([&](std::size_t cut) {
    const auto inner = text.size() - cut - k_inner;
    return likelihood_gain(text.subspan(inner, k_inner)) - likelihood_gain(text.subspan(inner, k_inner + cut));
  });
  return {front, back};
}

}  // namespace

bool is_counting(Bytes bytes) {
  std::size_t steady = 0;
  for (std::size_t i = 2; i < bytes.size(); ++i) {
    const auto step = [&](std::size_t at) { return (little(bytes, at, 1) - little(bytes, at - 1, 1)) & 0xffU; };
    steady += step(i) == step(i - 1) ? 1U : 0U;
  }
  return steady * 4 >= bytes.size() * 3;
}

bool holds_digest(Bytes bytes) {
  std::size_t run = 0;
  for (const auto byte : bytes) {
    const auto letter = std::to_integer<unsigned char>(byte);
    const bool hex = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f') || (letter >= 'A' && letter <= 'F');
    run = hex ? run + 1 : 0;
    if (run >= 48) {
      return true;
    }
  }
  return false;
}

bool is_convincing_pickle(Bytes bytes) {
  const bytes::MemorySource source(bytes);
  pickle::Options options;
  options.limits.memory = std::uint64_t{16} << 20;
  options.limits.opcodes = 1'000'000;
  const auto program = pickle::run(source, 0, options);
  const auto names_text = [&](const pickle::GlobalUse& use) {
    const auto& name = program.name_of(use);
    return name.module.size() >= 2 && name.name.size() >= 2 && text_length(std::as_bytes(std::span(name.module))) == name.module.size() &&
           text_length(std::as_bytes(std::span(name.name))) == name.name.size();
  };
  return program.opcodes >= 20 || std::any_of(program.globals.begin(), program.globals.end(), names_text);
}

void trim(Found& found, Bytes bytes) {
  if (found.kind != "text" || found.title != "text") {
    return;
  }
  const auto [front, back] = ragged_ends(bytes.subspan(found.content_offset, found.content_length));
  found.offset += front;
  found.content_offset += front;
  found.content_length -= front + back;
  found.length = found.content_length;
}

std::optional<std::vector<std::byte>> as_planes(const Field& field, std::uint64_t first_byte, Bytes text) {
  const auto planes = std::size_t{field.bits / 8};
  if (field.bits % 8 != 0 || planes < 2 || field.field_order != field.byte_order || text.size() < 9 * planes) {
    return std::nullopt;
  }
  const auto skipped = static_cast<std::size_t>((planes - first_byte % planes) % planes);
  const auto whole = text.subspan(skipped, (text.size() - skipped) / planes * planes);
  const auto elements = whole.size() / planes;
  std::vector<std::byte> result;
  for (std::size_t plane = 0; plane < planes; ++plane) {
    const auto in_element = field.byte_order == BitOrder::msb ? planes - 1 - plane : plane;
    for (std::size_t i = 0; i < elements; ++i) {
      result.push_back(whole[(field.reversed ? elements - 1 - i : i) * planes + in_element]);
    }
  }
  return likelihood_gain(result) > likelihood_gain(whole) + 20 ? std::optional(std::move(result)) : std::nullopt;
}

}  // namespace upinspect::forensics
