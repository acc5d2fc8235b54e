// SPDX-License-Identifier: Apache-2.0
#include "forensics/blind_search.hpp"

#include "bytes/digest.hpp"
#include "forensics/carve.hpp"
#include "forensics/find_checks.hpp"
#include "forensics/found_payload.hpp"
#include "forensics/on_a_grid.hpp"
#include "forensics/seed_window.hpp"
#include "forensics/statistics.hpp"
#include "forensics/stream_rating.hpp"
#include "forensics/value_origin.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>

namespace upinspect::forensics {
namespace {

/// Candidates that are read again; more do not come by chance and are a structure of the numbers.
constexpr std::size_t k_most_candidates = 2000;

/// ln of the chance of a front, all places counted, from which on it is none: 2^-40.
constexpr double k_no_accident = -27.7;

/// The chance that all readings of an honest file let a text pass. The readings that are not likely have a hundredth of it: k_convincing.
constexpr double k_text_budget = 1e-4;

bool is_cut_short(const Found& found) { return found.bits != 0 || found.title.find("cut short") != std::string::npos; }

}  // namespace

BlindSearch::BlindSearch(const Carrier& carrier)
    : m_carrier(carrier), m_walks(walks_of(carrier)), m_layouts(blind_layouts(carrier.width)), m_scans(m_layouts.size()) {
  const auto run = carrier.run();
  std::uint64_t ones = 0;
  std::uint64_t zeros = 0;
  for (std::size_t i = 0; i < run.count(); ++i) {
    ones |= run.at(i);
    zeros |= ~run.at(i);
  }
  m_varying = ones & zeros;
  m_repeats = carrier.width >= 4 && repetition_of(run).distinct < 0.8;
  for (const auto& [field, character_bits, stream] : m_layouts) {
    m_log_places += static_cast<double>(elements_of(field, run.count())) * field.bits;
  }
  m_log_places = std::log(std::max(1.0, m_log_places));
  for (unsigned plane = 0; plane < carrier.width; ++plane) {
    auto& bytes = m_planes.emplace_back(run.count());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = carrier.bytes[i * carrier.width + plane];
    }
  }
}

/// Exponents and whole numbers have favourite values; where bits never change, what is read with them is no even stream either.
/// Text that fills everything leaves the highest bit of each byte unchanged.
bool BlindSearch::needs_own_frequencies(const Field& field) const {
  const auto mask = ((std::uint64_t{1} << field.bits) - 1) << field.base;
  return m_carrier.fraction == 0 || field.base + field.bits > m_carrier.fraction + 1 ||
         static_cast<unsigned>(std::popcount(mask & ~m_varying)) > field.bits / 8;
}

unsigned BlindSearch::distinct_of(const Field& field) const { return needs_own_frequencies(field) ? 12 : 6; }

/// Fields within a byte are read from a quarter of the memory and less.
void BlindSearch::scan(std::size_t layout) {
  const auto& [field, character_bits, stream] = m_layouts[layout];
  const auto plane = field.base / 8;
  if (field.base % 8 + field.bits > 8) {
    m_scans[layout] = scan_stream(m_carrier.run(), field, character_bits, distinct_of(field));
    return;
  }
  auto within = field;
  within.base %= 8;
  m_scans[layout] = scan_stream({m_planes[plane], 1}, within, character_bits, distinct_of(field));
}

bool BlindSearch::cut_short() const noexcept {
  return std::any_of(m_scans.begin(), m_scans.end(), [](const Scan& scan) { return scan.cut_short; });
}

/// Files first, then text, the surest first.
std::vector<BlindSearch::Candidate> BlindSearch::candidates() const {
  std::vector<Candidate> result;
  for (std::size_t layout = 0; layout < m_scans.size(); ++layout) {
    for (const auto& seed : m_scans[layout].seeds) {
      result.push_back({layout, seed});
    }
  }
  std::stable_sort(result.begin(), result.end(), [](const Candidate& a, const Candidate& b) {
    return (a.seed.bytes == 0) != (b.seed.bytes == 0) ? a.seed.bytes == 0 : a.seed.log_p < b.seed.log_p;
  });
  return result;
}

std::size_t BlindSearch::element_of(const BlindLayout& layout, const Walk& walk, std::uint64_t bit) const {
  const auto taken = elements_of(layout.field, walk.count());
  const auto ordinal = std::min<std::uint64_t>(bit / layout.field.bits, taken - 1);
  const auto place = walk.place(element_at(layout.field, walk.count(), static_cast<std::size_t>(ordinal)));
  return walk.part(place).start + place.element;
}

