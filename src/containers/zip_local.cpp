// SPDX-License-Identifier: Apache-2.0
//
//   50 4B 03 04 | needed u16 | flags u16 | method u16 | time u16 | date u16 | crc-32 u32 | packed u32 | unpacked u32
//   | name length u16 | extra length u16 | name | extra          then the data, then, where bit 3 of the flags is set,
//   [50 4B 07 08] | crc-32 u32 | packed u32 or u64 | unpacked u32 or u64
//
// All little-endian. APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.9.
#include "containers/zip_local.hpp"

#include "containers/zip_fields.hpp"
#include "containers/zip_rules.hpp"

#include <algorithm>
#include <numeric>

namespace upinspect::containers {

using bytes::Cursor;

namespace {

constexpr std::uint32_t k_descriptor_signature = 0x08074b50;

// A million entries may share one local header with a name of 64 KiB.
constexpr std::size_t k_most_local_names = 256;

}  // namespace

std::optional<LocalHeader> read_local_header(Cursor& file, std::uint64_t offset) {
  LocalHeader out;
  return read_local_header(file, offset, out) ? std::optional(std::move(out)) : std::nullopt;
}

namespace {

/// The fixed part; false where there is no signature.
template <typename Fields>
bool read_local_fields(Fields& in, LocalHeader& out, FieldLengths& lengths) {
  if (in.template le<std::uint32_t>("signature of a local header") != k_local_signature) {
    return false;
  }
  out.sizes = {};
  read_shared_fields(in, out, out.sizes, lengths);
  return true;
}

}  // namespace

bool read_local_header(Cursor& file, std::uint64_t offset, LocalHeader& out) {
  if (offset > file.end() || file.end() - offset < k_local_bytes) {
    return false;
  }
  file.seek(offset, "local header");
  FieldLengths lengths;
  auto block = file.block(k_local_bytes);
  const bool there = block ? read_local_fields(*block, out, lengths) : read_local_fields(file, out, lengths);
  if (!there || std::uint64_t{lengths.name} + lengths.extra > file.remaining()) {
    return false;
  }
  out.offset = offset;
  out.length = static_cast<std::uint32_t>(k_local_bytes + lengths.name + lengths.extra);
  file.text(lengths.name, "entry name", out.name);
  out.extra = read_extra_fields(file, lengths.extra, out.sizes);
  return true;
}

void label_local_header(const LocalHeader& header, const std::string& name, bytes::LabelSink& labels) {
  constexpr std::string_view k_label = "local header of";
  const auto end = header.offset + header.length;
  if (!header.extra.alignment) {
    labels.label_named({header.offset, header.length}, RegionKind::structure, k_label, name);
    return;
  }
  const auto& fill = *header.extra.alignment;
  labels.label_named({header.offset, fill.offset - header.offset}, RegionKind::structure, k_label, name);
  if (fill.length != 0) {
    labels.label(fill, RegionKind::padding, "alignment padding");
  }
  if (fill.end() < end) {
    labels.label_named({fill.end(), end - fill.end()}, RegionKind::structure, k_label, name);
  }
}

void check_padding(Cursor& file, const LocalHeader& header, const std::string& name, FindingLog& log) {
  if (!header.extra.alignment) {
    return;
  }
  const auto& fill = *header.extra.alignment;
  file.seek(fill.offset, "alignment padding");
  const auto text = file.text(fill.length, "alignment padding");
  const auto other = static_cast<std::uint64_t>(std::count_if(text.begin(), text.end(), [](char c) { return c != 'Z'; }));
  if (other != 0) {
    const auto first = text.find_first_not_of('Z');
    log.add(zip_rules::k_padding, {fill.offset + first, fill.length - first}, [&] {
      return counted(other, "byte", "bytes") + " of the " + std::to_string(fill.length) + " in the alignment padding of " +
             quoted(name) + " are not the 'Z' that torch fills with";
    });
  }
}

// --- Data descriptors -------------------------------------------------------------------------------------------

namespace {

/// Whether the bytes at `offset` are a descriptor of this form for `entry`.
bool descriptor_agrees(Cursor& file, std::uint64_t offset, const ZipEntry& entry, bool with_signature, bool wide) {
  const std::uint64_t length = (with_signature ? 4U : 0U) + 4U + (wide ? 16U : 8U);
  if (offset > file.end() || file.end() - offset < length) {
    return false;
  }
  file.seek(offset, "data descriptor");
  if (with_signature && file.le<std::uint32_t>("signature of the data descriptor") != k_descriptor_signature) {
    return false;
  }
  if (file.le<std::uint32_t>("crc-32") != entry.crc32) {
    return false;
  }
  const auto size = [&file, wide] {
    return wide ? file.le<std::uint64_t>("size") : std::uint64_t{file.le<std::uint32_t>("size")};
  };
  const auto packed = size();
  const auto unpacked = size();
  return packed == entry.packed_size && unpacked == entry.unpacked_size;
}

bool has_descriptor_signature(Cursor& file, std::uint64_t offset) {
  if (offset > file.end() || file.end() - offset < 16) {
    return false;
  }
  file.seek(offset, "data descriptor");
  return file.le<std::uint32_t>("signature of the data descriptor") == k_descriptor_signature;
}

}  // namespace

std::optional<std::uint8_t> match_descriptor(Cursor& file, std::uint64_t offset, const ZipEntry& entry,
                                             std::uint64_t next) {
  struct Form {
    bool with_signature;
    bool wide;
    std::uint8_t length;
  };
  static constexpr Form k_forms[] = {{true, false, 16}, {true, true, 24}, {false, false, 12}, {false, true, 20}};
  std::optional<std::uint8_t> found;
  for (const auto& form : k_forms) {
    const bool fits = offset + form.length == next;
    if ((fits || !found) && descriptor_agrees(file, offset, entry, form.with_signature, form.wide)) {
      found = form.length;
      if (fits) {
        break;
      }
    }
  }
  return found;
}

namespace {

void read_descriptor(Cursor& file, ZipEntry& entry, std::uint64_t next, FindingLog& log) {
  const auto offset = entry.data.end();
  if (const auto length = match_descriptor(file, offset, entry, next)) {
    entry.descriptor_length = *length;
    return;
  }
  const bool there = has_descriptor_signature(file, offset);
  if (there) {
    entry.descriptor_length = next - offset == 24 ? 24 : 16;
  }
  log.add(zip_rules::k_descriptor, {offset, entry.descriptor_length}, [&] {
    return there ? "the data descriptor of " + quoted(entry.name) + " gives another checksum or other sizes than the directory"
                 : "the data of " + quoted(entry.name) + " should be followed by a data descriptor; there is none";
  });
}

}  // namespace

// --- All of them ------------------------------------------------------------------------------------------------

namespace {

std::vector<std::uint32_t> order_of_headers(const std::vector<ZipEntry>& entries) {
  std::vector<std::uint32_t> order(entries.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto earlier = [&entries](std::uint32_t a, std::uint32_t b) {
    const auto at = entries[a].header_offset;
    const auto bt = entries[b].header_offset;
    return at != bt ? at < bt : a < b;
  };
  if (!std::is_sorted(order.begin(), order.end(), earlier)) {
    std::sort(order.begin(), order.end(), earlier);
  }
  return order;
}

class LocalReader {
 public:
  LocalReader(const bytes::Source& source, ZipDirectory& directory, bytes::LabelSink* labels, FindingLog& log)
      : m_file(source), m_directory(directory), m_labels(labels), m_log(log) {}

  /// The entries `members` share the header at one offset; the next known structure begins at `next`.
  void read_group(std::span<const std::uint32_t> members, std::uint64_t next) {
    const auto& first = m_directory.entries[members.front()];
    if (m_budget_spent || !read_local_header(m_file, first.header_offset, m_header)) {
      report_missing(members);
      return;
    }
    spend(m_header);
    if (m_labels != nullptr) {
      label_local_header(m_header, first.name, *m_labels);
    }
    check_padding(m_file, m_header, first.name, m_log);
    for (const auto index : members) {
      read_entry(index, m_header, next);
    }
  }

 private:
  void read_entry(std::uint32_t index, const LocalHeader& header, std::uint64_t next) {
    auto& entry = m_directory.entries[index];
    entry.header_length = header.length;
    entry.extras |= header.extra.kinds;
    const auto start = header.offset + header.length;
    entry.data = {start, std::min(entry.packed_size, m_file.end() - start)};
    entry.cut = entry.data.length < entry.packed_size;
    compare_headers(entry, header, m_log);
    if (header.name != entry.name && m_directory.local_names.size() < k_most_local_names) {
      m_directory.local_names.emplace(index, header.name);
    }
    if ((header.flags & k_descriptor_flag) != 0 && !entry.cut) {
      read_descriptor(m_file, entry, next, m_log);
      label_descriptor(entry);
    }
  }

  void label_descriptor(const ZipEntry& entry) {
    if (m_labels != nullptr && entry.descriptor_length != 0) {
      m_labels->label({entry.data.end(), entry.descriptor_length}, RegionKind::structure, "data descriptor");
    }
  }

  /// Headers that do not overlap cannot take more than the file; any more would be read again and again.
  void spend(const LocalHeader& header) {
    m_spent += header.length;
    m_budget_spent = m_spent > m_file.end();
  }

  void report_missing(std::span<const std::uint32_t> members) {
    for (const auto index : members) {
      auto& entry = m_directory.entries[index];
      entry.overlaps = entry.overlaps || m_budget_spent;
      m_log.add(zip_rules::k_no_header, {entry.central_offset, 0}, [&] {
        return "the directory puts the local header of " + quoted(entry.name) + " at " + std::to_string(entry.header_offset) +
               (m_budget_spent ? "; local headers overlap so much that it was not read" : ", where there is none");
      });
    }
  }

  Cursor m_file;
  ZipDirectory& m_directory;
  bytes::LabelSink* m_labels;
  FindingLog& m_log;
  LocalHeader m_header;  ///< the one that is looked at: its strings are used again
  std::uint64_t m_spent = 0;
  bool m_budget_spent = false;
};

}  // namespace

std::vector<std::uint32_t> read_local_headers(const bytes::Source& source, ZipDirectory& directory,
                                              bytes::LabelSink* labels, FindingLog& log) {
  auto order = order_of_headers(directory.entries);
  if (labels != nullptr) {
    labels->expect(order.size());
  }
  LocalReader reader(source, directory, labels, log);
  const auto offset_of = [&](std::size_t place) { return directory.entries[order[place]].header_offset; };
  for (std::size_t start = 0; start < order.size();) {
    auto end = start + 1;
    while (end < order.size() && offset_of(end) == offset_of(start)) {
      ++end;
    }
    auto next = end < order.size() ? offset_of(end) : source.size();
    if (directory.central.offset > offset_of(start)) {
      next = std::min(next, directory.central.offset);
    }
    reader.read_group(std::span(order).subspan(start, end - start), next);
    start = end;
  }
  return order;
}

}  // namespace upinspect::containers
