// SPDX-License-Identifier: Apache-2.0
// Honest archives, as torch, numpy and zipfile write them.
#include "containers/zip.hpp"

#include "support/catch.hpp"
#include "support/zip_reading.hpp"

using namespace upinspect;
using namespace upinspect::containers;
using namespace upinspect::test;

namespace {

using Strings = std::vector<std::string>;

ZipBuilder torch_archive() {
  ZipBuilder zip;
  zip.zip64 = true;
  zip.add_torch("a/data.pkl", "pickle");
  zip.add_torch("a/data/0", std::string(100, 'w'));
  zip.add_torch("a/version", "3\n");
  return zip;
}

}  // namespace

TEST_CASE("an archive of torch.save reads without findings and every byte has a label", "[zip]") {
  const auto file = torch_archive().build();
  const auto got = read_archive(file);
  CHECK(got.ids().empty());
  CHECK(got.names() == Strings{"a/data.pkl", "a/data/0", "a/version"});
  CHECK(got.coverage.gaps == 0);
  CHECK(got.coverage.overlapped == 0);
  CHECK(got.directory.zip64);
  CHECK(got.directory.addressing == ZipAddressing::absolute);
  CHECK(got.directory.prefix_bytes == 0);
  CHECK(got.directory.archive_end == file.size());
  for (const auto& entry : got.directory.entries) {
    CHECK(entry.data.offset % 64 == 0);
    CHECK(entry.descriptor_length == 16);
    CHECK(entry.extras == k_extra_alignment);
    CHECK(why_unreadable(entry).empty());
  }
  CHECK(content_of(file, got.directory.entries[2]) == "3\n");
}

TEST_CASE("labels name the parts of an archive", "[zip]") {
  ZipBuilder zip;
  zip.add_torch("a/x", "data");
  zip.comment = "hello";
  const auto got = read_archive(zip.build());
  CHECK(regions_of(got.coverage, RegionKind::structure) ==
        Strings{"0+37 local header of a/x", "68+16 data descriptor", "84+49 central directory",
                "133+22 end of central directory"});
  CHECK(regions_of(got.coverage, RegionKind::padding) == Strings{"37+27 alignment padding"});
  CHECK(regions_of(got.coverage, RegionKind::payload) == Strings{"64+4 a/x"});
  CHECK(regions_of(got.coverage, RegionKind::metadata) == Strings{"155+5 archive comment"});
  CHECK(got.message("zip.comment") == "the archive has a comment of 5 bytes: 'hello'");
}

TEST_CASE("fields of an entry come from the directory", "[zip]") {
  ZipBuilder zip;
  auto& item = zip.add("x", "data");
  item.central.time = 0x1234;
  item.central.date = 0x5678;
  item.central.version = 20;
  item.central.external = 0x81a40000;
  const auto got = read_archive(zip.build());
  const auto& entry = got.directory.entries.at(0);
  CHECK(entry.dos_time == 0x1234);
  CHECK(entry.dos_date == 0x5678);
  CHECK(entry.version_needed == 20);
  CHECK(entry.external_attributes == 0x81a40000);
  CHECK(entry.crc32 == bytes::crc32(raw("data")));
  CHECK(entry.packed_size == 4);
  CHECK(entry.unpacked_size == 4);
  CHECK(entry.data == ByteRange{31, 4});
  CHECK(entry.central_offset == 35);
  CHECK(got.ids().empty());
}

TEST_CASE("deflated entries unpack, bombs and cuts do not", "[zip]") {
  ZipBuilder zip;
  zip.add("x", std::string(5000, 'x')).deflate();
  const auto file = zip.build();
  const auto got = read_archive(file);
  CHECK(got.ids().empty());
  auto entry = got.directory.entries.at(0);
  CHECK(entry.method == k_zip_deflated);
  CHECK(content_of(file, entry) == std::string(5000, 'x'));
  CHECK_THROWS_WITH(content_of(file, entry, 4999), "compressed data: unpacks to 5000 bytes; at most 4999 are read");
  entry.unpacked_size = 4999;
  CHECK_THROWS_WITH(content_of(file, entry), "compressed data: unpacks to more than 4999 bytes, the size that its header declares");
}

