// SPDX-License-Identifier: Apache-2.0
#include "forensics/stream_rating.hpp"

#include "forensics/carve.hpp"
#include "forensics/little.hpp"
#include "forensics/text_filter.hpp"
#include "forensics/text_rating.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace upinspect::forensics {
namespace {

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;

  [[nodiscard]] std::size_t length() const noexcept { return end - begin; }
};

constexpr double k_nats_of_a_bit = 0.693147;

Bytes part(Bytes stream, const Range& range) { return stream.subspan(range.begin, range.length()); }

bool is_text(Bytes bytes) { return !bytes.empty() && text_length(bytes) == bytes.size(); }

/// The smallest shift under which the bytes repeat at least once; 0 where they do not.
std::size_t period_of(Bytes bytes) {
  for (std::size_t period = 1; period <= bytes.size() / 2 && period <= 4096; ++period) {
    if (std::equal(bytes.begin() + static_cast<std::ptrdiff_t>(period), bytes.end(), bytes.begin())) {
      return period;
    }
  }
  return 0;
}

/// A first or last byte that equals what stood there before was written all the same, if it makes the pattern whole.
Range along_its_period(Bytes stream, const Range& range) {
  const auto period = period_of(part(stream, range));
  if (period < 6 || range.length() % period == 0) {
    return range;
  }
  for (const auto& [before, after] : {std::pair(0, 1), std::pair(1, 0), std::pair(1, 1), std::pair(0, 2), std::pair(2, 0)}) {
    const auto left = static_cast<std::size_t>(before);
    const auto right = static_cast<std::size_t>(after);
    if (left > range.begin || right > stream.size() - range.end || (range.length() + left + right) % period != 0) {
      continue;
    }
    const Range wider{range.begin - left, range.end + right};
    if (period_of(part(stream, wider)) == period) {
      return wider;
    }
  }
  return range;
}

/// The touched bytes without the zeros that fill up the last element or end a string.
Range written(Bytes stream, const Touched& touched) {
  Range range{touched.first, touched.last + 1};
  const auto last = little(stream, touched.last, 1);
  const auto covered = touched.order == BitOrder::msb ? last >> (8 - touched.last_covered) : last & ((1U << touched.last_covered) - 1);
  const bool fill = touched.last_covered < 8 && covered == 0;
  if (fill && range.length() > 1) {
    --range.end;
  }
  while (range.length() > 1 && stream[range.end - 1] == std::byte{0}) {
    --range.end;
  }
  return range;
}

Range grown(Bytes stream, Range range, const Range& limits) {
  while (range.begin > limits.begin && is_text(stream.subspan(range.begin - 1, 1))) {
    --range.begin;
  }
  range.end += std::min(text_length(stream.subspan(range.end)), limits.end - range.end);
  return range;
}

Range refined(Bytes stream, const TextStretch& stretch, const std::optional<Touched>& touched) {
  Range range{stretch.offset, stretch.offset + stretch.length};
  if (!touched) {
    return grown(stream, range, {0, stream.size()});
  }
  const auto limits = written(stream, *touched);
  if (is_text(part(stream, limits))) {
    return along_its_period(stream, limits);
  }
  range.begin = std::clamp(range.begin, limits.begin, limits.end);
  range.end = std::clamp(range.end, range.begin, limits.end);
  return range.length() == 0 ? range : along_its_period(stream, grown(stream, range, limits));
}

/// The content is what the header says, if that is as long as what was found, give or take the bits that fill it up; text may have run on into
/// characters that chance put behind it.
bool adopt(Bytes stream, Found& found, std::size_t header, std::size_t begin, std::uint64_t stated, std::size_t slack, const char* title) {
  const auto end = found.offset + found.length;
  if (begin > end || stated < 4 || stated > stream.size() - begin) {
    return false;
  }
  constexpr std::size_t k_ragged = 16;
  const auto length = static_cast<std::size_t>(stated);
  if (length > end - begin + slack || length + (slack != 0 ? k_ragged : 0) < end - begin) {
    return false;
  }
  // What is cut away as chance must not go on as text does.
  constexpr double k_no_chance = 6;
  if (slack != 0 && begin + length < end && likelihood_gain(stream.subspan(begin + length, end - begin - length)) > k_no_chance) {
    return false;
  }
  found.offset = header;
  found.content_offset = begin;
  found.content_length = length;
  found.length = begin + length - header;
  found.title += title;
  return true;
}

/// A length before the content, as many tools write it. A printable byte of it may have passed for text.
bool note_length(Bytes stream, Found& found) {
  const auto start = found.offset;
  const std::size_t slack = found.evidence == PayloadEvidence::readable ? 2 : 0;
  for (std::size_t begin = std::max<std::size_t>(start, 4); begin <= start + 4 && begin <= stream.size(); ++begin) {
    for (const auto stated : {big(stream, begin - 4, 4), little(stream, begin - 4, 4)}) {
      if (adopt(stream, found, begin - 4, begin, stated, slack, " behind its length")) {
        return true;
      }
    }
  }
  return false;
}

