// SPDX-License-Identifier: Apache-2.0
// npz: a zip archive of npy streams. np.load lists the members' names without ".npy" and looks into each: what begins
// with the magic of npy is an array, whatever its name, everything else comes back as bytes.
//
// Of members with one name the last is read. Where "a" and "a.npy" both exist, the key "a" is the member "a", and the
// other is reached as "a.npy".
#include "bytes/inflate.hpp"
#include "formats/format.hpp"
#include "formats/npy_array.hpp"
#include "formats/zip_reading.hpp"

#include <algorithm>
#include <map>
#include <vector>

namespace upinspect::formats::npz {

namespace {

using containers::ZipEntry;
using namespace std::string_view_literals;

constexpr std::string_view k_ending = ".npy";
// Enough for the header of all but structured arrays with many fields.
constexpr std::uint64_t k_usual_head = 4096;
constexpr std::size_t k_listed_each = 16;

std::string_view key_of(std::string_view name) {
  return name.ends_with(k_ending) ? name.substr(0, name.size() - k_ending.size()) : name;
}

/// The first bytes of a deflated member, as many as unpack without error, up to `cap`.
std::vector<std::byte> unpacked_head(const bytes::Source& source, const ZipEntry& entry, std::uint64_t cap) {
  std::vector<std::byte> head;
  const auto keep = [&head](std::span<const std::byte> block) { head.insert(head.end(), block.begin(), block.end()); };
  // How the stream ends is for the pass over all of it to say.
  static_cast<void>(bytes::unpack_to(source, entry.data, std::min(cap, entry.unpacked_size), keep));
  return head;
}

bool has_magic(const std::vector<std::byte>& head) {
  constexpr auto k_magic = containers::k_npy_magic;
  return head.size() >= k_magic.size() && std::equal(k_magic.begin(), k_magic.end(), head.begin(), [](char a, std::byte b) {
           return static_cast<std::byte>(a) == b;
         });
}

/// The bytes from the start of an npy stream to its data, as its first twelve tell.
std::uint64_t head_bytes(const std::vector<std::byte>& head) {
  constexpr std::uint64_t k_fixed = 12;
  if (head.size() < k_fixed) {
    return head.size();
  }
  const bytes::MemorySource source{std::span<const std::byte>(head)};
  bytes::Cursor in(source);
  in.skip(containers::k_npy_magic.size(), "magic");
  const auto version = in.le<std::uint16_t>("version");
  const bool is_short = (version & 0xffU) == 1;
  return in.offset() + (is_short ? 2 + std::uint64_t{in.le<std::uint16_t>("header length")}
                                 : 4 + std::uint64_t{in.le<std::uint32_t>("header length")});
}

/// `stream` holds all of the unpacked member, or as much of it as was asked for.
NpyPlace deflated_place(const ZipEntry& entry, const bytes::Source& stream) {
  NpyPlace place{stream, entry.unpacked_size};
  place.kind = containers::NpyStream::member;
  place.packing = Packing::deflated;
  place.packed = entry.data;
  place.member = entry.name;
  return place;
}

class ArchiveReader {
 public:
  ArchiveReader(const ZipReading& zip, model::Builder& builder) : m_zip(zip), m_builder(builder) {}

  void read();

 private:
  void member(const ZipEntry& entry);
  void stored(const ZipEntry& entry, const std::string& key);
  void deflated(const ZipEntry& entry, const std::string& key);
  void objects(const ZipEntry& entry, const containers::NpyHeader& header, const std::string& key);
  void not_an_array(const ZipEntry& entry);
  void broken(const ZipEntry& entry, const bytes::ParseError& error);
  void find(const char* id, Severity severity, const ZipEntry& entry, const std::string& why);
  void count_the_rest();
  [[nodiscard]] bool is_shadowed(const ZipEntry& entry) const { return m_zip.directory().find(entry.name) != &entry; }
  [[nodiscard]] std::string tensor_name(const ZipEntry& entry);