TEST_CASE("an empty archive has no entries", "[zip]") {
  const auto got = read_archive(ZipBuilder().build());
  CHECK(got.directory.entries.empty());
  CHECK(got.ids().empty());
  CHECK(got.coverage.gaps == 0);
}

TEST_CASE("numpy's zip64 fields beside real sizes are no finding", "[zip]") {
  ZipBuilder zip;
  zip.add("a.npy", "numbers").local.extra = extra_field(1, little(7, 8) + little(7, 8));
  const auto got = read_archive(zip.build());
  CHECK(got.ids().empty());
  CHECK(got.directory.entries.at(0).extras == k_extra_zip64);
}

TEST_CASE("zip64 fields replace sizes and offset that are all ones", "[zip]") {
  ZipBuilder zip;
  zip.add("first", "1");
  auto& item = zip.add("a", "numbers");
  const auto offset = 30 + 5 + 1U;
  item.local.packed = item.local.unpacked = item.central.packed = item.central.unpacked = item.central.offset = 0xffffffff;
  item.local.extra = extra_field(1, little(7, 8) + little(7, 8));
  item.central.extra = extra_field(1, little(7, 8) + little(7, 8) + little(offset, 8));
  const auto file = zip.build();
  const auto got = read_archive(file);
  CHECK(got.ids().empty());
  CHECK(content_of(file, got.directory.entries.at(1)) == "numbers");
}

TEST_CASE("a streaming writer's descriptor may have 64 bits or no signature", "[zip]") {
  const auto crc = little(bytes::crc32(raw("numbers")), 4);
  const std::string forms[] = {"PK\x07\x08" + crc + little(7, 8) + little(7, 8), crc + little(7, 4) + little(7, 4),
                               crc + little(7, 8) + little(7, 8)};
  for (const auto& form : forms) {
    ZipBuilder zip;
    auto& item = zip.add("a.npy", "numbers");
    item.flags = 8;
    item.descriptor = form;
    zip.add("b.npy", "more");
    const auto got = read_archive(zip.build());
    CHECK(got.ids().empty());
    CHECK(got.directory.entries.at(0).descriptor_length == form.size());
    CHECK(got.coverage.gaps == 0);
  }
}

TEST_CASE("lookups pick the last of equal names, as zipfile does", "[zip]") {
  ZipBuilder zip;
  zip.add("a", "one");
  zip.add("b", "other");
  zip.add("a", "two!");
  zip.add("A", "three");
  const auto got = read_archive(zip.build());
  CHECK(got.directory.find("a") == &got.directory.entries[2]);
  CHECK(got.directory.find("A") == &got.directory.entries[3]);
  CHECK(got.directory.find("c") == nullptr);
  CHECK(got.directory.find_all("a") == std::vector<std::size_t>{0, 2});
  CHECK(got.directory.find_similar("a") == std::vector<std::size_t>{0, 2, 3});
}

TEST_CASE("entries that cannot be read say why", "[zip]") {
  ZipEntry entry;
  CHECK(why_unreadable(entry) == "has no local header");
  entry.header_length = 30;
  CHECK(why_unreadable(entry).empty());
  entry.method = 14;
  CHECK(why_unreadable(entry) == "is packed with lzma");
  entry.method = 77;
  CHECK(why_unreadable(entry) == "is packed with method 77");
  entry.method = k_zip_deflated;
  entry.flags = 1;
  CHECK(why_unreadable(entry) == "is marked as encrypted");
  entry.method = k_zip_stored;
  CHECK(why_unreadable(entry).empty());
  entry.cut = true;
  entry.packed_size = 9;
  CHECK(why_unreadable(entry) == "is cut short: 0 of 9 bytes are there");
  entry.size_known = false;
  CHECK(why_unreadable(entry) == "has no known end");
}
