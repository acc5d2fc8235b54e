// SPDX-License-Identifier: Apache-2.0
#include "forensics/payload_search.hpp"

#include "bytes/digest.hpp"
#include "forensics/found_payload.hpp"
#include "forensics/statistics.hpp"
#include "forensics/stream_rating.hpp"
#include "forensics/text_rating.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace upinspect::forensics {
namespace {

/// While a search goes on it does not know yet how many candidates there will be.
constexpr double k_candidates_to_come = 1000;

/// What a structure of bytes must reach to be called one, all candidates counted.
constexpr double k_structured = 1e-6;

/// Where fields begin on a byte, later ones begin at these bits of it.
std::vector<unsigned> shifts(unsigned bits, unsigned character_bits) {
  std::vector<unsigned> result;
  const auto step = std::gcd(bits, character_bits);
  for (unsigned shift = 0; shift < character_bits; shift += step) {
    result.push_back(shift);
  }
  return result;
}

/// Which characters of a reading were touched: those with a flipped bit and all between.
std::optional<Touched> touched_of(std::span<const std::byte> flips, unsigned shift, unsigned bits, unsigned character_bits) {
  const auto set = [](std::byte byte) { return byte != std::byte{0}; };
  const auto first = std::find_if(flips.begin(), flips.end(), set);
  if (first == flips.end()) {
    return std::nullopt;
  }
  const auto last = std::find_if(flips.rbegin(), flips.rend(), set);
  Touched touched;
  touched.first = static_cast<std::size_t>(first - flips.begin());
  touched.last = static_cast<std::size_t>(flips.rend() - last) - 1;
  const auto begin = shift + touched.last * character_bits;
  const auto covered = (begin / bits + 1) * bits - begin;
  touched.last_covered = 8 % bits == 0 || covered >= 8 ? 8 : static_cast<unsigned>(covered);
  return touched;
}

std::vector<std::byte> grouped(std::span<const std::byte> stream, BitOrder order, unsigned shift, unsigned character_bits) {
  return character_bits == 7 ? sevens(stream, order, shift) : shifted(stream, order, shift);
}

bool convinces(double log_p, double candidates) { return log_p + std::log(candidates) < std::log(k_convincing); }

}  // namespace

void PayloadSearch::try_field(const SearchRun& run, PayloadStream stream, const Field& field, Characters characters) {
  const auto bits = read_field(run.elements, field);
  const auto flips = run.flips.bytes.empty() ? std::vector<std::byte>(run.all_touched ? bits.size() : 0, std::byte{0xff})
                                             : read_field(run.flips, field);
  for (const unsigned character_bits : {8U, 7U}) {
    if (character_bits == 7 && characters == Characters::eight) {
      break;
    }
    for (const auto shift : shifts(field.bits, character_bits)) {
      const Reading reading{run, stream, field, shift, character_bits};
      rate(reading, grouped(bits, field.byte_order, shift, character_bits), grouped(flips, field.byte_order, shift, character_bits));
    }
  }
}

void PayloadSearch::try_planes(const SearchRun& run, std::span<const unsigned> bases) {
  std::vector<std::byte> bytes;
  std::vector<std::byte> flips;
  for (const auto base : bases) {
    const Field plane{8, base, BitOrder::msb, BitOrder::msb, 1, 0, false};
    const auto content = read_field(run.elements, plane);
    bytes.insert(bytes.end(), content.begin(), content.end());
    const auto changes = run.flips.bytes.empty() ? std::vector<std::byte>(content.size(), std::byte{0xff}) : read_field(run.flips, plane);
    flips.insert(flips.end(), changes.begin(), changes.end());
  }
  const Field first{8, bases.front(), BitOrder::msb, BitOrder::msb, 1, 0, false};
  rate({run, PayloadStream::planar, first, 0, 8}, bytes, flips);
}

void PayloadSearch::rate(const Reading& reading, std::span<const std::byte> bytes, std::span<const std::byte> flips) {
  ++m_candidates;
  auto touched = touched_of(flips, reading.shift, reading.field.bits, reading.character_bits);
  if (touched) {
    touched->order = reading.field.byte_order;
  } else if (!flips.empty()) {
    return;  // what did not change was not written
  }
  // From here on up the bits of a number are exponent and sign, which are alike in all weights.
  const auto plain_bits = reading.run.elements.width * 8 - std::min(reading.run.elements.width * 8, 12U);
  const bool plain = reading.run.elements.width == 1 || reading.field.base + reading.field.bits <= plain_bits;
  for (auto found : rate_stream(bytes, touched, reading.character_bits, plain ? 6 : 12)) {
    if (found.bits != 0 && touched && touched->last >= found.offset + found.length) {
      found.content_length = found.length = touched->last + 1 - found.offset;   // what follows a front was written with it
    }
    keep(reading, bytes, found);
  }
}

std::size_t PayloadSearch::origin_of(const Reading& reading, std::size_t bit) const {
  const auto count = reading.run.elements.count();
  const auto taken = elements_of(reading.field, count);
  const auto ordinal = (bit / reading.field.bits) % std::max<std::size_t>(taken, 1);
  const auto index = element_at(reading.field, count, ordinal);
  return reading.run.origin.empty() ? index : reading.run.origin[index];
}

