// SPDX-License-Identifier: Apache-2.0
// End records and directories that lie, and what lies around the archive.
#include "support/catch.hpp"
#include "support/zip_reading.hpp"

using namespace upinspect;
using namespace upinspect::containers;
using namespace upinspect::test;

namespace {

using Strings = std::vector<std::string>;

ZipBuilder two_entries() {
  ZipBuilder zip;
  zip.add("a/x", "one");
  zip.add("a/y", "two");
  return zip;
}

}  // namespace

TEST_CASE("a file without end record has no directory", "[zip][end]") {
  CHECK_THROWS_WITH(read_archive("PK"), "end of central directory: there is none in the last 2 bytes");
  CHECK_THROWS_WITH(read_archive(""), "end of central directory: there is none in the last 0 bytes");
  try {
    (void)read_archive("PK\x03\x04 and then no more");
    FAIL("read");
  } catch (const bytes::ParseError& error) {
    CHECK(error.truncated);
    CHECK(error.offset() == 21);
  }
}

TEST_CASE("a directory that is nowhere is an error", "[zip][end]") {
  auto zip = two_entries();
  zip.end.offset = 7;
  zip.end.size = 3;
  CHECK_THROWS_WITH(read_archive(zip.build()),
                    "central directory: is neither at 7, as the end record says, nor right before it");
}

TEST_CASE("bytes in front are found by zipfile's way of addressing", "[zip][end]") {
  auto zip = two_entries();
  zip.prefix = "#!/bin/sh\n";
  const auto file = zip.build();
  const auto got = read_archive(file);
  CHECK(got.ids() == Strings{"container.leading-data"});
  CHECK(got.message("container.leading-data") ==
        "10 bytes lie before the archive; its offsets do not account for 10 of them: Python's zipfile reads it, torch does not");
  CHECK(got.directory.addressing == ZipAddressing::adjusted);
  CHECK(got.directory.prefix_bytes == 10);
  CHECK(content_of(file, got.directory.entries.at(1)) == "two");
}

TEST_CASE("bytes in front of a zip64 archive do not count against its locator", "[zip][end]") {
  auto zip = two_entries();
  zip.zip64 = true;
  zip.prefix = "junk";
  CHECK(read_archive(zip.build()).ids() == Strings{"container.leading-data"});
}

TEST_CASE("bytes in front that the offsets account for", "[zip][end]") {
  auto zip = two_entries();
  zip.items.front().gap = "GGUFxxxx";
  const auto got = read_archive(zip.build());
  CHECK(got.message("container.leading-data") ==
        "8 bytes lie before the archive; its offsets account for them, so that torch and zipfile both read it");
  CHECK(got.directory.addressing == ZipAddressing::absolute);
}

TEST_CASE("bytes behind the archive", "[zip][end]") {
  auto zip = two_entries();
  zip.suffix = "!";
  CHECK(read_archive(zip.build()).message("container.trailing-data") == "1 byte follows the archive's end");
}

TEST_CASE("a comment that is shorter than said", "[zip][end]") {
  auto zip = two_entries();
  zip.comment = "abc";
  zip.end.comment_length = 9;
  const auto got = read_archive(zip.build());
  CHECK(got.ids() == Strings{"zip.comment", "zip.comment-cut"});
  CHECK(got.message("zip.comment-cut") == "the comment is said to be 9 bytes long, 3 are there");
  CHECK(got.directory.comment == "abc");
}

TEST_CASE("the end record counts fewer or more entries than there are", "[zip][end]") {
  auto zip = two_entries();
  zip.end.count = zip.end.count_here = 1;
  const auto got = read_archive(zip.build());
  CHECK(got.ids() == Strings{"zip.entry-count"});
  CHECK(got.message("zip.entry-count") ==
        "the end record counts 1 entry, which torch goes by; the directory holds 2, which zipfile goes by");
  CHECK(got.names() == Strings{"a/x", "a/y"});
  CHECK(got.directory.declared_count == 1);
  zip.end.count = zip.end.count_here = 9;
  CHECK(read_archive(zip.build()).message("zip.entry-count") ==
        "the end record counts 9 entries, which torch goes by; the directory holds 2, which zipfile goes by");
}

TEST_CASE("the end record gives the directory another size", "[zip][end]") {
  auto zip = two_entries();
  zip.end.size = 0;
  const auto got = read_archive(zip.build());
  CHECK(got.message("zip.directory-size") ==
        "the end record gives the directory 0 bytes, which zipfile goes by; its records take 98");
  CHECK(got.names().size() == 2);
}

TEST_CASE("a directory that ends inside a record keeps what came before", "[zip][end]") {
  auto zip = two_entries();
  zip.items.back().central.name_length = 5000;
  const auto got = read_archive(zip.build());
  CHECK(got.names() == Strings{"a/x"});
  CHECK(got.message("zip.directory-cut") ==
        "the directory record after 1 entry does not fit before the end record: entry name: needs 5000 bytes, 3 are left");
}

TEST_CASE("no more entries than the limit are read", "[zip][end]") {
  ZipLimits limits;
  limits.entries = 1;
  const auto got = read_archive(two_entries().build(), limits);
  CHECK(got.names().size() == 1);
  CHECK(got.message("zip.directory-limit") == "the directory goes on after 1 entry and 49 bytes, the most that is read");
}

TEST_CASE("disk numbers", "[zip][end]") {
  auto zip = two_entries();
  zip.end.disk = 1;
  CHECK(read_archive(zip.build()).message("zip.disk-number") ==
        "the end record says disk 1, directory on disk 0, 2 of 2 entries on this disk; torch refuses such archives, zipfile reads on");
  zip.end.disk = 0;
  zip.items.front().central.disk = 3;
  CHECK(read_archive(zip.build()).message("zip.disk-number") == "'a/x' is said to lie on disk 3");
}

