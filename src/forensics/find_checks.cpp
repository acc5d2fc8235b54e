// SPDX-License-Identifier: Apache-2.0
#include "forensics/find_checks.hpp"

#include "bytes/source.hpp"
#include "forensics/little.hpp"
#include "forensics/text_rating.hpp"
#include "pickle/machine.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace upinspect::forensics {
namespace {

/// What `second` gains after `first`, as letters of a text.
double pair_gain(std::byte first, std::byte second) {
  const std::array both{first, second};
  return likelihood_gain(both) - likelihood_gain(std::span(both).first(1));
}

/// A message begins and ends as a line does, four times in five.
double begins(Bytes text) { return likelihood_gain(text) + std::log(0.2 + 0.8 * std::exp(pair_gain(std::byte{'\n'}, text.front()))); }
double ends(Bytes text) { return likelihood_gain(text) + std::log(0.2 + 0.8 * std::exp(pair_gain(text.back(), std::byte{'\n'}))); }

/// Random characters beside a text are text with a chance of 98 in 256, or in 128 where they have seven bits: the pairs of letters tell where it
/// ends. Gives what to cut away at either end; nothing where the text is no language.
std::pair<std::size_t, std::size_t> ragged_ends(Bytes text, unsigned character_bits) {
  constexpr std::size_t k_inner = 12;
  const std::size_t most = character_bits == 7 ? 16 : 6;
  const auto chance = (8 - character_bits) * 0.6931;
  if (text.size() < 2 * most + k_inner) {
    return {0, 0};
  }
  const auto best_cut = [&](auto gain_of_cut) {
    std::size_t best = 0;
    double highest = 0;
    for (std::size_t cut = 1; cut <= most; ++cut) {
      const auto gain = gain_of_cut(cut) + static_cast<double>(cut) * chance;
      if (gain > highest) {
        highest = gain;
        best = cut;
      }
    }
    return best;
  };
  const auto front = best_cut([&](std::size_t cut) { return begins(text.subspan(cut, k_inner)) - begins(text.first(cut + k_inner)); });
  const auto back = best_cut([&](std::size_t cut) {
    const auto inner = text.size() - cut - k_inner;
    return ends(text.subspan(inner, k_inner)) - ends(text.subspan(inner, k_inner + cut));
  });
  return {front, back};
}

/// The lowest bytes of all elements, then the next ones.
std::vector<std::byte> plane_by_plane(const Field& field, Bytes whole) {
  const auto planes = std::size_t{field.bits / 8};
  const auto elements = whole.size() / planes;
  std::vector<std::byte> result;
  for (std::size_t plane = 0; plane < planes; ++plane) {
    const auto in_element = field.byte_order == BitOrder::msb ? planes - 1 - plane : plane;
    for (std::size_t i = 0; i < elements; ++i) {
      result.push_back(whole[(field.reversed ? elements - 1 - i : i) * planes + in_element]);
    }
  }
  return result;
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

void trim(Found& found, Bytes bytes, unsigned character_bits) {
  if (found.kind != "text" || found.title != "text") {
    return;
  }
  const auto [front, back] = ragged_ends(bytes.subspan(found.content_offset, found.content_length), character_bits);
  found.offset += front;
  found.content_offset += front;
  found.content_length -= front + back;
  found.length = found.content_length;
}

std::optional<Planes> as_planes(const Field& field, std::uint64_t first_byte, Bytes text) {
  const auto planes = std::size_t{field.bits / 8};
  if (field.bits % 8 != 0 || planes < 2 || field.field_order != field.byte_order || text.size() < 9 * planes) {
    return std::nullopt;
  }
  const auto skipped = static_cast<std::size_t>((planes - first_byte % planes) % planes);
  const auto whole = text.subspan(skipped, (text.size() - skipped) / planes * planes);
  Planes best{skipped, whole.size(), plane_by_plane(field, whole)};
  auto most = likelihood_gain(best.bytes);
  if (most <= likelihood_gain(whole) + 20) {
    return std::nullopt;
  }
  // Of elements at the ends all bytes may be characters by chance.
  constexpr std::size_t k_most_cut = 3;
  for (std::size_t front = 0; front < k_most_cut; ++front) {
    for (std::size_t back = 0; back < k_most_cut; ++back) {
      auto bytes = plane_by_plane(field, whole.subspan(front * planes, whole.size() - (front + back) * planes));
      const auto gain = likelihood_gain(bytes);
      if (gain > most) {
        most = gain;
        best = {skipped + front * planes, whole.size() - (front + back) * planes, std::move(bytes)};
      }
    }
  }
  return best;
}

}  // namespace upinspect::forensics