void PayloadSearch::keep(const Reading& reading, std::span<const std::byte> bytes, const Found& found) {
  Find find;
  find.log_p = found.log_p;
  find.front = found.bits != 0;
  find.payload = payload_of(found, bytes, {reading.stream, reading.field, reading.character_bits});
  find.first = origin_of(reading, reading.shift + found.offset * reading.character_bits);
  find.last = origin_of(reading, reading.shift + (found.offset + found.length) * reading.character_bits - 1);
  locate(find);
  m_finds.push_back(std::move(find));
}

void PayloadSearch::locate(Find& find) const {
  auto& layout = find.payload.layout;
  std::size_t start = 0;
  std::size_t last_segment = 0;
  for (std::size_t i = 0; i < m_segments.size(); ++i) {
    const auto& segment = m_segments[i];
    const auto at = find.first - start;
    if (find.first >= start && at < segment.count) {
      layout.tensor = segment.tensor;
      layout.start_element = segment.first + at;
      last_segment = i;
    }
    if (find.last >= start && find.last - start < segment.count) {
      layout.tensors = (i > last_segment ? i - last_segment : last_segment - i) + 1;
    }
    start += segment.count;
  }
  if (find.last < find.first) {
    std::swap(find.first, find.last);
  }
  layout.elements = find.last - find.first + 1;
}

bool PayloadSearch::settled() const noexcept {
  const auto counted = std::max(static_cast<double>(m_candidates), k_candidates_to_come);
  return std::any_of(m_finds.begin(), m_finds.end(),
                     [&](const Find& find) { return !find.front && (stands(find.payload.evidence) || convinces(find.log_p, counted)); });
}

double PayloadSearch::strength() const noexcept {
  double strongest = 0;
  for (const auto& find : m_finds) {
    // A file outweighs any text, the longer the better.
    const auto weight = stands(find.payload.evidence) && !find.front ? 1e9 + static_cast<double>(find.payload.size) : -find.log_p;
    strongest = std::max(strongest, weight);
  }
  return strongest;
}

std::vector<Payload> PayloadSearch::results() const {
  std::vector<const Find*> order;
  const auto counted = static_cast<double>(std::max<std::uint64_t>(m_candidates, 1));
  for (const auto& find : m_finds) {
    if (stands(find.payload.evidence) || convinces(find.log_p, counted)) {
      order.push_back(&find);
    }
  }
  std::stable_sort(order.begin(), order.end(), [](const Find* a, const Find* b) {
    return a->payload.evidence != b->payload.evidence ? a->payload.evidence > b->payload.evidence : a->log_p < b->log_p;
  });
  std::vector<const Find*> kept;
  std::vector<Payload> results;
  for (const auto* find : order) {
    const auto meets = [find](const Find* other) { return find->first <= other->last && other->first <= find->last; };
    if (std::none_of(kept.begin(), kept.end(), meets)) {
      kept.push_back(find);
      results.push_back(find->payload);
      results.back().p_value = std::min(1.0, std::exp(find->log_p + std::log(counted)));
      results.back().candidates_tried = m_candidates;
      results.back().sha256 = bytes::sha256_hex(find->payload.content);
    }
  }
  return results;
}

Payload PayloadSearch::unread(const SearchRun& run, const Field& field, PayloadStream stream) const {
  const auto bits = read_field(run.elements, field);
  const auto flips = run.flips.bytes.empty() ? bits : read_field(run.flips, field);
  const auto touched = touched_of(flips, 0, field.bits, 8).value_or(Touched{0, bits.empty() ? 0 : bits.size() - 1, 8, BitOrder::msb});
  Find find;
  auto& payload = find.payload;
  const auto content = std::span(bits).subspan(touched.first, bits.empty() ? 0 : touched.last - touched.first + 1);
  payload.content.assign(content.begin(), content.end());
  payload.size = content.size();
  payload.entropy = content.size() < 64 ? 0 : corrected_entropy(content);
  payload.p_value = std::min(1.0, byte_uniformity(content) * static_cast<double>(m_candidates + 1));
  const bool structured = payload.p_value < k_structured;
  payload.evidence = structured ? PayloadEvidence::structured : PayloadEvidence::field;
  payload.kind = structured ? "structured" : "field";
  payload.title = structured ? "bytes that are far from random, of no kind that was recognised" : "looks encrypted or compressed";
  payload.sha256 = bytes::sha256_hex(content);
  payload.candidates_tried = m_candidates;
  payload.layout.stream = stream;
  payload.layout.bits = field.bits;
  payload.layout.base_bit = field.base;
  payload.layout.stride = field.stride;
  const Reading reading{run, stream, field, 0, 8};
  find.first = origin_of(reading, touched.first * 8);
  find.last = origin_of(reading, std::min((touched.last + 1) * 8, elements_of(field, run.elements.count()) * field.bits) - 1);
  locate(find);
  return find.payload;
}

}  // namespace upinspect::forensics