// --- zip64 ------------------------------------------------------------------------------------------------------

TEST_CASE("zip64 and classic end records that disagree", "[zip][end]") {
  auto zip = two_entries();
  zip.zip64 = true;
  zip.end.count = 7;
  const auto got = read_archive(zip.build());
  CHECK(got.message("zip.zip64-end") ==
        "the number of entries is 2 in the zip64 end record, which torch and zipfile follow, and 7 in the end record at 246");
  CHECK(got.directory.declared_count == 2);
}

TEST_CASE("all ones in the classic record leave the value to zip64", "[zip][end]") {
  auto zip = two_entries();
  zip.zip64 = true;
  zip.end.count = zip.end.count_here = 0xffff;
  zip.end.size = zip.end.offset = 0xffffffff;
  CHECK(read_archive(zip.build()).ids().empty());
}

TEST_CASE("a locator that points nowhere", "[zip][end]") {
  auto zip = two_entries();
  zip.zip64 = true;
  zip.locator_points = 5;
  CHECK(read_archive(zip.build()).message("zip.zip64-locator") ==
        "the zip64 locator points at 5, where there is no zip64 end record; Python's zipfile reads the one at 170");
}

TEST_CASE("data of its own in the zip64 record", "[zip][end]") {
  auto zip = two_entries();
  zip.zip64 = true;
  zip.end64_data = "hidden";
  const auto got = read_archive(zip.build());
  CHECK(got.message("zip.zip64-end") == "the zip64 end record has 6 bytes of its own after its fields");
  CHECK(got.coverage.gaps == 0);
}

TEST_CASE("a locator with disks", "[zip][end]") {
  auto zip = two_entries();
  zip.zip64 = true;
  zip.disks = 2;
  CHECK(read_archive(zip.build()).message("zip.disk-number") == "the zip64 locator speaks of disk 0 of 2");
}

TEST_CASE("a size left to a zip64 field that is not there", "[zip][end]") {
  auto zip = two_entries();
  zip.items.front().central.packed = 0xffffffff;
  const auto got = read_archive(zip.build());
  CHECK(got.message("zip.zip64-missing") ==
        "'a/x' leaves a size or its offset to a zip64 field that is not there; torch refuses the archive, zipfile takes 4294967295");
  zip.items.front().central.extra = extra_field(1, "short");
  CHECK_FALSE(read_archive(zip.build()).message("zip.zip64-missing").empty());
}

TEST_CASE("sizes of a zip64 archive that would overflow", "[zip][end]") {
  auto zip = two_entries();
  zip.prefix = "junk";
  auto& item = zip.items.front();
  item.central.packed = item.central.unpacked = item.central.offset = 0xffffffff;
  item.central.extra = extra_field(1, little(UINT64_MAX, 8) + little(UINT64_MAX, 8) + little(UINT64_MAX, 8));
  const auto got = read_archive(zip.build());
  CHECK(got.directory.entries.at(0).header_offset == UINT64_MAX);
  CHECK_FALSE(got.directory.entries.at(0).has_header());
  CHECK_FALSE(got.message("zip.no-local-header").empty());
}

// --- More than one archive --------------------------------------------------------------------------------------

TEST_CASE("two archives one after another: zipfile reads the second", "[zip][end]") {
  const auto first = two_entries().build();
  ZipBuilder second;
  second.add("b/z", "three");
  const auto got = read_archive(first + second.build());
  CHECK(got.names() == Strings{"b/z"});
  CHECK(got.ids() == Strings{"container.leading-data", "zip.several-ends"});
  CHECK(got.message("zip.several-ends") ==
        "another end of central directory, for 2 entries at 72; the one in use is at 279: archives put one after another, or "
        "one hidden in the other");
}

TEST_CASE("two zip64 archives of one size: torch reads the first, zipfile the second", "[zip][end]") {
  ZipBuilder first;
  first.zip64 = true;
  first.add("a/x", "good");
  ZipBuilder second;
  second.zip64 = true;
  second.add("a/x", "evil");
  const auto file = first.build() + second.build();
  auto got = read_archive(file);
  CHECK(content_of(file, got.directory.entries.at(0)) == "good");
  CHECK(got.message("zip.two-directories") ==
        "torch (offsets from the start of the file) reads the directory at 37, Python's zipfile (offsets from the archive's "
        "start) reads another one at 221: they see different content");
  CHECK(got.directory.other_directory == 221);
  CHECK(got.ids() == Strings{"zip.several-ends", "zip.two-directories", "zip.zip64-locator"});

  ZipLimits limits;
  limits.prefer = ZipAddressing::adjusted;
  got = read_archive(file, limits);
  CHECK(content_of(file, got.directory.entries.at(0)) == "evil");
  CHECK(got.directory.prefix_bytes == first.build().size());
}

TEST_CASE("an end record hidden in the comment of another", "[zip][end]") {
  auto zip = two_entries();
  ZipBuilder hidden;
  hidden.add("b", "evil");
  zip.comment = hidden.build();
  const auto got = read_archive(zip.build());
  CHECK(got.names() == Strings{"b"});
  CHECK_FALSE(got.message("zip.several-ends").empty());
}

TEST_CASE("an archive stored inside an archive is the entry's affair", "[zip][end]") {
  ZipBuilder zip;
  zip.add("inner.zip", two_entries().build());
  CHECK(read_archive(zip.build()).ids().empty());
}
