// SPDX-License-Identifier: Apache-2.0
// Local headers that disagree with the directory, and data that is not what its headers say.
#include "support/catch.hpp"
#include "support/zip_reading.hpp"

using namespace upinspect;
using namespace upinspect::containers;
using namespace upinspect::test;

namespace {

using Strings = std::vector<std::string>;

/// An archive of one entry, changed by `change`.
template <typename Change>
ZipReading read_changed(Change change, bool torch = false) {
  ZipBuilder zip;
  auto& item = torch ? zip.add_torch("a/x", "data") : zip.add("a/x", "data");
  change(item);
  return read_archive(zip.build());
}

}  // namespace

TEST_CASE("another name in the local header", "[zip][local]") {
  const auto got = read_changed([](ZipItem& item) { item.local.name = "a/XX"; });
  CHECK(got.ids() == Strings{"zip.name-differs"});
  CHECK(got.message("zip.name-differs") ==
        "the directory says 'a/x', which torch goes by; the local header says 'a/XX', which netron goes by; zipfile refuses "
        "the entry");
  CHECK(got.directory.local_names.at(0) == "a/XX");
  CHECK(got.directory.entries.at(0).name == "a/x");
}

TEST_CASE("another method in the local header", "[zip][local]") {
  const auto got = read_changed([](ZipItem& item) { item.local.method = 8; });
  CHECK(got.ids() == Strings{"zip.method-differs"});
  CHECK(got.message("zip.method-differs") ==
        "'a/x' has method 0 in the directory, which torch and zipfile go by, and 8 in its local header");
}

TEST_CASE("other flags in the local header", "[zip][local]") {
  const auto got = read_changed([](ZipItem& item) { item.local.flags = 1; });
  CHECK(got.ids() == Strings{"zip.flags-differ"});
  CHECK(got.message("zip.flags-differ") ==
        "'a/x' has flags 0 in the directory, which torch and zipfile go by, and 1 in its local header");
  CHECK(read_changed([](ZipItem& item) { item.local.flags = 2; }).ids().empty());
}

TEST_CASE("other sizes in the local header", "[zip][local]") {
  const auto got = read_changed([](ZipItem& item) { item.local.packed = 3; });
  CHECK(got.ids() == Strings{"zip.size-differs"});
  CHECK(got.message("zip.size-differs") ==
        "'a/x' is 4 bytes packed and 4 unpacked by the directory, which torch and zipfile go by, 3 and 4 by its local header");
  CHECK_FALSE(read_changed([](ZipItem& item) { item.local.unpacked = 0; }).ids().empty());
  CHECK_FALSE(read_changed([](ZipItem& item) { item.local.unpacked = 9; }, true).ids().empty());
}

TEST_CASE("another checksum in the local header", "[zip][local]") {
  const auto got = read_changed([](ZipItem& item) { item.local.crc = 5; });
  CHECK(got.ids() == Strings{"zip.crc-differs"});
  CHECK(got.message("zip.crc-differs") ==
        "'a/x' has crc-32 2918445923 in the directory, which zipfile checks, and 5 in its local header");
}

TEST_CASE("a data descriptor that is missing or wrong", "[zip][local]") {
  auto got = read_changed([](ZipItem& item) { item.descriptor = ""; }, true);
  CHECK(got.ids() == Strings{"zip.data-descriptor"});
  CHECK(got.message("zip.data-descriptor") ==
        "the data of 'a/x' should be followed by a data descriptor; there is none");
  got = read_changed([](ZipItem& item) { item.descriptor = "PK\x07\x08" + std::string(12, '\1'); }, true);
  CHECK(got.message("zip.data-descriptor") ==
        "the data descriptor of 'a/x' gives another checksum or other sizes than the directory");
  CHECK(got.directory.entries.at(0).descriptor_length == 16);
}

TEST_CASE("bytes hidden in the alignment padding", "[zip][local]") {
  const auto got = read_changed([](ZipItem& item) { item.local.extra = extra_field(0x4246, "ZZsecretZ"); });
  CHECK(got.ids() == Strings{"zip.padding-content"});
  CHECK(got.message("zip.padding-content") ==
        "6 bytes of the 9 in the alignment padding of 'a/x' are not the 'Z' that torch fills with");
  CHECK(got.findings.at(0).offset == 30 + 3 + 4 + 2);
}

