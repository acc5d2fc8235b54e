// SPDX-License-Identifier: Apache-2.0
// Something that was found hidden in weights: where it lies bit by bit, what it is, and how sure that is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace upinspect {

/// Which end comes first: of a field in the stream of bits, or of the bits of a byte.
enum class BitOrder : std::uint8_t { msb, lsb };

/// Where the bits of a payload are taken from.
enum class PayloadStream : std::uint8_t {
  low_bits,      ///< a field of each element, as it is now
  xored,         ///< the same field of old XOR new
  change_mask,   ///< one bit per element: did it change
  delta_sign,    ///< one bit per changed element: did it rise
  changed_only,  ///< the field of those elements that changed
  byte_plane,    ///< a field that begins at a byte above the lowest
  planar,        ///< one byte plane after the other
  container,     ///< bytes of the file that no tensor needs: `tensor` names them, `start_element` is their offset
};

struct PayloadLayout {
  PayloadStream stream = PayloadStream::low_bits;
  std::string tensor;               ///< that holds the first bit
  std::uint64_t tensors = 1;        ///< how many it goes through
  std::uint64_t start_element = 0;  ///< that holds the first bit, in `tensor`
  std::uint64_t elements = 0;       ///< from the first to the last that hold a bit
  unsigned bits = 1;                ///< of each element
  unsigned base_bit = 0;            ///< the lowest of them
  BitOrder field_order = BitOrder::msb;
  BitOrder byte_order = BitOrder::msb;
  bool reversed = false;            ///< elements are taken from the last to the first
  std::uint64_t stride = 1;         ///< every how many elements
  unsigned character_bits = 8;      ///< 7 where each seven bits are a character

  friend bool operator==(const PayloadLayout&, const PayloadLayout&) = default;
};

/// From the weakest to the strongest.
enum class PayloadEvidence : std::uint8_t {
  field,         ///< a field of bits was written; its content has no structure that was recognised
  structured,    ///< its bytes are far from random
  known_header,  ///< it begins as a known tool begins, or a file whose rest is not there
  readable,      ///< text that chance does not write
  proven,        ///< a parser or a checksum says so
};

struct Payload {
  std::string kind;                  ///< "text", "utf8", "png", "zip", …, "structured", "field"
  std::string title;                 ///< the same in words
  PayloadEvidence evidence = PayloadEvidence::field;
  std::uint64_t size = 0;            ///< in bytes
  std::string sha256;                ///< of `content`, empty where that is not all
  std::vector<std::byte> content;    ///< as far as it was kept
  PayloadLayout layout;
  double p_value = 1;                ///< of what is readable or structured, all candidates taken into account
  std::uint64_t candidates_tried = 0;
  double entropy = 0;                ///< bits per byte, corrected for the sample's size; 0 for fewer than 64 bytes

  friend bool operator==(const Payload&, const Payload&) = default;
};

}  // namespace upinspect
