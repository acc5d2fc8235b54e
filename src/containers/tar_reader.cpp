// SPDX-License-Identifier: Apache-2.0
#include "containers/tar_reader.hpp"

#include "containers/tar_pax.hpp"
#include "containers/tar_rules.hpp"

#include <algorithm>
#include <charconv>

namespace upinspect::containers {

namespace {

bool is_extension(char type) { return type == 'L' || type == 'K' || type == 'x' || type == 'X' || type == 'g'; }

/// Links, devices, directories and FIFOs have no data, whatever their size field says.
bool has_data(const TarHeader& header) {
  const bool old_directory = header.type == '\0' && !header.name.empty() && header.name.back() == '/';
  return !old_directory && (header.type < '1' || header.type > '6');
}

TarKind kind_of(const TarHeader& header) {
  switch (header.type) {
    case '\0': return has_data(header) ? TarKind::file : TarKind::directory;
    case '0':
    case '7':
    case 'S': return TarKind::file;
    case '1': return TarKind::hard_link;
    case '2': return TarKind::symbolic_link;
    case '5': return TarKind::directory;
    default: return TarKind::special;
  }
}

std::string_view extension_label(char type) {
  switch (type) {
    case 'L': return "long name";
    case 'K': return "long link target";
    case 'g': return "global pax header";
    default: return "pax header";
  }
}

}  // namespace

TarArchive TarReader::run() {
  while (step()) {
  }
  if (m_pending.offset) {
    m_log.add(tar_rules::k_lone_extension, {*m_pending.offset, 0}, "an extension header is the last there is; no member follows it");
  }
  return std::move(m_archive);
}

void TarReader::label(ByteRange range, RegionKind kind, std::string_view what) {
  if (m_labels != nullptr && range.length != 0) {
    m_labels->label(range, kind, what);
  }
}

// --- Headers ----------------------------------------------------------------------------------------------------

bool TarReader::step() {
  const auto start = m_file.offset();
  m_archive.end = start;
  if (m_file.remaining() < k_tar_block) {
    return refuse_header(start, m_file.at_end() ? "" : counted(m_file.remaining(), "byte is", "bytes are") + " left, too few for a header");
  }
  const auto block = m_file.text(k_tar_block, "tar header");
  if (all_zero(block)) {
    finish(start);
    return false;
  }
  const auto header = parse_tar_header(block, start);
  if (header.checksum == TarChecksum::wrong) {
    return refuse_header(start, "the checksum of the header does not match");
  }
  if (header.checksum == TarChecksum::right_if_signed) {
    m_log.add(tar_rules::k_signed_checksum, {start, k_tar_block},
              [&] { return "the checksum of the header of " + quoted(header.name) + " sums its bytes as signed"; });
  }
  if (m_archive.members.size() >= m_limits.members) {
    m_log.add(tar_rules::k_limit, {start, 0}, "the archive goes on after " + counted(m_limits.members, "member", "members") + ", the most that is read");
    return false;
  }
  return take(header);
}

/// Where no header can be read: an error in the first block, else the end, as tarfile has it.
bool TarReader::refuse_header(std::uint64_t offset, const std::string& why) {
  if (offset == 0) {
    bytes::ParseError error(0, "tar header", why.empty() ? "the file is empty" : why);
    error.truncated = m_source.size() < k_tar_block;
    throw error;
  }
  if (why.empty()) {
    m_log.add(tar_rules::k_no_end, {offset, 0}, "the file ends without the zero blocks that end an archive; it may be cut short");
  } else {
    m_log.add(tar_rules::k_bad_header, {offset, m_source.size() - offset},
              "where a header is due, " + why + "; tarfile takes that for the end and says nothing");
  }
  return false;
}

bool TarReader::take(const TarHeader& header) {
  if (!header.size) {
    return refuse_header(header.offset, "the size of " + quoted(header.name) + " is no number");
  }
  m_archive.dialect = std::max(m_archive.dialect, header.dialect);
  return is_extension(header.type) ? take_extension(header) : take_member(header);
}

// --- Extension headers ------------------------------------------------------------------------------------------

bool TarReader::take_extension(const TarHeader& header) {
  const auto size = size_of(header);
  const auto at = m_file.offset();
  label({header.offset, k_tar_block}, RegionKind::structure, extension_label(header.type));
  if (size > m_file.remaining()) {
    m_log.add(tar_rules::k_member_cut, {at, m_file.remaining()},
              "the " + std::string(extension_label(header.type)) + " is " + std::to_string(size) + " bytes long; the file has " +
                  std::to_string(m_file.remaining()) + " of them");
    return false;
  }
  if (!m_pending.offset) {
    m_pending.offset = header.offset;
  }
  if (size <= m_limits.extension_bytes) {
    apply_extension(header, m_file.text(size, extension_label(header.type)), at);
  } else {
    m_file.skip(size, extension_label(header.type));
    m_log.add(tar_rules::k_limit, {at, size},
              "a " + std::string(extension_label(header.type)) + " of " + std::to_string(size) + " bytes is passed over; at most " +
                  std::to_string(m_limits.extension_bytes) + " are read");
  }
  label({at, size}, RegionKind::metadata, extension_label(header.type));
  take_padding();
  return true;
}

void TarReader::set_once(std::optional<std::string>& field, std::string value, std::uint64_t at) {
  if (field && *field != value) {
    m_log.add(tar_rules::k_extension, {at, 0}, [&] {
      return "two extension headers give one member the names " + quoted(*field) + ", which tarfile takes, and " + quoted(value);
    });
    return;
  }
  field = std::move(value);
}

void TarReader::apply_extension(const TarHeader& header, const std::string& text, std::uint64_t at) {
  if (header.type == 'L') {
    set_once(m_pending.name, text.substr(0, text.find('\0')), at);
  } else if (header.type == 'K') {
    set_once(m_pending.link, text.substr(0, text.find('\0')), at);
  } else {
    m_archive.dialect = TarDialect::pax;
    apply_pax(header, text, at);
  }
}

void TarReader::apply_pax(const TarHeader& header, const std::string& text, std::uint64_t at) {
  auto parsed = parse_pax(text);
  if (parsed.bad_at) {
    m_log.add(tar_rules::k_pax_record, {at + *parsed.bad_at, text.size() - *parsed.bad_at},
              "a pax record does not add up; it and the " + std::to_string(text.size() - *parsed.bad_at) + " bytes from it on are not read");
  }
  const auto* name = pax_value(parsed.records, "path");
  const auto* link = pax_value(parsed.records, "linkpath");
  const auto* size = pax_value(parsed.records, "size");
  if (header.type == 'g') {
    if (name != nullptr || link != nullptr || size != nullptr) {
      m_log.add(tar_rules::k_global_override, {at, text.size()},
                "a global header gives all members after it one name, link target or size; tarfile ignores that, others do not");
    }
    return;
  }
  if (const auto* sparse_name = pax_value(parsed.records, "GNU.sparse.name")) {
    name = sparse_name;
  }
  if (name != nullptr) {
    set_once(m_pending.name, *name, at);
  }
  if (link != nullptr) {
    set_once(m_pending.link, *link, at);
  }
  if (size != nullptr) {
    apply_pax_size(*size, at);
  }
  m_pending.pax.insert(m_pending.pax.end(), std::make_move_iterator(parsed.records.begin()), std::make_move_iterator(parsed.records.end()));
}

void TarReader::apply_pax_size(const std::string& value, std::uint64_t at) {
  std::uint64_t size = 0;
  const auto* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, size);
  if (error != std::errc{} || stop != end || value.empty()) {
    m_log.add(tar_rules::k_bad_number, {at, 0}, [&] { return "the pax size " + quoted(value) + " is no number of bytes"; });
  } else {
    m_pending.size = size;
  }
}

