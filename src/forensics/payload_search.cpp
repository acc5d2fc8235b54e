// SPDX-License-Identifier: Apache-2.0
#include "forensics/payload_search.hpp"

#include "bytes/digest.hpp"
#include "forensics/field_packer.hpp"
#include "forensics/found_payload.hpp"
#include "forensics/long_stream.hpp"
#include "forensics/statistics.hpp"
#include "forensics/stream_rating.hpp"
#include "forensics/text_rating.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

namespace upinspect::forensics {
namespace {

constexpr double k_candidates_to_come = 1000;

/// Longer streams are not rated whole: that takes some twenty nanoseconds for each byte and reading. What is short lies in a short span.
constexpr std::size_t k_rated_whole = 512;

/// A reading of as many bytes is worth a thread.
constexpr std::size_t k_worth_a_thread = std::size_t{64} << 10;

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

std::vector<std::byte> grouped(std::span<const std::byte> stream, BitOrder order, unsigned shift, unsigned character_bits) {
  return character_bits == 7 ? sevens(stream, order, shift) : shifted(stream, order, shift);
}

std::uint64_t mask_of(const Field& field) { return (std::uint64_t{1} << field.bits) - 1; }

/// From here on up the bits of a number are exponent and sign, which are alike in all weights.
unsigned distinct_of(unsigned width, const Field& field) {
  const auto plain_bits = width * 8 - std::min(width * 8, 12U);
  return width == 1 || field.base + field.bits <= plain_bits ? 6 : 12;
}

/// The first bit that is set in a stream's bytes, or the last.
std::optional<unsigned> set_bit(std::span<const std::byte> bytes, BitOrder order, bool last) {
  std::optional<unsigned> found;
  for (unsigned bit = 0; bit < bytes.size() * 8 && (last || !found); ++bit) {
    const auto in_byte = order == BitOrder::msb ? 7 - bit % 8 : bit % 8;
    if ((std::to_integer<unsigned>(bytes[bit / 8]) >> in_byte & 1U) != 0) {
      found = bit;
    }
  }
  return found;
}

/// Where the field's stream changed first and last.
std::optional<TouchedBits> touched_bits(const ElementRun& flips, const Field& field) {
  const auto mask = mask_of(field) << field.base;
  const auto taken = elements_of(field, flips.count());
  const auto flips_at = [&](std::size_t ordinal) { return (flips.at(element_at(field, flips.count(), ordinal)) & mask) != 0; };
  std::size_t first = 0;
  while (first < taken && !flips_at(first)) {
    ++first;
  }
  if (first == taken) {
    return std::nullopt;
  }
  auto last = taken - 1;
  while (!flips_at(last)) {
    --last;
  }
  const auto bit_of = [&](std::size_t ordinal, bool highest) {
    const auto from = std::uint64_t{ordinal} * field.bits;
    const auto start = element_at(field, flips.count(), ordinal) * flips.width;
    auto alone = field;
    alone.stride = 1;
    alone.phase = 0;
    return from + set_bit(read_field({flips.bytes.subspan(start, flips.width), flips.width}, alone), field.byte_order, highest).value_or(0);
  };
  return TouchedBits{bit_of(first, false), bit_of(last, true)};
}

std::vector<std::byte> packed(const ElementRun& run, const Field& field) {
  std::vector<std::byte> bytes;
  FieldPacker(run, field).pack(run.count(), bytes);
  return bytes;
}

bool convinces(double log_p, double candidates) { return log_p + std::log(candidates) < std::log(k_convincing); }

}  // namespace

void PayloadSearch::try_fields(const SearchRun& run, PayloadStream stream, std::span<const Field> fields, Characters characters) {
  struct Job {
    Field field;
    unsigned character_bits;
    std::vector<Find> finds;
  };
  std::vector<Job> jobs;
  for (const auto& field : fields) {
    for (const unsigned character_bits : {8U, 7U}) {
      if (character_bits == 8 || characters == Characters::eight_and_seven) {
        m_candidates += shifts(field.bits, character_bits).size();
        jobs.push_back({field, character_bits, {}});
      }
    }
  }
  const auto bytes = elements_of(fields.front(), run.elements.count()) * fields.front().bits / 8;
  const auto work = [&](std::size_t i) {
    auto& [field, character_bits, finds] = jobs[i];
    finds = rated({run, stream, field, 0, character_bits}, run.elements, field, run.flips);
  };
  if (m_run_pieces && bytes >= k_worth_a_thread) {
    m_run_pieces(jobs.size(), work);
  } else {
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      work(i);
    }
  }
  for (auto& job : jobs) {
    std::move(job.finds.begin(), job.finds.end(), std::back_inserter(m_finds));
  }
}

