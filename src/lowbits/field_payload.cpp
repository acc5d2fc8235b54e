// SPDX-License-Identifier: Apache-2.0
#include "lowbits/field_payload.hpp"

#include "bytes/digest.hpp"
#include "forensics/statistics.hpp"
#include "forensics/text_rating.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace upinspect::lowbits {
namespace {

using forensics::Carrier;
using forensics::ElementRun;
using forensics::Field;

/// Elements from `first` to `last` of the carrier, as if there were no others.
ElementRun elements_of(const Carrier& carrier, std::size_t first, std::size_t last) {
  const auto width = std::size_t{carrier.width};
  return {std::span(carrier.bytes).subspan(first * width, (last - first + 1) * width), carrier.width};
}

Field low_field(unsigned bits, BitOrder order) {
  Field field;
  field.bits = bits;
  field.field_order = field.byte_order = order;
  return field;
}

Payload unread_payload(std::vector<std::byte> content, const Field& field) {
  Payload payload;
  payload.kind = "field";
  payload.size = content.size();
  payload.sha256 = bytes::sha256_hex(content);
  payload.entropy = content.size() < 64 ? 0 : forensics::corrected_entropy(content);
  payload.content = std::move(content);
  payload.layout.bits = field.bits;
  payload.layout.field_order = field.field_order;
  payload.layout.byte_order = field.byte_order;
  return payload;
}

void place(Payload& payload, const Carrier& carrier, std::size_t first, std::size_t last) {
  for (const auto& part : carrier.parts) {
    if (first >= part.start && first - part.start < part.count) {
      payload.layout.tensor = part.tensor;
      payload.layout.start_element = part.first + first - part.start;
      payload.layout.elements = last - first + 1;
    }
    payload.layout.tensors += part.start > first && part.start <= last ? 1 : 0;
  }
}

/// Whole bytes, without zeros that fill up the last ones.
std::vector<std::byte> whole_bytes(const ElementRun& run, const Field& field) {
  auto bytes = forensics::read_field(run, field);
  while (bytes.size() > 1 && bytes.back() == std::byte{0}) {
    bytes.pop_back();
  }
  return bytes;
}

bool is_text(std::span<const std::byte> bytes) { return !bytes.empty() && forensics::text_length(bytes) == bytes.size(); }

}  // namespace

Payload field_payload(const Carrier& carrier, std::size_t part, const Stretch& where, unsigned bits, std::string title) {
  const auto start = carrier.parts[part].start;
  const auto field = low_field(bits, BitOrder::msb);
  auto payload = unread_payload(forensics::read_field(elements_of(carrier, start + where.first, start + where.last), field), field);
  payload.title = std::move(title);
  place(payload, carrier, start + where.first, start + where.last);
  return payload;
}

Payload broken_payload(const Carrier& carrier, std::size_t part, const Stretch& where, unsigned bits) {
  const auto start = carrier.parts[part].start;
  Payload best = field_payload(carrier, part, where, bits, "bits that widening leaves clear");
  double most = 0;
  // Zeros before the first one that is set belong to it: up to a byte of them.
  for (const auto order : {BitOrder::msb, BitOrder::lsb}) {
    for (std::size_t before = 0; before <= std::min<std::size_t>(7 / bits + 1, where.first); ++before) {
      const auto first = start + where.first - before;
      const auto field = low_field(bits, order);
      auto bytes = whole_bytes(elements_of(carrier, first, start + where.last), field);
      const auto gain = forensics::likelihood_gain(bytes);
      if (is_text(bytes) && gain > most) {
        most = gain;
        best = unread_payload(std::move(bytes), field);
        best.kind = "text";
        best.title = "bits that widening leaves clear, which read as text";
        place(best, carrier, first, start + where.last);
      }
    }
  }
  return best;
}

Payload structured_payload(const Carrier& carrier, const forensics::Structure& structure) {
  const auto field = low_field(structure.bits, BitOrder::msb);
  auto payload = unread_payload(forensics::read_field(elements_of(carrier, structure.first, structure.last), field), field);
  payload.kind = "structured";
  payload.title = "bytes that are far from random, of no kind that was recognised (" + structure.test + ")";
  payload.evidence = PayloadEvidence::structured;
  payload.p_value = std::min(1.0, std::exp(structure.log_p));
  place(payload, carrier, structure.first, structure.last);
  return payload;
}

bool mostly_covers(const Payload& read, const Payload& field) {
  if (read.layout.tensors > 1 || field.layout.tensors > 1) {
    return read.layout.tensors > 1;
  }
  const auto begin = [](const PayloadLayout& layout) { return layout.reversed ? layout.start_element + 1 - layout.elements : layout.start_element; };
  const auto first = std::max(begin(read.layout), begin(field.layout));
  const auto end = std::min(begin(read.layout) + read.layout.elements, begin(field.layout) + field.layout.elements);
  return read.layout.tensor == field.layout.tensor && end > first && (end - first) * 2 >= field.layout.elements;
}

}  // namespace upinspect::lowbits
