// SPDX-License-Identifier: Apache-2.0
#include "forensics/white_space.hpp"

#include "forensics/little.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string_view>

namespace upinspect::forensics {
namespace {

using Symbols = std::vector<std::uint8_t>;

constexpr std::string_view k_blanks = "\t\n\r ";

/// Headers pad with at most a few thousand; more is read up to here.
constexpr std::size_t k_most = std::size_t{1} << 18;

bool is_blank(std::byte byte) { return k_blanks.find(std::to_integer<char>(byte)) != std::string_view::npos; }

struct Blanks {
  Symbols characters;   ///< all of them, as indices into k_blanks
  Symbols lengths;      ///< of the runs after , and :, up to 255
};

/// Walks through the text outside of strings.
Blanks blanks_of(Bytes json) {
  Blanks blanks;
  bool in_string = false;
  bool in_slot = false;
  for (std::size_t at = 0; at < json.size() && blanks.characters.size() < k_most; ++at) {
    const auto letter = std::to_integer<char>(json[at]);
    if (in_string) {
      at += letter == '\\' ? 1 : 0;
      in_string = letter != '"';
    } else if (is_blank(json[at])) {
      blanks.characters.push_back(static_cast<std::uint8_t>(k_blanks.find(letter)));
      if (in_slot && blanks.lengths.back() < 255) {
        ++blanks.lengths.back();
      }
    } else {
      in_string = letter == '"';
      in_slot = letter == ',' || letter == ':';
      if (in_slot) {
        blanks.lengths.push_back(0);
      }
    }
  }
  return blanks;
}

/// `width` bits of each symbol, the first bit highest or lowest.
std::vector<std::byte> packed(const Symbols& symbols, unsigned width, BitOrder order) {
  std::vector<std::byte> values(symbols.size());
  std::transform(symbols.begin(), symbols.end(), values.begin(), [](std::uint8_t symbol) { return std::byte{symbol}; });
  Field field;
  field.bits = width;
  field.field_order = field.byte_order = order;
  return read_field({values, 1}, field);
}

class SpaceReadings {
 public:
  void add(const Symbols& symbols, unsigned width, const std::string& title) {
    for (const auto order : {BitOrder::msb, BitOrder::lsb}) {
      m_readings.push_back({title, packed(symbols, width, order), order});
    }
  }

  /// Each assignment of 0, 1, … to the different symbols.
  void add_assignments(const Symbols& symbols, unsigned width, const std::string& title) {
    const std::set<std::uint8_t> kinds(symbols.begin(), symbols.end());
    std::vector<std::uint8_t> codes(width == 1 ? 2 : 4);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      codes[i] = static_cast<std::uint8_t>(i);
    }
    std::set<std::vector<std::uint8_t>> seen;
    do {
      const std::vector<std::uint8_t> used(codes.begin(), codes.begin() + static_cast<std::ptrdiff_t>(kinds.size()));
      if (!seen.insert(used).second) {
        continue;
      }
      Symbols coded;
      for (const auto symbol : symbols) {
        coded.push_back(used[static_cast<std::size_t>(std::distance(kinds.begin(), kinds.find(symbol)))]);
      }
      add(coded, width, title);
    } while (std::next_permutation(codes.begin(), codes.end()));
  }

  [[nodiscard]] std::vector<WhiteSpaceReading> finish() { return std::move(m_readings); }

 private:
  std::vector<WhiteSpaceReading> m_readings;
};

Symbols without(const Symbols& symbols, std::uint8_t left_out) {
  Symbols rest;
  std::copy_if(symbols.begin(), symbols.end(), std::back_inserter(rest), [left_out](std::uint8_t symbol) { return symbol != left_out; });
  return rest;
}

void add_characters(const Symbols& characters, SpaceReadings& readings) {
  const std::set<std::uint8_t> kinds(characters.begin(), characters.end());
  if (kinds.size() == 2) {
    readings.add_assignments(characters, 1, "two kinds of white space, a bit each");
  } else if (kinds.size() > 2) {
    readings.add_assignments(characters, 2, "kinds of white space, two bits each");
  }
  // A third one ends lines.
  for (const auto kind : kinds.size() == 3 ? kinds : std::set<std::uint8_t>()) {
    readings.add_assignments(without(characters, kind), 1, "two kinds of white space, a bit each");
  }
}

/// The same lengths come again from tensor to tensor, as indentation makes them; `most` of a hundred may do so in a message.
bool is_indentation(const Symbols& lengths, std::size_t most) {
  constexpr std::size_t k_slots = 16;   // of a tensor: four colons, commas between and in the two lists
  for (std::size_t period = 1; period <= k_slots && period < lengths.size(); ++period) {
    std::size_t same = 0;
    for (std::size_t i = period; i < lengths.size(); ++i) {
      same += lengths[i] == lengths[i - period] ? 1U : 0U;
    }
    if (same * 100 >= (lengths.size() - period) * most) {
      return true;
    }
  }
  return false;
}

void add_lengths(const Symbols& lengths, SpaceReadings& readings) {
  const std::set<std::uint8_t> kinds(lengths.begin(), lengths.end());
  // Bits of letters repeat from byte to byte.
  if (kinds.size() < 2 || is_indentation(lengths, kinds.size() == 2 ? 95 : 75)) {
    return;
  }
  if (kinds.size() == 2) {
    readings.add_assignments(lengths, 1, "white space after commas and colons, a bit each");
  } else if (*kinds.rbegin() < 16) {
    readings.add(lengths, 4, "lengths of white space, four bits each");
  }
  readings.add(lengths, 8, "lengths of white space, a byte each");
}

}  // namespace

std::vector<WhiteSpaceReading> white_space_readings(Bytes json) {
  const auto blanks = blanks_of(json);
  SpaceReadings readings;
  add_characters(blanks.characters, readings);
  add_lengths(blanks.lengths, readings);
  return readings.finish();
}

}  // namespace upinspect::forensics
