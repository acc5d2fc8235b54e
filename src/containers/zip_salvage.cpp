// SPDX-License-Identifier: Apache-2.0
#include "containers/zip_central.hpp"
#include "containers/zip_local.hpp"
#include "containers/zip_read.hpp"
#include "containers/zip_rules.hpp"
#include "containers/zip_scan.hpp"

#include <algorithm>

namespace upinspect::containers {

namespace {

ZipEntry entry_from(const LocalHeader& header) {
  ZipEntry out;
  out.name = header.name;
  out.packed_size = header.sizes.packed;
  out.unpacked_size = header.sizes.unpacked;
  out.header_offset = out.central_offset = header.offset;
  out.crc32 = header.crc32;
  out.header_length = header.length;
  out.method = header.method;
  out.flags = header.flags;
  out.version_needed = header.version_needed;
  out.dos_time = header.dos_time;
  out.dos_date = header.dos_date;
  out.extras = header.extra.kinds;
  return out;
}

class Salvage {
 public:
  Salvage(const bytes::Source& source, const ZipLimits& limits) : m_source(source), m_limits(limits), m_file(source) {}

  ZipDirectory run() {
    std::uint64_t at = 0;
    while (m_directory.entries.size() < m_limits.entries) {
      const auto header = read_local_header(m_file, at);
      if (header) {
        at = take(*header);
        continue;
      }
      m_directory.archive_end = at;
      if (take_directory(at)) {
        break;
      }
      const auto next = scan(at).boundary_after(at + 1);
      if (!next) {
        m_directory.partial = m_scan->stopped_early();
        break;
      }
      at = *next;
    }
    return std::move(m_directory);
  }

  [[nodiscard]] std::optional<std::uint64_t> buried_end() const { return m_buried_end; }

 private:
  /// The scan starts where it is first needed; the walk never goes back.
  const ZipScan& scan(std::uint64_t from) {
    if (!m_scan) {
      m_scan.emplace(m_source, from, m_limits.scanned_bytes);
    }
    return *m_scan;
  }

  /// Adds the entry and gives the offset after it.
  std::uint64_t take(const LocalHeader& header) {
    auto entry = entry_from(header);
    const auto start = header.offset + header.length;
    const bool left_to_descriptor = (header.flags & 8U) != 0 && entry.packed_size == 0;
    if (left_to_descriptor) {
      find_end(entry, start);
    } else {
      entry.data = {start, std::min(entry.packed_size, m_source.size() - start)};
      entry.cut = entry.data.length < entry.packed_size;
      if ((header.flags & 8U) != 0) {
        entry.descriptor_length = match_descriptor(m_file, entry.data.end(), entry, 0).value_or(std::uint8_t{0});
      }
    }
    m_directory.entries.push_back(std::move(entry));
    return m_directory.archive_end = m_directory.entries.back().end();
  }

  void find_end(ZipEntry& entry, std::uint64_t start) {
    const auto& seen = scan(start);
    if (const auto descriptor = seen.descriptor_for(start)) {
      entry.packed_size = descriptor->packed;
      entry.unpacked_size = descriptor->unpacked;
      entry.crc32 = descriptor->crc32;
      entry.descriptor_length = descriptor->length;
      entry.data = {start, descriptor->packed};
      return;
    }
    const auto next = seen.boundary_after(start);
    entry.data = {start, next.value_or(m_source.size()) - start};
    entry.packed_size = entry.data.length;
    entry.unpacked_size = entry.method == k_zip_stored ? entry.packed_size : 0;
    entry.size_known = false;
    entry.cut = !next;
  }

  /// Where the directory begins after all: it has no usable end record, or one too far from the end of the file.
  bool take_directory(std::uint64_t at) {
    std::vector<Finding> unused;
    FindingLog quiet(unused);
    ZipDirectory seen;
    DirectoryPlace place;
    place.offset = at;
    place.limit = m_source.size();
    read_central_directory(m_source, place, m_limits, seen, quiet);
    if (seen.central.length == 0) {
      return false;
    }
    m_directory.central = seen.central;
    m_directory.archive_end = seen.central.end();
    m_buried_end = end_record_after(seen.central.end());
    return true;
  }