/// A length in base 3, two bits a digit, ended by 11 and filled up to a byte (gn0/steganotorchy). Many bytes look like
/// one: it must be the first that was touched.
bool note_ternary_length(Bytes stream, Found& found, const std::optional<Touched>& touched) {
  const auto header = touched ? touched->first : stream.size();
  std::uint64_t stated = 0;
  for (std::size_t digit = 0; digit < 32 && header + digit / 4 < stream.size(); ++digit) {
    const auto value = little(stream, header + digit / 4, 1) >> (6 - 2 * (digit % 4)) & 3U;
    if (value == 3) {
      return digit >= 3 && adopt(stream, found, header, header + digit / 4 + 1, stated, 2, " behind its length in base 3");
    }
    stated = stated * 3 + value;
  }
  return false;
}

void note_trailer(Bytes stream, Found& found) {
  constexpr std::string_view k_dead_beef("\xde\xad\xbe\xef", 4);
  // Its first two bytes are a letter of UTF-8, too.
  for (const std::size_t taken : {std::size_t{0}, std::size_t{2}}) {
    const auto end = found.offset + found.length - std::min(taken, found.length);
    if (has_text(stream, end, k_dead_beef)) {
      found.content_length -= std::min(taken, found.content_length);
      found.length = end + k_dead_beef.size() - found.offset;
      found.title += ", ended by de ad be ef";
      found.kind = is_text(stream.subspan(found.content_offset, found.content_length)) && found.kind == "utf8" ? "text" : found.kind;
      return;
    }
  }
}

Found from(const Carved& carved, std::size_t offset) {
  Found found;
  found.kind = carved.kind;
  found.title = carved.title;
  found.evidence = carved.evidence;
  found.offset = offset;
  found.length = carved.length;
  found.content_offset = offset + carved.content_offset;
  found.content_length = carved.content_length;
  found.bits = carved.bits;
  return found;
}

/// What a tool's header leads to.
void name_content(Bytes stream, Found& found) {
  if (found.kind != "tool") {
    return;
  }
  const auto content = stream.subspan(found.content_offset, found.content_length);
  const auto inner = content.empty() ? std::nullopt : carve_at(content, 0);
  if (inner) {
    found.kind = inner->kind;
    found.title = inner->title + ", " + found.title;
  } else if (is_text(content)) {
    found.kind = "text";
    found.title = "text, " + found.title;
  } else {
    found.kind = "data";
    found.title = "data, " + found.title;
  }
}

/// What made UTF-8 of a text may have been the characters behind it.
void name_letters(Bytes stream, Found& found) {
  constexpr std::string_view k_title = "UTF-8 text";
  const auto content = stream.subspan(found.content_offset, found.content_length);
  const bool ascii = std::all_of(content.begin(), content.end(), [](std::byte byte) { return octet(byte) < 0x80; });
  if (found.kind == "utf8" && ascii) {
    found.kind = "text";
    found.title = "text" + found.title.substr(k_title.size());
  }
}

bool has_kind(const std::vector<Found>& all, const std::string& kind) {
  return std::any_of(all.begin(), all.end(), [&kind](const Found& found) { return found.kind == kind; });
}

bool overlaps(const Found& a, const Found& b) { return a.offset < b.offset + b.length && b.offset < a.offset + a.length; }

}  // namespace

std::vector<Found> rate_stream(std::span<const std::byte> stream, const std::optional<Touched>& touched, unsigned character_bits,
                               unsigned distinct) {
  std::vector<Found> all;
  // Bytes of seven bits make no file.
  for (std::size_t at = 0; at < stream.size() && character_bits == 8; ++at) {
    const auto carved = may_carve(stream.subspan(at)) ? carve_at(stream, at) : std::nullopt;
    // Every entry of an archive that is cut short has a front; the first one says it.
    if (carved && !(carved->bits != 0 && has_kind(all, carved->kind))) {
      all.push_back(from(*carved, at));
      name_content(stream, all.back());
      note_length(stream, all.back());
      all.back().log_p = -all.back().bits * k_nats_of_a_bit + (carved->bits == 0 ? 0 : std::log(static_cast<double>(stream.size())));
      at += carved->length - 1;
    }
  }
  const bool none = character_bits == 7 && !may_hold_text(stream, std::log(static_cast<double>(std::max<std::size_t>(stream.size(), 1))) - k_worth_noting);
  const auto stretch = none ? TextStretch{} : best_text(stream, character_bits, distinct);
  if (stretch.length != 0 && stretch.log_p < k_worth_noting) {
    const auto range = refined(stream, stretch, touched);
    Found text;
    text.kind = stretch.ascii ? "text" : "utf8";
    text.title = stretch.ascii ? "text" : "UTF-8 text";
    text.offset = text.content_offset = range.begin;
    text.length = text.content_length = range.length();
    text.log_p = stretch.log_p;
    if (range.length() != 0 && std::none_of(all.begin(), all.end(), [&text](const Found& other) { return overlaps(text, other); })) {
      if (!note_length(stream, text) && !note_ternary_length(stream, text, touched)) {
        note_trailer(stream, text);
      }
      name_letters(stream, text);
      all.push_back(std::move(text));
    }
  }
  std::sort(all.begin(), all.end(), [](const Found& a, const Found& b) { return a.offset < b.offset; });
  return all;
}

}  // namespace upinspect::forensics