/// Where bits are not even whatever is written, or numbers are on a grid, chance is no measure that one can come near to.
Prior BlindSearch::prior_of(const Candidate& candidate) const {
  const auto& layout = m_layouts[candidate.layout];
  if (!layout.is_plain()) {
    return Prior::other;
  }
  const auto bits = layout.field.bits;
  const auto place = m_walks.front().place(static_cast<std::size_t>(candidate.seed.bit / bits));
  const auto into = std::uint64_t{place.element} * bits + candidate.seed.bit % bits;
  const bool begins = into % 8 == 0 || candidate.seed.bit % 8 == 0;
  return layout.is_plainest() && begins && !m_repeats && !needs_own_frequencies(layout.field) ? Prior::likely : Prior::plain;
}

/// The bit of the candidate's beginning in the stream along another walk.
std::optional<std::uint64_t> BlindSearch::moved(const Candidate& candidate, const Walk& walk) const {
  const auto& layout = m_layouts[candidate.layout];
  if (&walk == &m_walks.front()) {
    return candidate.seed.bit;
  }
  if (layout.field.stride != 1 || layout.field.reversed) {
    return std::nullopt;
  }
  const auto index = walk.index_of(element_of(layout, m_walks.front(), candidate.seed.bit));
  return index < walk.count() ? std::optional(std::uint64_t{index} * layout.field.bits + candidate.seed.bit % layout.field.bits) : std::nullopt;
}

BlindSearch::Find BlindSearch::find_of(const BlindLayout& layout, const Walk& walk, std::uint64_t window, const Found& found,
                                       std::span<const std::byte> bytes) const {
  Find find;
  find.log_p = found.log_p;
  find.front = found.bits != 0;
  find.payload = payload_of(found, bytes, {layout.stream, layout.field, layout.character_bits});
  auto& place = find.payload.layout;
  const auto begin = window + found.offset * layout.character_bits;
  const auto end = window + (found.offset + found.length) * layout.character_bits - 1;
  const auto taken = elements_of(layout.field, walk.count());
  const auto index_at = [&](std::uint64_t bit) {
    return element_at(layout.field, walk.count(), static_cast<std::size_t>(std::min<std::uint64_t>(bit / layout.field.bits, taken - 1)));
  };
  const auto first = walk.place(index_at(begin));
  const auto last = walk.place(index_at(end));
  place.tensor = walk.part(first).tensor;
  place.start_element = walk.part(first).first + first.element;
  place.tensors = (last.step > first.step ? last.step - first.step : first.step - last.step) + 1;
  const auto distance = [](std::size_t a, std::size_t b) { return a > b ? a - b : b - a; };
  place.elements = distance(index_at(begin), index_at(end)) + 1;
  find.first = walk.part(first).start + first.element;
  find.last = walk.part(last).start + last.element;
  if (find.last < find.first) {
    std::swap(find.first, find.last);
  }
  return find;
}

std::optional<BlindSearch::Find> BlindSearch::read_file(const Candidate& candidate) const {
  const auto& layout = m_layouts[candidate.layout];
  std::optional<Find> best;
  bool best_whole = false;
  for (const auto& walk : m_walks) {
    const auto bit = moved(candidate, walk);
    if (!bit) {
      continue;
    }
    const auto before = std::min<std::uint64_t>(k_before, *bit / layout.character_bits);
    const auto window = *bit - before * layout.character_bits;
    if (!FrontProbe().may_go_on(walk.read(layout.field, layout.character_bits, *bit, k_longer_front))) {
      continue;
    }
    const auto bytes = walk.read(layout.field, layout.character_bits, window, k_most_content);
    const auto carved = before < bytes.size() ? carve_at(bytes, static_cast<std::size_t>(before)) : std::nullopt;
    if (!carved || (carved->kind == "pickle" && !is_convincing_pickle(std::span(bytes).subspan(static_cast<std::size_t>(before), carved->length)))) {
      continue;
    }
    // The window ends with the file, so that nothing after it is rated.
    const auto end = std::min<std::size_t>(bytes.size(), static_cast<std::size_t>(before) + carved->length + 16);
    for (const auto& found : rate_stream(std::span(bytes).first(end), std::nullopt)) {
      const bool whole = !is_cut_short(found);
      const bool meets = found.offset <= before && before < found.offset + found.length;
      if (meets && stands(found.evidence) && is_no_accident(layout, found, bytes) && (!best || (whole && !best_whole) || (whole == best_whole && found.content_length > best->payload.size))) {
        best = find_of(layout, walk, window, found, bytes);
        best_whole = whole;
      }
    }
  }
  return best;
}

/// ln(256 P) of each byte in a layout's own stream.
std::array<double, 256> BlindSearch::frequencies_of(const BlindLayout& layout) const {
  constexpr std::uint64_t k_sample = std::uint64_t{1} << 16;
  const auto sample = m_walks.front().read(layout.field, layout.character_bits, 0, k_sample);
  std::array<double, 256> logs{};
  logs.fill(1);
  for (const auto byte : sample) {
    logs[std::to_integer<std::size_t>(byte)] += 1;
  }
  for (auto& log : logs) {
    log = std::log(log * 256 / static_cast<double>(sample.size() + 256));
  }
  return logs;
}