  const ZipReading& m_zip;
  model::Builder& m_builder;
  std::uint64_t m_arrays = 0;
  std::map<std::string, std::uint64_t> m_found;  ///< findings of each kind
};

/// A hostile archive can make a million findings of one kind: the first few are listed.
void ArchiveReader::find(const char* id, Severity severity, const ZipEntry& entry, const std::string& why) {
  if (++m_found[id] <= k_listed_each) {
    m_builder.find(id, severity, entry.name + ": " + why, entry.data);
  }
}

void ArchiveReader::count_the_rest() {
  for (const auto& [id, count] : m_found) {
    if (count > k_listed_each) {
      m_builder.find(id, Severity::warning,
                     std::to_string(count - k_listed_each) + " more members like this are not listed");
    }
  }
}

std::string ArchiveReader::tensor_name(const ZipEntry& entry) {
  const std::string key(key_of(entry.name));
  if (key == entry.name || m_zip.directory().find(key) == nullptr) {
    return key;
  }
  find("npz.key-collision", Severity::warning, entry,
       "the key \"" + key + "\" is taken by a member of just that name; np.load finds this one as \"" + entry.name + "\"");
  return entry.name;
}

void ArchiveReader::not_an_array(const ZipEntry& entry) {
  label_entry(m_builder, entry, RegionKind::payload, "member " + entry.name);
  if (entry.looks_like_directory() && entry.data.length == 0) {
    return;
  }
  claim_entry(m_builder, entry);
  if (entry.name.ends_with(k_ending)) {
    find("npz.not-an-array", Severity::warning, entry, "the name says npy, the content does not: np.load gives it as bytes");
  } else {
    find("npz.other-member", Severity::note, entry, "not an array: np.load gives it as bytes");
  }
}

void ArchiveReader::stored(const ZipEntry& entry, const std::string& key) {
  bytes::Cursor look(m_builder.source(), entry.data);
  const auto length = std::min<std::uint64_t>(look.remaining(), containers::k_npy_magic.size());
  if (look.text(length, "magic") != containers::k_npy_magic) {
    not_an_array(entry);
    return;
  }
  auto in = m_builder.cursor(entry.data);
  NpyPlace place{m_builder.source(), in.end()};
  place.kind = containers::NpyStream::member;
  place.member = entry.name;
  containers::NpyHeader header;
  {
    const bytes::Cursor::Structure whole(in, "npy header of " + entry.name);
    header = read_npy(m_builder, place, in, key);
  }
  ++m_arrays;
  add_npy_array(m_builder, header, place, key);
}

void ArchiveReader::deflated(const ZipEntry& entry, const std::string& key) {
  auto head = unpacked_head(m_builder.source(), entry, k_usual_head);
  if (!has_magic(head)) {
    not_an_array(entry);
    return;
  }
  if (head_bytes(head) > head.size()) {
    head = unpacked_head(m_builder.source(), entry, containers::k_npy_most_head);
  }
  const bytes::MemorySource stream(std::move(head));
  const auto place = deflated_place(entry, stream);
  containers::NpyHeader header;
  try {
    bytes::Cursor in(stream);
    header = read_npy(m_builder, place, in, key);
  } catch (const bytes::ParseError&) {
    label_entry(m_builder, entry, RegionKind::payload, "member " + entry.name);
    throw;
  }
  label_entry(m_builder, entry, header.dtype.objects ? RegionKind::payload : RegionKind::tensor, "array " + key);
  ++m_arrays;
  const auto end = add_npy_array(m_builder, header, place, key);
  if (header.dtype.objects) {
    objects(entry, header, key);
  } else if (end < entry.unpacked_size) {
    find("npz.trailing-bytes", Severity::warning, entry,
         std::to_string(entry.unpacked_size - end) + " bytes follow the array in the unpacked member; numpy ignores them");
  }
}

/// A deflated pickle is unpacked whole, as far as the limits allow.
void ArchiveReader::objects(const ZipEntry& entry, const containers::NpyHeader& header, const std::string& key) {
  const auto& limits = m_builder.options().limits;
  const auto cap = std::min(limits.pickle, limits.memory / 2);
  const bytes::MemorySource whole(containers::read_entry(m_builder.source(), entry, cap).data);
  const auto place = deflated_place(entry, whole);
  std::vector<std::uint64_t> shape(header.shape.size());
  std::transform(header.shape.begin(), header.shape.end(), shape.begin(),
                 [](std::int64_t dimension) { return static_cast<std::uint64_t>(std::max<std::int64_t>(dimension, 0)); });
  const auto end = follow_npy_objects(m_builder, place, header.data_start, key, shape);
  if (end < whole.size()) {
    find("npz.trailing-bytes", Severity::warning, entry,
         std::to_string(whole.size() - end) + " bytes follow the pickle in the unpacked member; numpy ignores them");
  }
}

/// One broken member says nothing about the others.
void ArchiveReader::broken(const ZipEntry& entry, const bytes::ParseError& error) {
  auto why = std::string(error.what());
  if (entry.method != containers::k_zip_stored) {
    why += " (at byte " + std::to_string(error.offset()) + " of the unpacked member)";
  }
  find(error.truncated ? "container.truncated" : "container.malformed", Severity::error, entry, why);
}

void ArchiveReader::member(const ZipEntry& entry) {
  if (is_shadowed(entry)) {
    label_entry(m_builder, entry, RegionKind::payload, "member " + entry.name);
    claim_entry(m_builder, entry);
    find("npz.shadowed-member", Severity::warning, entry, "a later member has the same name, and np.load reads that one");
    return;
  }
  const auto why = containers::why_unreadable(entry);
  const bool readable = why.empty() || (entry.cut && entry.data.length > 0 && !entry.encrypted());
  if (!readable || entry.overlaps) {
    label_entry(m_builder, entry, RegionKind::payload, "member " + entry.name);
    claim_entry(m_builder, entry);
    find("npz.unread-member", Severity::error, entry,
         "not read: it " + (why.empty() ? "shares its bytes with another member" : why));
    return;
  }
  const auto key = tensor_name(entry);
  try {
    if (entry.method == containers::k_zip_stored) {
      stored(entry, key);
    } else {
      deflated(entry, key);
    }
  } catch (const bytes::ParseError& error) {
    broken(entry, error);
  }
}

void ArchiveReader::read() {
  m_zip.replay(m_builder);
  const auto& entries = m_zip.directory().entries;
  for (const auto& entry : entries) {
    member(entry);
  }
  count_the_rest();
  const auto packed = std::count_if(entries.begin(), entries.end(), [](const ZipEntry& entry) {
    return entry.method != containers::k_zip_stored;
  });
  m_builder.detail("members", static_cast<std::uint64_t>(entries.size()));
  m_builder.detail("arrays", m_arrays);
  m_builder.detail("compressed", static_cast<std::uint64_t>(packed));
}

}  // namespace

/// np.load takes a file for npz by its first four bytes. An archive without members is what np.savez writes for no
/// arrays, and no other loader takes it.
Claim sniff(const Probe& probe) noexcept {
  try {
    if (!probe.starts_with("PK\x03\x04"sv) && !probe.starts_with("PK\x05\x06"sv)) {
      return Claim::none;
    }
    const auto& zip = probe.zip();
    const auto& entries = zip.directory().entries;
    const bool array = std::any_of(entries.begin(), entries.end(),
                                   [](const ZipEntry& entry) { return entry.name.ends_with(k_ending); });
    return zip.found() && (entries.empty() || array) ? Claim::certain : Claim::none;
  } catch (...) {
    return Claim::none;
  }
}

void read(const Probe& probe, model::Builder& builder) { ArchiveReader(probe.zip(), builder).read(); }

}  // namespace upinspect::formats::npz
