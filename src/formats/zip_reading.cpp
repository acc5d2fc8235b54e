// SPDX-License-Identifier: Apache-2.0
#include "formats/zip_reading.hpp"

#include "bytes/parse_error.hpp"
#include "containers/tar.hpp"
#include "containers/zip_torch_lookup.hpp"

#include <algorithm>
#include <array>

namespace upinspect::formats {

namespace {

constexpr std::uint64_t k_directory_record = 46;

containers::ZipLimits limits_of(const InspectOptions& options) {
  containers::ZipLimits limits;
  // An entry takes ten times the bytes of its record in memory, and several readers look at the list.
  limits.directory_bytes = std::min(limits.directory_bytes, options.limits.memory / 32);
  limits.entries = std::min(limits.entries, limits.directory_bytes / k_directory_record);
  limits.threads = options.jobs != 1;
  return limits;
}

}  // namespace

ZipReading::ZipReading(const bytes::Source& source, const InspectOptions& options)
    : m_limits(limits_of(options)), m_at_start(starts_as_zip(source)) {
  // An archive behind other bytes is looked for only where all of the file is read anyway.
  if (m_at_start || options.depth == Depth::full) {
    read(source, options.depth);
  }
}

void ZipReading::read(const bytes::Source& source, Depth depth) {
  try {
    m_directory = containers::read_zip(source, &m_labels, m_findings, m_limits);
    m_found = true;
    return;
  } catch (const bytes::ParseError& error) {
    if (!m_at_start) {
      m_findings.clear();
      return;
    }
    Finding finding;
    finding.id = error.truncated ? "container.truncated" : "container.malformed";
    finding.severity = Severity::error;
    finding.message = std::string("zip: ") + error.what();
    finding.offset = error.offset();
    m_findings.push_back(std::move(finding));
  }
  salvage(source, depth);
}

void ZipReading::salvage(const bytes::Source& source, Depth depth) {
  // Where sizes stand in data descriptors, as torch writes them, a salvage looks through the data for their ends. The
  // first record, data.pkl, tells the format and the tensors' names; the quick look goes no further than that.
  constexpr std::uint64_t k_quick_bytes = std::uint64_t{1} << 20;
  auto limits = m_limits;
  if (depth == Depth::headers) {
    limits.scanned_bytes = k_quick_bytes;
  }
  try {
    m_directory = containers::salvage_zip(source, &m_labels, m_findings, limits);
    m_found = true;
  } catch (const bytes::ParseError& error) {
    Finding finding;
    finding.id = "container.malformed";
    finding.severity = Severity::error;
    finding.message = std::string("zip: ") + error.what();
    finding.offset = error.offset();
    m_findings.push_back(std::move(finding));
  }
}

std::optional<containers::ZipDirectory> ZipReading::other_directory(const bytes::Source& source) const {
  if (!m_directory.other_directory) {
    return std::nullopt;
  }
  auto limits = m_limits;
  limits.prefer = containers::ZipAddressing::adjusted;
  try {
    std::vector<Finding> told_already;
    return containers::read_zip(source, nullptr, told_already, limits);
  } catch (const bytes::ParseError&) {
    return std::nullopt;
  }
}

bool ZipReading::has(const std::string& name) const {
  return !containers::find_any_case(m_directory, prefix() + name).empty();
}

std::string ZipReading::prefix() const {
  if (m_directory.entries.empty()) {
    return {};
  }
  const auto& name = m_directory.entries.front().name;
  const auto slash = name.find('/');
  return slash == std::string::npos ? std::string() : name.substr(0, slash + 1);
}

void ZipReading::replay(model::Builder& builder) const {
  builder.coverage.add(m_labels);
  builder.artifact.findings.insert(builder.artifact.findings.end(), m_findings.begin(), m_findings.end());
  if (!builder.full()) {
    return;  // no data pass will want them
  }
  for (const auto& entry : m_directory.entries) {
    if (!containers::why_unreadable(entry).empty() || entry.overlaps) {
      continue;
    }
    model::ChecksumClaim claim;
    claim.entry = entry.name;
    claim.packed = entry.data;
    claim.packing = entry.method == containers::k_zip_deflated ? Packing::deflated : Packing::stored;
    claim.unpacked = entry.unpacked_size;
    claim.crc32 = entry.crc32;
    claim.declared_at = entry.central_offset;
    builder.checksums.push_back(std::move(claim));
  }
}

void claim_entry(model::Builder& builder, const containers::ZipEntry& entry) {
  if (entry.looks_like_directory() && entry.packed_size == 0) {
    return;
  }
  if (builder.members.size() >= model::Builder::k_most_members) {
    const bool holds = entry.overlaps || entry.data.length != 0 || entry.encrypted() || !containers::why_unreadable(entry).empty();
    builder.members_left_out += holds ? 1 : 0;
    return;
  }
  model::MemberClaim claim;
  claim.name = entry.name;
  claim.packed = entry.overlaps ? ByteRange{entry.data.offset, 0} : entry.data;
  claim.packing = entry.method == containers::k_zip_deflated ? model::MemberClaim::Packing::deflated : model::MemberClaim::Packing::stored;
  claim.unpacked = entry.unpacked_size;
  claim.unread = entry.overlaps ? "shares its bytes with another entry" : entry.encrypted() ? "is marked as encrypted" : containers::why_unreadable(entry);
  builder.add_member(std::move(claim));
}

void label_entry(model::Builder& builder, const containers::ZipEntry& entry, RegionKind kind, const std::string& label) {
  if (!entry.overlaps) {
    builder.coverage.label(entry.data, kind, label);
  }
}

bool starts_as_zip(const bytes::Source& source) {
  std::array<std::byte, 4> magic{};
  if (source.size() < magic.size()) {
    return false;
  }
  source.read_at(0, magic);
  const auto at = [&magic](std::size_t i) { return std::to_integer<unsigned>(magic[i]); };
  const bool local = at(2) == 3 && at(3) == 4;
  const bool empty = at(2) == 5 && at(3) == 6;
  const bool spanned = (at(2) == 7 && at(3) == 8) || (at(2) == '0' && at(3) == '0');
  return at(0) == 'P' && at(1) == 'K' && (local || empty || spanned);
}

bool is_in_tar(const ZipReading& zip, const bytes::Source& source) {
  if (zip.at_start() || !zip.found() || !containers::tar_header_at(source, 0)) {
    return false;
  }
  std::vector<Finding> ignored;
  return containers::read_tar(source, nullptr, ignored).end > zip.directory().end_offset;
}

}  // namespace upinspect::formats