double BlindSearch::discount(const BlindLayout& layout, std::span<const std::byte> text) const {
  if (!needs_own_frequencies(layout.field)) {
    // Of the highest bits of a fraction zeros are a little more likely, by at most 17 in 100 (Benford).
    return layout.field.base + layout.field.bits + 2 > m_carrier.fraction ? 0.2 * static_cast<double>(text.size()) : 0;
  }
  return usual(layout, text);
}

/// ln of how much likelier bytes are in a layout's own stream than in a random one; what is rarer there counts for nothing.
double BlindSearch::usual(const BlindLayout& layout, std::span<const std::byte> bytes) const {
  auto known = m_frequencies.find(&layout);
  if (known == m_frequencies.end()) {
    known = m_frequencies.emplace(&layout, frequencies_of(layout)).first;
  }
  const auto& logs = known->second;
  double sum = 0;
  for (const auto byte : bytes) {
    sum += std::max(0.0, logs[std::to_integer<std::size_t>(byte)]);
  }
  return sum;
}

/// Fronts have many zeros, and so have the streams of numbers that were pruned or widened.
bool BlindSearch::is_no_accident(const BlindLayout& layout, const Found& found, std::span<const std::byte> bytes) const {
  constexpr double k_nats = 0.693147;
  return found.bits == 0 || m_log_places + usual(layout, bytes.subspan(found.offset, found.length)) - found.bits * k_nats < k_no_accident;
}

/// The characters that are read with a candidate: from its tensor's first element on where that is near, since a header
/// would stand there.
BlindSearch::Window BlindSearch::window_of(const Candidate& candidate, const Walk& walk, std::uint64_t bit) const {
  const auto& layout = m_layouts[candidate.layout];
  const auto unit = layout.character_bits;
  Window window;
  window.before = std::min<std::uint64_t>(k_before, bit / unit);
  if (layout.field.stride == 1 && !layout.field.reversed) {
    const auto place = walk.place(static_cast<std::size_t>(bit / layout.field.bits));
    const auto into = std::uint64_t{place.element} * layout.field.bits + bit % layout.field.bits;
    window.from_start = into / unit <= window.before && into % unit == 0;
    window.before = window.from_start ? into / unit : window.before;
  }
  window.bit = bit - window.before * unit;
  return window;
}

std::vector<Found> BlindSearch::rate_window(const BlindLayout& layout, const Window& window, std::span<const std::byte> bytes) const {
  std::optional<Touched> touched;
  if (window.from_start && !bytes.empty()) {
    touched = Touched{0, bytes.size() - 1, 8, layout.field.byte_order};
  }
  return rate_stream(bytes, touched, layout.character_bits, distinct_of(layout.field));
}

std::optional<BlindSearch::Find> BlindSearch::judged(const Candidate& candidate, const Walk& walk, const Window& window, Found found,
                                                     std::span<const std::byte> bytes) const {
  const auto& layout = m_layouts[candidate.layout];
  const auto text = bytes.subspan(found.content_offset, found.content_length);
  if (is_counting(text) || !is_no_accident(layout, found, bytes)) {
    return std::nullopt;
  }
  if (!stands(found.evidence)) {
    const auto total = elements_of(layout.field, walk.count()) * layout.field.bits / layout.character_bits;
    found.log_p += std::log(static_cast<double>(total) / static_cast<double>(bytes.size())) + discount(layout, text);
  }
  const auto planar = found.title == "text" && layout.character_bits == 8
                          ? as_planes(layout.field, window.bit / 8 + found.content_offset, text) : std::nullopt;
  if (planar) {
    found.content_offset += planar->offset;
    found.content_length = found.length = planar->length;
    found.offset = found.content_offset;
  } else {
    trim(found, bytes, layout.character_bits);
  }
  auto find = find_of(layout, walk, window.bit, found, bytes);
  if (planar) {
    find.payload.content = planar->bytes;
    find.payload.size = planar->bytes.size();
    find.payload.layout.stream = PayloadStream::planar;
    find.payload.layout.bits = 8;
    if (layout.field.reversed) {
      find.payload.layout.reversed = false;
      find.payload.layout.start_element -= std::min(find.payload.layout.start_element, find.payload.layout.elements - 1);
    }
  }
  // Numbers of a schedule are letters in order, digits, headers even; what proves itself is none.
  if (found.evidence != PayloadEvidence::proven && is_monotone(m_carrier.run(), m_carrier.fraction != 0, find.first, find.last)) {
    return std::nullopt;
  }
  return stands(found.evidence) || !is_on_a_grid(m_carrier, layout.field, find.first, find.last) ? std::optional(std::move(find)) : std::nullopt;
}