TEST_CASE("extra fields that do not add up", "[zip][local]") {
  CHECK(read_changed([](ZipItem& item) { item.local.extra = "abc"; }).message("zip.extra-field") ==
        "the last 3 bytes of the extra fields in the local header of 'a/x' are no field");
  CHECK(read_changed([](ZipItem& item) { item.central.extra = little(9, 2) + little(9, 2) + "short"; }).message("zip.extra-field") ==
        "the last 9 bytes of the extra fields of 'a/x' in the directory are no field");
}

TEST_CASE("another name in a Unicode path field", "[zip][local]") {
  const auto got = read_changed([](ZipItem& item) { item.central.extra = extra_field(0x7075, "\1" + little(0, 4) + "evil"); });
  CHECK(got.message("zip.unicode-path") ==
        "torch reads the name 'a/x'; readers that know the Unicode path field read 'evil'");
  CHECK(got.directory.entries.at(0).extras == k_extra_unicode_path);
}

TEST_CASE("kinds of extra field that show who wrote the archive", "[zip][local]") {
  const auto got = read_changed([](ZipItem& item) {
    item.local.extra = extra_field(0x5455, "times") + extra_field(0x7875, "owner") + extra_field(0xcafe, "");
  });
  CHECK(got.ids().empty());
  CHECK(got.directory.entries.at(0).extras == (k_extra_times | k_extra_owner | k_extra_other));
}

TEST_CASE("no local header where the directory says", "[zip][local]") {
  const auto got = read_changed([](ZipItem& item) { item.central.offset = 3; });
  CHECK(got.ids() == Strings{"container.leading-data", "zip.no-local-header"});
  CHECK(got.message("zip.no-local-header") == "the directory puts the local header of 'a/x' at 3, where there is none");
  CHECK(got.directory.entries.at(0).data == ByteRange{});
  CHECK_FALSE(read_changed([](ZipItem& item) { item.central.offset = 0xfffffff0; }).message("zip.no-local-header").empty());
}

TEST_CASE("data that runs past the end of the file", "[zip][local]") {
  const auto got = read_changed([](ZipItem& item) { item.local.packed = item.central.packed = 5000; });
  CHECK(got.message("zip.entry-cut") == "the data of 'a/x' is 5000 bytes long; the file has 75 of them");
  CHECK(got.directory.entries.at(0).cut);
  CHECK(got.directory.entries.at(0).overlaps);
}

TEST_CASE("an entry that the directory does not list", "[zip][local]") {
  ZipBuilder zip;
  zip.add("a/x", "data");
  zip.add("a/hidden", "evil").listed = false;
  zip.add("a/y", "data");
  CHECK(read_archive(zip.build()).message("zip.unlisted-entry") ==
        "between the entries lies a local header for 'a/hidden' that the directory does not list: readers that stream the "
        "archive see it, torch and zipfile do not");
}

TEST_CASE("encrypted and masked entries", "[zip][local]") {
  CHECK(read_changed([](ZipItem& item) { item.flags = 1; }).message("zip.encrypted") ==
        "'a/x' is marked as encrypted: torch and zipfile refuse it, scanners may pass over it");
  CHECK_FALSE(read_changed([](ZipItem& item) { item.flags = 0x40; }).message("zip.encrypted").empty());
  CHECK(read_changed([](ZipItem& item) { item.flags = 0x2000; }).message("zip.masked-directory") ==
        "'a/x' is marked as having a masked local header (bit 13): torch refuses the archive, zipfile ignores the mark");
}

TEST_CASE("methods that loaders do not know", "[zip][local]") {
  CHECK(read_changed([](ZipItem& item) { item.method = 14; }).message("zip.unknown-method") ==
        "'a/x' is packed with lzma, which Python's zipfile reads and torch does not");
  CHECK(read_changed([](ZipItem& item) { item.method = 99; }).message("zip.unknown-method") ==
        "'a/x' is packed with AES encryption, which neither torch nor Python's zipfile reads");
}

TEST_CASE("data marked as a directory", "[zip][local]") {
  CHECK(read_changed([](ZipItem& item) { item.central.external = 0x10; }).message("zip.directory-with-data") ==
        "'a/x' is marked as a directory and has 4 bytes: torch then reads uninitialised memory in their place, zipfile reads them");
  CHECK_FALSE(read_changed([](ZipItem& item) { item.name = "a/"; }).message("zip.directory-with-data").empty());
  CHECK(read_changed([](ZipItem& item) { item.name = "a/", item.data = "", item.unpacked = 0; }).ids().empty());
}

