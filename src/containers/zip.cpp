// SPDX-License-Identifier: Apache-2.0
#include "containers/zip.hpp"

#include "containers/zip_central.hpp"
#include "containers/zip_checks.hpp"
#include "containers/zip_end.hpp"
#include "containers/zip_layout.hpp"
#include "containers/zip_local.hpp"
#include "containers/zip_names.hpp"
#include "containers/zip_read.hpp"

#include <future>
#include <thread>

namespace upinspect::containers {

namespace {

/// Looks at the names while the local headers are read, which does not touch them; where that is not worth a thread, or there is none to be
/// had, when it is asked for.
std::future<void> index_aside(ZipDirectory& directory, const ZipLimits& limits) {
  constexpr std::size_t k_worth_it = 4096;
  const bool aside = limits.threads && directory.entries.size() >= k_worth_it && std::thread::hardware_concurrency() > 1;
  return std::async(aside ? std::launch::async | std::launch::deferred : std::launch::deferred, [&directory] { index_names(directory); });
}

}  // namespace

ZipDirectory read_from_end(const bytes::Source& source, const EndRecords& records, bytes::LabelSink* labels,
                           FindingLog& log, const ZipLimits& limits) {
  ZipDirectory directory;
  const auto place = place_directory(source, records, limits.prefer, directory, log);
  check_end_records(source, records, place, directory, log);
  read_central_directory(source, place, limits, directory, log);
  if (labels != nullptr) {
    if (directory.central.length != 0) {
      labels->label(directory.central, RegionKind::structure, "central directory");
    }
    label_end_records(records, place, source.size(), *labels);
  }
  auto names = index_aside(directory, limits);
  const auto order = read_local_headers(source, directory, labels, log);
  names.get();
  check_layout(source, records, place, order, directory, log);
  check_entries(directory, log);
  return directory;
}

void check_entries(const ZipDirectory& directory, FindingLog& log) {
  check_duplicate_names(directory, log);
  auto next_unsafe = directory.unsafe_names.begin();
  for (std::size_t i = 0; i < directory.entries.size(); ++i) {
    if (next_unsafe != directory.unsafe_names.end() && *next_unsafe == i) {
      report_unsafe_name(directory.entries[i], log);
      ++next_unsafe;
    }
    check_entry(directory.entries[i], log);
  }
}

ZipDirectory read_zip(const bytes::Source& source, bytes::LabelSink* labels, std::vector<Finding>& findings,
                      const ZipLimits& limits) {
  FindingLog log(findings);
  return read_from_end(source, read_end_records(source), labels, log, limits);
}

void label_payload(const ZipDirectory& directory, bytes::LabelSink& labels) {
  for (const auto& entry : directory.entries) {
    if (entry.has_header() && !entry.overlaps && entry.data.length != 0) {
      labels.label(entry.data, RegionKind::payload, entry.name);
    }
  }
}

std::string why_unreadable(const ZipEntry& entry) {
  if (!entry.has_header()) {
    return "has no local header";
  }
  if (entry.method != k_zip_stored && entry.method != k_zip_deflated) {
    return "is packed with " + method_name(entry.method);
  }
  if (!entry.size_known) {
    return "has no known end";
  }
  if (entry.cut) {
    return "is cut short: " + std::to_string(entry.data.length) + " of " + std::to_string(entry.packed_size) + " bytes are there";
  }
  // A mark of encryption on stored data may be there to make scanners look away: the bytes are read all the same.
  if (entry.encrypted() && entry.method != k_zip_stored) {
    return "is marked as encrypted";
  }
  return {};
}

namespace {

[[noreturn]] void refuse(const ZipEntry& entry, std::string why) {
  bytes::ParseError error(entry.header_offset, "entry " + entry.name, std::move(why));
  error.truncated = entry.cut;
  throw error;
}

}  // namespace

bytes::UnpackedBytes read_entry(const bytes::Source& source, const ZipEntry& entry, std::uint64_t cap) {
  if (auto why = why_unreadable(entry); !why.empty()) {
    refuse(entry, std::move(why));
  }
  if (entry.method == k_zip_deflated) {
    return bytes::unpack(source, entry.data, cap, entry.unpacked_size);
  }
  bytes::Cursor in(source, entry.data);
  return {in.bytes(entry.data.length, "entry " + entry.name, cap), {entry.data.end(), 0}};
}

}  // namespace upinspect::containers
