// SPDX-License-Identifier: Apache-2.0
#include "forensics/program_bytes.hpp"

#include "forensics/little.hpp"
#include "forensics/program_model_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace upinspect::forensics {
namespace {

constexpr double k_log_256 = 5.5452;

std::size_t row_after(std::byte before) { return static_cast<std::size_t>(k_program_rows[octet(before)] - 'a'); }

/// ln P of a byte in a row of the model.
double model_of(std::size_t row, std::byte byte) { return (k_program_model[row][octet(byte)] - 35) * 0.1 - 3.6 - k_log_256; }

/// For each row of the model and each byte what the byte gains.
std::vector<std::array<float, 256>> gains_against(const BitLean& lean) {
  std::vector<std::array<float, 256>> gains(k_program_model.size());
  for (std::size_t row = 0; row < gains.size(); ++row) {
    for (std::size_t value = 0; value < 256; ++value) {
      gains[row][value] = static_cast<float>(model_of(row, static_cast<std::byte>(value)) - lean.log_chance(static_cast<std::byte>(value)));
    }
  }
  return gains;
}

/// The gain against the frequencies around the stretch: where all bits lean there, as those of small multiples of a step do, it is no program.
double gain_here(Bytes bytes, const ProgramStretch& stretch) {
  constexpr std::size_t k_around = 64;
  const auto begin = stretch.begin - std::min(stretch.begin, k_around);
  const BitLean lean(bytes.subspan(begin, std::min(bytes.size(), stretch.end + k_around) - begin));
  double sum = 0;
  for (auto at = std::max<std::size_t>(stretch.begin, 1); at < stretch.end; ++at) {
    sum += model_of(row_after(bytes[at - 1]), bytes[at]) - lean.log_chance(bytes[at]);
  }
  return sum;
}

}  // namespace

ProgramStretch best_program(std::span<const std::byte> bytes, const BitLean& lean) {
  const auto gains = gains_against(lean);
  ProgramStretch best;
  double sum = 0;
  std::size_t begin = 1;
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    sum += static_cast<double>(gains[row_after(bytes[at - 1])][octet(bytes[at])]);
    if (sum <= 0) {
      sum = 0;
      begin = at + 1;
    } else if (sum > best.gain) {
      best = {begin, at + 1, sum};
    }
  }
  best.gain = std::min(best.gain, gain_here(bytes, best));
  return best;
}

ProgramStretch program_of_all(std::span<const std::byte> bytes) {
  const auto is_plain = [](std::byte byte) { return byte != std::byte{0} && byte != std::byte{0xff}; };
  std::array<double, 256> usual{};
  double all = 0;
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    if (is_plain(bytes[at - 1]) && is_plain(bytes[at])) {
      usual[octet(bytes[at])] += 1;
      all += 1;
    }
  }
  for (auto& count : usual) {
    count = std::log((count + 0.5) / (all + 128));
  }
  ProgramStretch best;
  double sum = 0;
  std::size_t begin = 1;
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    if (is_plain(bytes[at - 1]) && is_plain(bytes[at])) {
      sum += model_of(row_after(bytes[at - 1]), bytes[at]) - usual[octet(bytes[at])];
    }
    if (sum <= 0) {
      sum = 0;
      begin = at + 1;
    } else if (sum > best.gain) {
      best = {begin, at + 1, sum};
    }
  }
  return best;
}

}  // namespace upinspect::forensics