TEST_CASE("a stored entry with two sizes", "[zip][local]") {
  const auto got = read_changed([](ZipItem& item) { item.unpacked = 9; });
  CHECK(got.ids() == Strings{"zip.stored-size"});
  CHECK(got.message("zip.stored-size") ==
        "'a/x' is stored as it is, but 4 bytes packed and 9 unpacked: torch refuses the archive, zipfile reads 4");
}

TEST_CASE("a ratio that deflate cannot reach", "[zip][local]") {
  const auto got = read_changed([](ZipItem& item) { item.deflate().unpacked = 0x7fffffff; });
  CHECK(got.ids() == Strings{"zip.impossible-ratio"});
  CHECK(got.message("zip.impossible-ratio") ==
        "'a/x' claims that 6 bytes unpack to 2147483647; deflate holds at most 1032 times its size");
}

TEST_CASE("an entry comment and a symbolic link", "[zip][local]") {
  CHECK(read_changed([](ZipItem& item) { item.central.comment = "hello"; }).message("zip.entry-comment") ==
        "'a/x' has a comment of 5 bytes");
  CHECK(read_changed([](ZipItem& item) { item.central.external = 0xa1ff0000; }).message("zip.symlink") ==
        "'a/x' is a symbolic link");
}

// --- Overlaps ---------------------------------------------------------------------------------------------------

TEST_CASE("two entries that share one local header", "[zip][overlap]") {
  ZipBuilder zip;
  zip.add("a/x", "data");
  auto& alias = zip.add("a/x", "data");
  alias.written = false;
  alias.central.offset = 0;
  const auto got = read_archive(zip.build());
  CHECK(got.ids() == Strings{"zip.duplicate-name", "zip.overlapping-entries"});
  CHECK(got.message("zip.overlapping-entries") == "'a/x' and 'a/x' share one local header and its data");
  CHECK_FALSE(got.directory.entries.at(0).overlaps);
  CHECK(got.directory.entries.at(1).overlaps);
  CHECK(got.coverage.overlapped == 0);
}

TEST_CASE("an entry whose data holds another entry", "[zip][overlap]") {
  ZipBuilder zip;
  zip.add("a/outer", "data");
  zip.add("a/inner", "more");
  zip.items[0].local.packed = zip.items[0].local.unpacked = zip.items[0].central.packed = zip.items[0].central.unpacked = 4 + 37 + 2;
  const auto got = read_archive(zip.build());
  CHECK(got.message("zip.overlapping-entries") ==
        "'a/outer' and 'a/inner' share 39 bytes from 41: no honest archive does that, a zip bomb does");
  CHECK(got.directory.entries.at(1).overlaps);
}

TEST_CASE("an entry whose data runs into the directory", "[zip][overlap]") {
  const auto got = read_changed([](ZipItem& item) {
    item.local.packed = item.local.unpacked = item.central.packed = item.central.unpacked = 10;
  });
  CHECK(got.message("zip.overlapping-entries") ==
        "'a/x' and the directory share 6 bytes from 37: no honest archive does that, a zip bomb does");
  CHECK(got.directory.entries.at(0).overlaps);
}

TEST_CASE("headers nested in each other's extra fields are not read for ever", "[zip][overlap]") {
  // Each header's extra field swallows all headers after it: together they claim far more than the file has.
  ZipBuilder zip;
  for (int i = 0; i < 200; ++i) {
    zip.add("n", "").local.extra = "";
  }
  auto file = zip.build();
  for (std::size_t i = 0; i < 200; ++i) {
    const auto length = (200 - i - 1) * 31;
    file.replace(i * 31 + 28, 2, little(length, 2));
  }
  const auto got = read_archive(file);
  CHECK(got.directory.entries.size() == 200);
  CHECK_FALSE(got.message("zip.overlapping-entries").empty());
  const auto unread = std::count_if(got.directory.entries.begin(), got.directory.entries.end(),
                                    [](const ZipEntry& entry) { return !entry.has_header(); });
  CHECK(unread > 100);
  CHECK(got.findings.size() < 60);
}
