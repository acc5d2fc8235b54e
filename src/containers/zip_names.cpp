// SPDX-License-Identifier: Apache-2.0
#include "containers/zip_names.hpp"

#include "bytes/canonical_text.hpp"
#include "bytes/digest.hpp"
#include "containers/unsafe_name.hpp"
#include "containers/zip_rules.hpp"

#include <algorithm>
#include <compare>
#include <numeric>

namespace upinspect::containers {

// --- Folding ----------------------------------------------------------------------------------------------------

namespace {

/// miniz ignores the case of ASCII letters, Windows takes `\` for `/`, C strings end at a NUL, and HFS+ and APFS take
/// all spellings of an accented letter for one.
std::string_view until_nul(std::string_view name) { return name.substr(0, name.find('\0')); }

unsigned char fold(char c) {
  const auto letter = static_cast<unsigned char>(c - 'A');
  return static_cast<unsigned char>(letter < 26 ? c + ('a' - 'A') : c == '\\' ? '/' : c);
}

/// Of the letters folded; `folded` is used again and again.
std::uint64_t hash_of(std::string_view name, std::string& folded) {
  folded.resize(name.size());
  std::transform(name.begin(), name.end(), folded.begin(), [](char c) { return static_cast<char>(fold(c)); });
  return bytes::xxh3_64(folded);
}

std::uint64_t hash_folded(std::string_view name, std::string& folded) {
  const auto seen = until_nul(name);
  return bytes::is_ascii(seen) ? hash_of(seen, folded) : hash_of(bytes::decomposed(seen), folded);
}

std::weak_ordering compare_letters(std::string_view left, std::string_view right) {
  const auto shared = std::min(left.size(), right.size());
  for (std::size_t i = 0; i < shared; ++i) {
    if (fold(left[i]) != fold(right[i])) {
      return fold(left[i]) <=> fold(right[i]);
    }
  }
  return left.size() <=> right.size();
}

std::weak_ordering compare_folded(std::string_view a, std::string_view b) {
  const auto left = until_nul(a);
  const auto right = until_nul(b);
  if (bytes::is_ascii(left) && bytes::is_ascii(right)) {
    return compare_letters(left, right);
  }
  return compare_letters(bytes::decomposed(left), bytes::decomposed(right));
}

using NameKey = ZipDirectory::NameKey;

/// The stretch of the index whose names fold to the same as `name`.
std::span<const NameKey> similar_keys(const ZipDirectory& directory, std::string_view name) {
  std::string folded;
  const auto hash = hash_folded(name, folded);
  const auto before = [&](const NameKey& key, std::string_view wanted) {
    return key.hash != hash ? key.hash < hash : compare_folded(directory.entries[key.entry].name, wanted) < 0;
  };
  const auto after = [&](std::string_view wanted, const NameKey& key) {
    return key.hash != hash ? hash < key.hash : compare_folded(wanted, directory.entries[key.entry].name) < 0;
  };
  const auto& index = directory.name_index;
  const auto first = std::lower_bound(index.begin(), index.end(), name, before);
  const auto last = std::upper_bound(first, index.end(), name, after);
  return {first, last};
}

}  // namespace

namespace {

/// Puts the keys in order of the first bits of their hashes, and gives where each stretch of equal ones starts, and the end.
std::vector<std::size_t> spread(const std::vector<NameKey>& keys, std::vector<NameKey>& out) {
  constexpr unsigned k_bits = 12;
  const auto slot_of = [](const NameKey& key) { return static_cast<std::size_t>(key.hash >> (64 - k_bits)); };
  std::vector<std::size_t> starts((std::size_t{1} << k_bits) + 1, 0);
  for (const auto& key : keys) {
    ++starts[slot_of(key) + 1];
  }
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  auto next = starts;
  out.resize(keys.size());
  for (const auto& key : keys) {
    out[next[slot_of(key)]++] = key;
  }
  return starts;
}

}  // namespace

void index_names(ZipDirectory& directory) {
  const auto& entries = directory.entries;
  std::vector<NameKey> keys;
  keys.reserve(entries.size());
  std::string folded;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto number = static_cast<std::uint32_t>(i);
    keys.push_back({hash_folded(entries[i].name, folded), number});
    if (!why_unsafe(entries[i].name).empty()) {
      directory.unsafe_names.push_back(number);
    }
  }
  const auto earlier = [&entries](const NameKey& a, const NameKey& b) {
    if (a.hash != b.hash) {
      return a.hash < b.hash;
    }
    const auto order = compare_folded(entries[a.entry].name, entries[b.entry].name);
    return order != 0 ? order < 0 : a.entry < b.entry;
  };
  const auto starts = spread(keys, directory.name_index);
  const auto at = [&directory](std::size_t place) { return directory.name_index.begin() + static_cast<std::ptrdiff_t>(place); };
  for (std::size_t i = 1; i < starts.size(); ++i) {
    std::sort(at(starts[i - 1]), at(starts[i]), earlier);
  }
}

// --- Lookups ----------------------------------------------------------------------------------------------------

std::vector<std::size_t> ZipDirectory::find_similar(std::string_view name) const {
  std::vector<std::size_t> out;
  for (const auto& key : similar_keys(*this, name)) {
    out.push_back(key.entry);
  }
  return out;
}

std::vector<std::size_t> ZipDirectory::find_all(std::string_view name) const {
  std::vector<std::size_t> out;
  for (const auto& key : similar_keys(*this, name)) {
    if (entries[key.entry].name == name) {
      out.push_back(key.entry);
    }
  }
  return out;
}

const ZipEntry* ZipDirectory::find(std::string_view name) const {
  const auto keys = similar_keys(*this, name);
  const auto last = std::find_if(keys.rbegin(), keys.rend(),
                                 [&](const NameKey& key) { return entries[key.entry].name == name; });
  return last == keys.rend() ? nullptr : &entries[last->entry];
}

// --- Findings ---------------------------------------------------------------------------------------------------

namespace {

void report_pair(const ZipEntry& one, const ZipEntry& other, FindingLog& log) {
  const ByteRange where{other.central_offset, 0};
  if (one.name == other.name) {
    log.add(zip_rules::k_duplicate, where, [&] {
      return "two entries are named " + quoted(one.name) + ", with their data at " + std::to_string(one.data.offset) +
             " and " + std::to_string(other.data.offset) + ": zipfile takes the last, torch one or another";
    });
  } else if (bytes::decomposed(one.name) == bytes::decomposed(other.name)) {
    log.add(zip_rules::k_similar, where, [&] {
      return "two entries are named " + quoted(one.name) + ", in two spellings of Unicode, with their data at " +
             std::to_string(one.data.offset) + " and " + std::to_string(other.data.offset) +
             ": unpacked on macOS, one replaces the other";
    });
  } else {
    log.add(zip_rules::k_similar, where, [&] {
      return quoted(one.name) + " and " + quoted(other.name) +
             " are one name to readers that ignore case, as torch does, take '\\' for '/' or stop at a NUL";
    });
  }
}

}  // namespace

void check_duplicate_names(const ZipDirectory& directory, FindingLog& log) {
  const auto& index = directory.name_index;
  for (std::size_t i = 1; i < index.size(); ++i) {
    const auto& one = directory.entries[index[i - 1].entry];
    const auto& other = directory.entries[index[i].entry];
    if (index[i - 1].hash == index[i].hash && compare_folded(one.name, other.name) == 0) {
      report_pair(one, other, log);
    }
  }
}

}  // namespace upinspect::containers
