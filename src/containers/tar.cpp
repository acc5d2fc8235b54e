// SPDX-License-Identifier: Apache-2.0
#include "containers/tar.hpp"

#include "containers/tar_reader.hpp"
#include "containers/tar_rules.hpp"
#include "containers/unsafe_name.hpp"

#include <algorithm>
#include <numeric>

namespace upinspect::containers {

// --- Lookups ----------------------------------------------------------------------------------------------------

namespace {

void index_names(TarArchive& archive) {
  const auto& members = archive.members;
  archive.by_name.resize(members.size());
  std::iota(archive.by_name.begin(), archive.by_name.end(), 0U);
  std::sort(archive.by_name.begin(), archive.by_name.end(), [&members](std::uint32_t a, std::uint32_t b) {
    const auto order = members[a].name <=> members[b].name;
    return order != 0 ? order < 0 : a < b;
  });
}

std::span<const std::uint32_t> named(const TarArchive& archive, std::string_view name) {
  const auto& members = archive.members;
  const auto first = std::lower_bound(archive.by_name.begin(), archive.by_name.end(), name,
                                      [&](std::uint32_t a, std::string_view b) { return members[a].name < b; });
  const auto last = std::upper_bound(first, archive.by_name.end(), name,
                                     [&](std::string_view a, std::uint32_t b) { return a < members[b].name; });
  return {first, last};
}

}  // namespace

const TarMember* TarArchive::find(std::string_view name) const {
  const auto found = named(*this, name);
  return found.empty() ? nullptr : &members[found.back()];
}

std::vector<std::size_t> TarArchive::find_all(std::string_view name) const {
  const auto found = named(*this, name);
  return {found.begin(), found.end()};
}

// --- Checks -----------------------------------------------------------------------------------------------------

namespace {

void check_kind(const TarMember& member, ByteRange where, FindingLog& log) {
  if (member.kind == TarKind::hard_link || member.kind == TarKind::symbolic_link) {
    const auto why = why_unsafe(member.link);
    log.add(tar_rules::k_link, where, [&] {
      return quoted(member.name) + " is a " + (member.kind == TarKind::hard_link ? "hard" : "symbolic") + " link to " +
             quoted(member.link) + (why.empty() ? "" : ", which " + std::string(why));
    });
  } else if (member.kind == TarKind::special) {
    const bool known = member.type >= '3' && member.type <= '6';
    log.add(tar_rules::k_special, where, [&] {
      return quoted(member.name) + " is " + (known ? "a device or FIFO" : "of the type " + quoted(std::string(1, member.type)) +
                                                                               ", which tarfile takes for a file");
    });
  }
  if (member.sparse) {
    log.add(tar_rules::k_sparse, where,
            [&] { return quoted(member.name) + " is stored with holes: its bytes in the file are not its content"; });
  }
}

void check_duplicates(const TarArchive& archive, FindingLog& log) {
  for (std::size_t i = 1; i < archive.by_name.size(); ++i) {
    const auto& one = archive.members[archive.by_name[i - 1]];
    const auto& other = archive.members[archive.by_name[i]];
    if (one.name == other.name) {
      log.add(tar_rules::k_duplicate, {other.header_offset, k_tar_block}, [&] {
        return "two members are named " + quoted(one.name) + ", at " + std::to_string(one.header_offset) + " and " +
               std::to_string(other.header_offset) + ": tarfile takes the last, others the first";
      });
    }
  }
}

}  // namespace

void check_member(const TarMember& member, FindingLog& log) {
  const ByteRange where{member.header_offset, k_tar_block};
  if (const auto why = why_unsafe(member.name); !why.empty()) {
    log.add(tar_rules::k_unsafe_name, where, [&] { return "the name " + quoted(member.name) + " " + std::string(why); });
  }
  check_kind(member, where, log);
}

// --- Reading ----------------------------------------------------------------------------------------------------

bool tar_header_at(const bytes::Source& source, std::uint64_t offset) {
  if (offset > source.size() || source.size() - offset < k_tar_block) {
    return false;
  }
  bytes::Cursor in(source, ByteRange{offset, k_tar_block});
  const auto block = in.text(k_tar_block, "tar header");
  return !all_zero(block) && tar_checksum(block) != TarChecksum::wrong;
}

TarArchive read_tar(const bytes::Source& source, bytes::LabelSink* labels, std::vector<Finding>& findings,
                    const TarLimits& limits) {
  FindingLog log(findings);
  auto archive = TarReader(source, labels, log, limits).run();
  index_names(archive);
  check_duplicates(archive, log);
  return archive;
}

std::string why_unreadable(const TarMember& member) {
  if (member.sparse) {
    return "is stored as the pieces of a file with holes";
  }
  return member.cut ? "is cut short: " + std::to_string(member.data.length) + " of " + std::to_string(member.size) + " bytes are there" : "";
}

void label_payload(const TarArchive& archive, bytes::LabelSink& labels) {
  for (const auto& member : archive.members) {
    if (member.data.length != 0) {
      labels.label(member.data, RegionKind::payload, member.name);
    }
  }
}

}  // namespace upinspect::containers