  std::optional<std::uint64_t> end_record_after(std::uint64_t at) {
    for (const std::uint64_t between : {std::uint64_t{0}, k_zip64_end_bytes + k_locator_bytes}) {
      if (m_source.size() - at >= between + k_end_bytes) {
        m_file.seek(at + between, "end of central directory");
        if (m_file.le<std::uint32_t>("signature of the end record") == k_end_signature) {
          return at + between;
        }
      }
    }
    return std::nullopt;
  }

  const bytes::Source& m_source;
  const ZipLimits& m_limits;
  bytes::Cursor m_file;
  std::optional<ZipScan> m_scan;
  ZipDirectory m_directory;
  std::optional<std::uint64_t> m_buried_end;
};

void report_salvage(const ZipDirectory& directory, std::uint64_t file_size, FindingLog& log) {
  const auto whole = static_cast<std::uint64_t>(std::count_if(
      directory.entries.begin(), directory.entries.end(), [](const ZipEntry& e) { return !e.cut && e.size_known; }));
  const auto first = directory.entries.empty() ? file_size : directory.entries.front().header_offset;
  log.add(zip_rules::k_salvaged, {directory.archive_end, 0},
          "the archive has no usable directory, so torch and zipfile refuse it; its local headers show " +
              counted(directory.entries.size(), "entry", "entries") + ", " + std::to_string(whole) + " of them whole" +
              (directory.partial ? "; the data behind them were not looked through for more" : ""));
  if (first != 0 && !directory.entries.empty()) {
    log.add(zip_rules::k_leading_data, {0, first}, counted(first, "byte lies", "bytes lie") + " before the first entry");
  }
}

void label_salvaged(const bytes::Source& source, const ZipDirectory& directory, bytes::LabelSink* labels, FindingLog& log) {
  bytes::Cursor file(source);
  for (const auto& entry : directory.entries) {
    const auto header = read_local_header(file, entry.header_offset);
    if (!header) {
      continue;
    }
    check_padding(file, *header, entry.name, log);
    if (labels != nullptr) {
      label_local_header(*header, entry.name, *labels);
    }
    if (labels != nullptr && entry.descriptor_length != 0) {
      labels->label({entry.data.end(), entry.descriptor_length}, RegionKind::structure, "data descriptor");
    }
  }
  if (labels != nullptr && directory.central.length != 0) {
    labels->label(directory.central, RegionKind::structure, "central directory");
  }
}

std::optional<ZipDirectory> read_buried(const bytes::Source& source, std::uint64_t end, bytes::LabelSink* labels,
                                        FindingLog& log, const ZipLimits& limits) {
  try {
    auto directory = read_from_end(source, read_end_records_at(source, end), labels, log, limits);
    log.add(zip_rules::k_buried_end, {end, k_end_bytes},
            "the end record lies " + std::to_string(source.size() - end) +
                " bytes before the end of the file, where torch and zipfile do not look for it or find another one first");
    return directory;
  } catch (const bytes::ParseError&) {
    return std::nullopt;  // The record leads nowhere: the local headers are what there is.
  }
}

}  // namespace

ZipDirectory salvage_zip(const bytes::Source& source, bytes::LabelSink* labels, std::vector<Finding>& findings,
                         const ZipLimits& limits) {
  FindingLog log(findings);
  Salvage salvage(source, limits);
  auto directory = salvage.run();
  if (const auto end = salvage.buried_end()) {
    if (auto buried = read_buried(source, *end, labels, log, limits)) {
      return std::move(*buried);
    }
  }
  directory.salvaged = true;
  label_salvaged(source, directory, labels, log);
  report_salvage(directory, source.size(), log);
  index_names(directory);
  check_entries(directory, log);
  return directory;
}

}  // namespace upinspect::containers