void PayloadSearch::try_planes(const SearchRun& run, std::span<const unsigned> bases) {
  std::vector<std::byte> bytes;
  std::vector<std::byte> flips;
  for (const auto base : bases) {
    const Field plane{8, base, BitOrder::msb, BitOrder::msb, 1, 0, false};
    const auto content = packed(run.elements, plane);
    bytes.insert(bytes.end(), content.begin(), content.end());
    const auto changes = run.flips.bytes.empty() ? std::vector<std::byte>(content.size(), std::byte{0xff}) : packed(run.flips, plane);
    flips.insert(flips.end(), changes.begin(), changes.end());
  }
  ++m_candidates;
  const Field first{8, bases.front(), BitOrder::msb, BitOrder::msb, 1, 0, false};
  const Reading reading{run, PayloadStream::planar, first, 0, 8};
  auto within = first;
  within.base = 0;
  auto finds = rated(reading, {bytes, 1}, within, {flips, 1});
  std::move(finds.begin(), finds.end(), std::back_inserter(m_finds));
}

std::vector<PayloadSearch::Find> PayloadSearch::rated(const Reading& reading, const ElementRun& elements, const Field& within,
                                                      const ElementRun& flips) const {
  const auto bits = std::uint64_t{elements_of(within, elements.count())} * within.bits;
  std::optional<TouchedBits> touched;
  if (!flips.bytes.empty()) {
    touched = (reading.run.flipped >> reading.field.base & mask_of(reading.field)) == 0 ? std::nullopt : touched_bits(flips, within);
    if (!touched) {
      return {};  // what did not change was not written
    }
  } else if (reading.run.all_touched && bits != 0) {
    touched = TouchedBits{0, bits - 1};
  }
  return bits / 8 <= k_rated_whole ? rate_whole(reading, elements, within, touched) : rate_long(reading, elements, within, touched);
}

std::vector<PayloadSearch::Find> PayloadSearch::rate_whole(const Reading& reading, const ElementRun& elements, const Field& within,
                                                           const std::optional<TouchedBits>& touched) const {
  std::vector<Find> finds;
  const auto bits = packed(elements, within);
  for (const auto shift : shifts(within.bits, reading.character_bits)) {
    const auto bytes = grouped(bits, within.byte_order, shift, reading.character_bits);
    const auto here = touched ? touched_in(*touched, shift, bytes.size(), reading.character_bits, within) : std::nullopt;
    if (here || !touched) {
      rate({reading.run, reading.stream, reading.field, shift, reading.character_bits}, bytes, here, finds);
    }
  }
  return finds;
}

std::vector<PayloadSearch::Find> PayloadSearch::rate_long(const Reading& reading, const ElementRun& elements, const Field& within,
                                                          const std::optional<TouchedBits>& touched) const {
  std::vector<Find> finds;
  const LongStream stream{elements, within, reading.character_bits, distinct_of(reading.run.elements.width, reading.field), convincing()};
  for (auto& [bit, bytes, found] : rate_long_stream(stream, touched)) {
    const auto here = touched ? touched_in(*touched, bit, bytes.size(), reading.character_bits, within) : std::nullopt;
    const Reading window{reading.run, reading.stream, reading.field, bit, reading.character_bits};
    finds.push_back(find_of(window, bytes, std::move(found), here));
  }
  return finds;
}

void PayloadSearch::rate(const Reading& reading, std::span<const std::byte> bytes, const std::optional<Touched>& touched, std::vector<Find>& finds) const {
  for (auto& found : rate_stream(bytes, touched, reading.character_bits, distinct_of(reading.run.elements.width, reading.field))) {
    finds.push_back(find_of(reading, bytes, std::move(found), touched));
  }
}

std::size_t PayloadSearch::origin_of(const Reading& reading, std::uint64_t bit) const {
  const auto count = reading.run.elements.count();
  const auto taken = elements_of(reading.field, count);
  const auto ordinal = static_cast<std::size_t>(bit / reading.field.bits) % std::max<std::size_t>(taken, 1);
  const auto index = element_at(reading.field, count, ordinal);
  return reading.run.origin.empty() ? index : reading.run.origin[index];
}

PayloadSearch::Find PayloadSearch::find_of(const Reading& reading, std::span<const std::byte> bytes, Found found,
                                           const std::optional<Touched>& touched) const {
  if (found.bits != 0 && touched && touched->last >= found.offset + found.length) {
    found.content_length = found.length = touched->last + 1 - found.offset;   // what follows a front was written with it
  }
  Find find;
  find.log_p = found.log_p;
  find.front = found.bits != 0;
  find.payload = payload_of(found, bytes, {reading.stream, reading.field, reading.character_bits});
  find.first = origin_of(reading, reading.bit + found.offset * reading.character_bits);
  find.last = origin_of(reading, reading.bit + (found.offset + found.length) * reading.character_bits - 1);
  locate(find);
  return find;
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

/// While a search goes on it does not know yet how many candidates there will be.
double PayloadSearch::convincing() const {
  return std::log(k_convincing) - std::log(std::max(static_cast<double>(m_candidates), k_candidates_to_come));
}

bool PayloadSearch::settled() const noexcept {
  return std::any_of(m_finds.begin(), m_finds.end(),
                     [&](const Find& find) { return !find.front && (stands(find.payload.evidence) || find.log_p < convincing()); });
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
  const auto bits = packed(run.elements, field);
  const auto changed = touched_bits(run.flips.bytes.empty() ? run.elements : run.flips, field);
  const auto all = Touched{0, bits.empty() ? 0 : bits.size() - 1, 8, BitOrder::msb};
  const auto touched = changed ? touched_in(*changed, 0, bits.size(), 8, field).value_or(all) : all;
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