// --- Members ----------------------------------------------------------------------------------------------------

std::uint64_t TarReader::size_of(const TarHeader& header) {
  if (*header.size >= 0) {
    return static_cast<std::uint64_t>(*header.size);
  }
  m_log.add(tar_rules::k_negative_size, {header.offset + 124, 12}, [&] {
    return quoted(header.name) + " has the size " + std::to_string(*header.size) + ", which tarfile accepts; it is read as 0";
  });
  return 0;
}

TarMember TarReader::member_from(const TarHeader& header) {
  TarMember out;
  out.name = m_pending.name.value_or(header.name);
  out.link = m_pending.link.value_or(header.link);
  out.header_offset = header.offset;
  out.modified = header.modified.value_or(0);
  out.mode = static_cast<std::uint32_t>(header.mode.value_or(0) & 0xffffffff);
  out.kind = kind_of(header);
  out.type = header.type;
  out.pax = std::move(m_pending.pax);
  out.sparse = header.type == 'S' || pax_value(out.pax, "GNU.sparse.major") != nullptr ||
               pax_value(out.pax, "GNU.sparse.map") != nullptr || pax_value(out.pax, "GNU.sparse.size") != nullptr;
  return out;
}

bool TarReader::take_member(const TarHeader& header) {
  const auto stated = size_of(header);
  const auto size = m_pending.size.value_or(stated);
  auto member = member_from(header);
  m_pending = {};
  label({header.offset, k_tar_block}, RegionKind::structure, "header of " + member.name);
  if (size != stated && stated != 0) {
    m_log.add(tar_rules::k_size_differs, {header.offset + 124, 12}, [&] {
      return quoted(member.name) + " is " + std::to_string(stated) + " bytes long by its header and " + std::to_string(size) +
             " by its pax record, which tarfile takes: readers that do not know pax find other members";
    });
  }
  skip_sparse_map(header, member.name);
  member.data.offset = m_file.offset();
  bool more = true;
  if (has_data(header)) {
    more = take_data(member, size);
  } else if (size != 0) {
    m_log.add(tar_rules::k_size_unused, {header.offset + 124, 12}, [&] {
      return quoted(member.name) + " is no file but has a size of " + std::to_string(size) +
             " bytes; tarfile takes none, readers that take them find other members";
    });
  }
  check_member(member, m_log);
  m_archive.end = m_file.offset();
  m_archive.members.push_back(std::move(member));
  return more;
}

