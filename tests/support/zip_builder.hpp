// SPDX-License-Identifier: Apache-2.0
// Builds zip archives, honest and malformed: every field of every record can be told to lie.
#pragma once

#include "bytes/digest.hpp"
#include "support/deflate.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace upinspect::test {

/// What one header says instead of the truth.
struct ZipFields {
  std::optional<std::uint16_t> version, flags, method, time, date, disk, name_length;
  std::optional<std::uint32_t> crc, packed, unpacked, external, offset;
  std::optional<std::string> name, extra, comment;
};

struct ZipItem {
  std::string name;
  std::string data;            ///< as it lies in the file
  std::uint32_t crc = 0;       ///< of the content
  std::uint32_t unpacked = 0;
  std::uint16_t method = 0;
  std::uint16_t flags = 0;
  bool aligned = false;        ///< torch's "FB" fill up to a 64-byte boundary
  bool listed = true;          ///< has a record in the directory
  bool written = true;         ///< has a local header and data
  std::string gap;             ///< bytes before the local header
  ZipFields local;
  ZipFields central;
  std::optional<std::string> descriptor;  ///< in place of the honest one

  ZipItem& deflate() {
    data = deflated(data);
    method = 8;
    return *this;
  }
};

/// What an end record says instead of the truth.
struct ZipEndFields {
  std::optional<std::uint32_t> disk, directory_disk;
  std::optional<std::uint64_t> count_here, count, size, offset;
  std::optional<std::uint16_t> comment_length;
};

inline std::string little(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = 0; i < bytes; ++i) {
    out.push_back(static_cast<char>(value >> (8 * i) & 0xffU));
  }
  return out;
}

inline std::string extra_field(std::uint16_t id, std::string_view body) {
  return little(id, 2) + little(body.size(), 2) + std::string(body);
}

class ZipBuilder {
 public:
  std::string prefix;    ///< bytes in front that the offsets do not account for
  std::string comment;
  std::string suffix;    ///< bytes after the archive
  std::string before_directory;
  bool zip64 = false;    ///< writes a zip64 end record and its locator, as torch always does
  ZipEndFields end;
  ZipEndFields end64;
  std::string end64_data;
  std::optional<std::uint64_t> locator_points;
  std::optional<std::uint64_t> disks;
  std::deque<ZipItem> items;

  /// Adds a stored entry; the reference is good for changing it.
  ZipItem& add(std::string name, std::string content) {
    ZipItem item;
    item.crc = bytes::crc32(std::as_bytes(std::span(content)));
    item.unpacked = static_cast<std::uint32_t>(content.size());
    item.name = std::move(name);
    item.data = std::move(content);
    items.push_back(std::move(item));
    return items.back();
  }

  /// Adds an entry the way torch.save writes it.
  ZipItem& add_torch(std::string name, std::string content) {
    auto& item = add(std::move(name), std::move(content));
    item.flags = 0x0808;
    item.aligned = true;
    return item;
  }

  [[nodiscard]] std::string build() const {
    std::string file;
    std::string directory;
    std::uint64_t count = 0;
    for (const auto& item : items) {
      file += item.gap;
      const auto offset = file.size();
      if (item.written) {
        file += local_header(item, offset) + item.data + descriptor(item);
      }
      if (item.listed) {
        directory += central_record(item, offset);
        ++count;
      }
    }
    file += before_directory;
    const auto start = file.size();
    file += directory;
    return prefix + file + end_records(count, directory.size(), start) + suffix;
  }

 private:
  [[nodiscard]] static std::string common(const ZipItem& item, const ZipFields& lies, bool sizes) {
    const auto size = static_cast<std::uint32_t>(item.data.size());
    return little(lies.version.value_or(0), 2) + little(lies.flags.value_or(item.flags), 2) +
           little(lies.method.value_or(item.method), 2) + little(lies.time.value_or(0), 2) + little(lies.date.value_or(0), 2) +
           little(lies.crc.value_or(sizes ? item.crc : 0), 4) + little(lies.packed.value_or(sizes ? size : 0), 4) +
           little(lies.unpacked.value_or(sizes ? item.unpacked : 0), 4);
  }

  [[nodiscard]] static std::string fill(const ZipItem& item, std::uint64_t offset) {
    if (!item.aligned) {
      return {};
    }
    const auto start = offset + 30 + item.name.size() + 4;
    return extra_field(0x4246, std::string(64 - start % 64, 'Z'));
  }

  [[nodiscard]] static std::string local_header(const ZipItem& item, std::uint64_t offset) {
    const auto name = item.local.name.value_or(item.name);
    const auto extra = item.local.extra.value_or(fill(item, offset));
    return "PK\x03\x04" + common(item, item.local, (item.flags & 8U) == 0) +
           little(item.local.name_length.value_or(static_cast<std::uint16_t>(name.size())), 2) + little(extra.size(), 2) + name + extra;
  }

  [[nodiscard]] static std::string descriptor(const ZipItem& item) {
    if (item.descriptor) {
      return *item.descriptor;
    }
    return (item.flags & 8U) == 0 ? std::string()
                                  : "PK\x07\x08" + little(item.crc, 4) + little(item.data.size(), 4) + little(item.unpacked, 4);
  }

  [[nodiscard]] static std::string central_record(const ZipItem& item, std::uint64_t offset) {
    const auto& lies = item.central;
    const auto name = lies.name.value_or(item.name);
    const auto extra = lies.extra.value_or("");
    const auto note = lies.comment.value_or("");
    return "PK\x01\x02" + little(0, 2) + common(item, lies, true) +
           little(lies.name_length.value_or(static_cast<std::uint16_t>(name.size())), 2) + little(extra.size(), 2) +
           little(note.size(), 2) + little(lies.disk.value_or(0), 2) + little(0, 2) + little(lies.external.value_or(0), 4) +
           little(lies.offset.value_or(static_cast<std::uint32_t>(offset)), 4) + name + extra + note;
  }

  [[nodiscard]] std::string end_records(std::uint64_t count, std::uint64_t size, std::uint64_t start) const {
    std::string out;
    if (zip64) {
      out += "PK\x06\x06" + little(44 + end64_data.size(), 8) + little(0x031e, 2) + little(45, 2) +
             little(end64.disk.value_or(0), 4) + little(end64.directory_disk.value_or(0), 4) +
             little(end64.count_here.value_or(count), 8) + little(end64.count.value_or(count), 8) +
             little(end64.size.value_or(size), 8) + little(end64.offset.value_or(start), 8) + end64_data;
      out += "PK\x06\x07" + little(0, 4) + little(locator_points.value_or(start + size), 8) + little(disks.value_or(1), 4);
    }
    return out + "PK\x05\x06" + little(end.disk.value_or(0), 2) + little(end.directory_disk.value_or(0), 2) +
           little(end.count_here.value_or(count), 2) + little(end.count.value_or(count), 2) + little(end.size.value_or(size), 4) +
           little(end.offset.value_or(start), 4) +
           little(end.comment_length.value_or(static_cast<std::uint16_t>(comment.size())), 2) + comment;
  }
};

}  // namespace upinspect::test
