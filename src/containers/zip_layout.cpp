// SPDX-License-Identifier: Apache-2.0
#include "containers/zip_layout.hpp"

#include "containers/zip_local.hpp"
#include "containers/zip_rules.hpp"

#include <algorithm>
#include <optional>

namespace upinspect::containers {

using bytes::Cursor;

namespace {

constexpr std::uint32_t k_no_entry = UINT32_MAX;

/// A stretch of the file that one entry, or the directory and its end records, take.
struct Extent {
  std::uint64_t start;
  std::uint64_t end;
  std::uint32_t entry;
};

std::vector<Extent> extents_of(const EndRecords& records, const DirectoryPlace& place,
                               std::span<const std::uint32_t> order, const ZipDirectory& directory) {
  std::vector<Extent> out;
  out.reserve(order.size() + 4);
  for (const auto index : order) {
    const auto& entry = directory.entries[index];
    if (entry.has_header()) {
      out.push_back({entry.header_offset, entry.end(), index});
    }
  }
  out.push_back({directory.central.offset, directory.central.end(), k_no_entry});
  if (place.zip64) {
    out.push_back({place.from.offset, place.from.offset + place.from.length, k_no_entry});
  }
  if (records.locator) {
    out.push_back({records.locator->offset, records.locator->offset + k_locator_bytes, k_no_entry});
  }
  out.push_back({records.end.offset, directory.archive_end, k_no_entry});
  const auto earlier = [](const Extent& a, const Extent& b) { return a.start < b.start; };
  if (!std::is_sorted(out.begin(), out.end(), earlier)) {
    std::stable_sort(out.begin(), out.end(), earlier);
  }
  return out;
}

// --- Overlaps ---------------------------------------------------------------------------------------------------

std::string say_overlap(const ZipDirectory& directory, const Extent& earlier, const Extent& later) {
  const auto name = [&directory](const Extent& extent) {
    return extent.entry == k_no_entry ? std::string("the directory") : quoted(directory.entries[extent.entry].name);
  };
  if (earlier.start == later.start && earlier.entry != k_no_entry && later.entry != k_no_entry) {
    return name(earlier) + " and " + name(later) + " share one local header and its data";
  }
  const auto shared = std::min(earlier.end, later.end) - later.start;
  return name(earlier) + " and " + name(later) + " share " + counted(shared, "byte", "bytes") + " from " +
         std::to_string(later.start) + ": no honest archive does that, a zip bomb does";
}

void mark(ZipDirectory& directory, const Extent& earlier, const Extent& later) {
  const auto victim = later.entry != k_no_entry ? later.entry : earlier.entry;
  if (victim != k_no_entry) {
    directory.entries[victim].overlaps = true;
  }
}

// --- Gaps -------------------------------------------------------------------------------------------------------

void check_gap(Cursor& file, ByteRange gap, FindingLog& log) {
  const auto header = read_local_header(file, gap.offset);
  if (header && header->length <= gap.length) {
    log.add(zip_rules::k_unlisted, gap, [&] {
      return "between the entries lies a local header for " + quoted(header->name) +
             " that the directory does not list: readers that stream the archive see it, torch and zipfile do not";
    });
  }
}

void sweep(Cursor& file, std::span<const Extent> extents, ZipDirectory& directory, FindingLog& log) {
  auto reach = extents.front();  // The extent that goes furthest so far.
  for (const auto& extent : extents.subspan(1)) {
    if (extent.start < reach.end) {
      mark(directory, reach, extent);
      log.add(zip_rules::k_overlap, {extent.start, std::min(reach.end, extent.end) - extent.start},
              [&] { return say_overlap(directory, reach, extent); });
    } else if (extent.start > reach.end) {
      check_gap(file, {reach.end, extent.start - reach.end}, log);
    }
    if (extent.end >= reach.end) {
      reach = extent;
    }
  }
}

// --- Around the archive -----------------------------------------------------------------------------------------

std::optional<std::uint64_t> last_end_in(const bytes::Source& source, ByteRange range) {
  constexpr std::uint64_t k_window = 65'535 + k_end_bytes;
  const auto length = std::min(range.length, k_window);
  Cursor in(source, ByteRange{range.end() - length, length});
  const auto start = in.offset();
  const auto window = in.text(length, "bytes before the archive");
  const auto at = window.rfind("PK\x05\x06");
  return at == std::string::npos ? std::nullopt : std::optional(start + at);
}

void report_end(const bytes::Source& source, std::uint64_t offset, const EndRecords& records, FindingLog& log) {
  const auto other = read_end_records_at(source, offset);
  log.add(zip_rules::k_several_ends, {offset, k_end_bytes}, [&] {
    return "another end of central directory, for " + counted(other.end.count, "entry", "entries") + " at " +
           std::to_string(other.end.directory_offset) + "; the one in use is at " + std::to_string(records.end.offset) +
           ": archives put one after another, or one hidden in the other";
  });
}

void check_leading(const bytes::Source& source, std::uint64_t first, const EndRecords& records,
                   const ZipDirectory& directory, FindingLog& log) {
  if (first == 0) {
    return;
  }
  log.add(zip_rules::k_leading_data, {0, first}, [&] {
    return counted(first, "byte lies", "bytes lie") + " before the archive; " +
           (directory.prefix_bytes == 0 ? std::string("its offsets account for them, so that torch and zipfile both read it")
                                        : "its offsets do not account for " + std::to_string(directory.prefix_bytes) +
                                              " of them: Python's zipfile reads it, torch does not");
  });
  const auto end = last_end_in(source, {0, first});
  const bool known = end && std::find(records.signatures.begin(), records.signatures.end(), *end) != records.signatures.end();
  if (end && !known && source.size() - *end >= k_end_bytes) {
    report_end(source, *end, records, log);
  }
}

/// The end record of an archive that is an entry's data is that entry's affair.
bool inside_data(std::span<const Extent> extents, const ZipDirectory& directory, std::uint64_t offset) {
  return std::any_of(extents.begin(), extents.end(), [&](const Extent& extent) {
    if (extent.entry == k_no_entry) {
      return false;
    }
    const auto& data = directory.entries[extent.entry].data;
    return offset >= data.offset && offset < data.end();
  });
}

void check_other_ends(const bytes::Source& source, const EndRecords& records, std::span<const Extent> extents,
                      const ZipDirectory& directory, FindingLog& log) {
  std::size_t looked_at = 0;
  for (const auto offset : records.signatures) {
    // The window holds at most 16 Ki signatures; an archive of a million entries need not be searched for each.
    if (offset != records.end.offset && looked_at++ < FindingLog::k_each && !inside_data(extents, directory, offset)) {
      report_end(source, offset, records, log);
    }
  }
}

}  // namespace

void check_layout(const bytes::Source& source, const EndRecords& records, const DirectoryPlace& place,
                  std::span<const std::uint32_t> order, ZipDirectory& directory, FindingLog& log) {
  const auto extents = extents_of(records, place, order, directory);
  Cursor file(source);
  sweep(file, extents, directory, log);
  check_leading(source, extents.front().start, records, directory, log);
  check_other_ends(source, records, extents, directory, log);
}

}  // namespace upinspect::containers