std::optional<BlindSearch::Find> BlindSearch::read_text_along(const Candidate& candidate, const Walk& walk) const {
  const auto& layout = m_layouts[candidate.layout];
  const auto bit = moved(candidate, walk);
  if (!bit) {
    return std::nullopt;
  }
  const auto window = window_of(candidate, walk, *bit);
  auto length = window.before + candidate.seed.bytes + k_first_window;
  bool goes_on = true;
  while (goes_on) {
    length = std::min(length, k_most_content);
    const auto bytes = walk.read(layout.field, layout.character_bits, window.bit, length);
    const bool more = bytes.size() == length && length < k_most_content;
    goes_on = more && length < k_digest_window && holds_digest(std::span(bytes).first(std::min<std::size_t>(bytes.size(), 512)));
    for (const auto& found : goes_on ? std::vector<Found>() : rate_window(layout, window, bytes)) {
      const auto end = found.offset + found.length;
      if (found.offset < window.before + candidate.seed.bytes && window.before < end) {
        if (!more || end + 16 < bytes.size()) {
          return judged(candidate, walk, window, found, bytes);
        }
        goes_on = true;
      }
    }
    length = length * 4 < k_digest_window && goes_on && holds_digest(bytes) ? k_digest_window : length * 4;
  }
  return std::nullopt;
}

std::optional<BlindSearch::Find> BlindSearch::read_text(const Candidate& candidate) const {
  auto best = read_text_along(candidate, m_walks.front());
  if (!best) {
    return best;
  }
  // Where it ends with its tensor it may go on in another one.
  const auto ends_with_part = [&](std::size_t element) {
    return std::any_of(m_carrier.parts.begin(), m_carrier.parts.end(), [&](const CarrierPart& part) {
      const auto last = part.start + part.count;
      return element < last && element + 16 >= last && element >= part.start;
    });
  };
  if (!ends_with_part(best->last) && best->payload.layout.tensors == 1) {
    return best;
  }
  for (std::size_t i = 1; i < m_walks.size(); ++i) {
    auto other = read_text_along(candidate, m_walks[i]);
    if (other && other->payload.size > best->payload.size) {
      best = std::move(other);
    }
  }
  return best;
}

/// Of what shares elements the first one is taken; of an archive's entries that are cut short the first front.
void BlindSearch::take(std::vector<Find>& finds, Find find, const Readings& readings, double counted) const {
  const auto meets = [&find](const Find& other) {
    return (find.first <= other.last && other.first <= find.last) || (find.front && other.front && find.payload.kind == other.payload.kind);
  };
  if (std::any_of(finds.begin(), finds.end(), meets)) {
    return;
  }
  find.payload.p_value = std::min(1.0, std::exp(find.log_p + counted));
  find.payload.candidates_tried = readings.all();
  find.payload.sha256 = bytes::sha256_hex(find.payload.content);
  finds.push_back(std::move(find));
}

std::vector<Payload> BlindSearch::read_out(const Readings& readings) const {
  std::vector<Find> finds;
  std::vector<std::pair<Find, double>> fronts;   // another reading may have the whole file
  std::size_t looked_at = 0;
  std::vector<std::size_t> refused(m_layouts.size(), 0);
  for (const auto& candidate : candidates()) {
    const auto element = element_of(m_layouts[candidate.layout], m_walks.front(), candidate.seed.bit);
    const auto covers = [element](const Find& find) { return find.first <= element && element <= find.last; };
    const auto counted = readings.log_weight(prior_of(candidate));
    const bool hopeless = candidate.seed.bytes != 0 && candidate.seed.log_p + counted > std::log(k_text_budget) + 6;
    auto& in_vain = refused[candidate.layout];
    if (hopeless || in_vain >= k_most_in_vain || std::any_of(finds.begin(), finds.end(), covers) || ++looked_at > k_most_candidates) {
      continue;
    }
    auto find = candidate.seed.bytes == 0 ? read_file(candidate) : read_text(candidate);
    if (!find || (!stands(find->payload.evidence) && find->log_p + counted >= std::log(k_text_budget))) {
      ++in_vain;
      continue;
    }
    if (find->front) {
      fronts.emplace_back(std::move(*find), counted);
    } else {
      take(finds, std::move(*find), readings, counted);
    }
  }
  for (auto& [front, counted] : fronts) {
    take(finds, std::move(front), readings, counted);
  }
  std::stable_sort(finds.begin(), finds.end(), [](const Find& a, const Find& b) {
    return a.payload.evidence != b.payload.evidence ? a.payload.evidence > b.payload.evidence : a.log_p < b.log_p;
  });
  std::vector<Payload> payloads;
  for (auto& find : finds) {
    payloads.push_back(std::move(find.payload));
  }
  return payloads;
}

}  // namespace upinspect::forensics