void TarReader::skip_sparse_map(const TarHeader& header, const std::string& name) {
  bool more = header.sparse_continues;
  while (more && m_file.remaining() >= k_tar_block) {
    const auto at = m_file.offset();
    const auto block = m_file.text(k_tar_block, "sparse map");
    label({at, k_tar_block}, RegionKind::structure, "sparse map of " + name);
    more = block[504] != '\0';
  }
}

bool TarReader::take_data(TarMember& member, std::uint64_t size) {
  member.size = size;
  member.data.length = std::min(size, m_file.remaining());
  member.cut = member.data.length < size;
  m_file.skip(member.data.length, "data");
  if (member.cut) {
    m_log.add(tar_rules::k_member_cut, member.data, [&] {
      return "the data of " + quoted(member.name) + " is " + std::to_string(size) + " bytes long; the file has " +
             std::to_string(member.data.length) + " of them";
    });
    return false;
  }
  take_padding();
  return true;
}

void TarReader::take_padding() {
  const auto at = m_file.offset();
  const auto length = std::min((k_tar_block - at % k_tar_block) % k_tar_block, m_file.remaining());
  const auto text = m_file.text(length, "padding");
  label({at, length}, RegionKind::padding, "padding");
  if (!all_zero(text)) {
    m_log.add(tar_rules::k_padding, {at, length}, "the padding up to the next block is not zero");
  }
}

// --- The end ----------------------------------------------------------------------------------------------------

void TarReader::finish(std::uint64_t zeros) {
  // Writers fill up to a record, 10 KiB by default. More zeros than this are left to the map of the file.
  constexpr std::uint64_t k_most_zeros = std::uint64_t{1} << 20;
  m_archive.ended = true;
  while (m_file.remaining() >= k_tar_block && m_file.offset() - zeros < k_most_zeros) {
    const auto at = m_file.offset();
    if (!all_zero(m_file.text(k_tar_block, "end of archive"))) {
      m_file.seek(at, "end of archive");
      break;
    }
  }
  label({zeros, m_file.offset() - zeros}, RegionKind::padding, "end of archive");
  if (!m_file.at_end() && m_file.offset() - zeros < k_most_zeros) {
    check_after_end(m_file.offset());
  }
}

void TarReader::check_after_end(std::uint64_t at) {
  const auto rest = m_file.remaining();
  std::string what;
  if (rest >= k_tar_block) {
    const auto header = parse_tar_header(m_file.text(k_tar_block, "bytes after the end"), at);
    if (header.checksum != TarChecksum::wrong) {
      what = ", with a header for " + quoted(header.name) + " that readers told to ignore zero blocks find";
    }
  }
  m_log.add(tar_rules::k_after_end, {at, rest}, counted(rest, "byte follows", "bytes follow") + " the zero blocks that end the archive" + what);
}

}  // namespace upinspect::containers
