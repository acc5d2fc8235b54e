// SPDX-License-Identifier: Apache-2.0
// Archives cut short, and archives damaged in every byte.
#include "support/catch.hpp"
#include "support/zip_reading.hpp"

using namespace upinspect;
using namespace upinspect::containers;
using namespace upinspect::test;

namespace {

using Strings = std::vector<std::string>;

ZipBuilder sample() {
  ZipBuilder zip;
  zip.zip64 = true;
  zip.add_torch("a/data.pkl", "pickle");
  zip.add_torch("a/data/0", std::string(100, 'w'));
  zip.add_torch("a/code.py", std::string(300, 'c')).deflate();
  zip.add("a/plain", "plain");
  return zip;
}

}  // namespace

TEST_CASE("salvage finds the whole entries by their descriptors and says which one is cut", "[zip][salvage]") {
  const auto whole = sample().build();
  const auto intact = read_archive(whole).directory;
  const auto file = whole.substr(0, static_cast<std::size_t>(intact.entries[1].data.offset) + 40);
  const auto got = salvage_archive(file);
  CHECK(got.directory.salvaged);
  CHECK(got.names() == Strings{"a/data.pkl", "a/data/0"});
  CHECK(got.ids() == Strings{"zip.entry-cut", "zip.no-directory"});
  CHECK(got.message("zip.no-directory") ==
        "the archive has no usable directory, so torch and zipfile refuse it; its local headers show 2 entries, 1 of them whole");
  CHECK(got.message("zip.entry-cut") == "the data of 'a/data/0' has no known end; 40 bytes are there at most");
  CHECK(content_of(file, got.directory.entries[0]) == "pickle");
  CHECK(got.directory.entries[1].data.length == 40);
  CHECK(got.coverage.gaps == 0);
}

TEST_CASE("salvage of all entries gives what the directory gave", "[zip][salvage]") {
  const auto whole = sample().build();
  const auto intact = read_archive(whole);
  const auto file = whole.substr(0, static_cast<std::size_t>(intact.directory.central.offset));
  const auto got = salvage_archive(file);
  REQUIRE(got.names() == intact.names());
  for (std::size_t i = 0; i < got.directory.entries.size(); ++i) {
    const auto& entry = got.directory.entries[i];
    CHECK(entry.data == intact.directory.entries[i].data);
    CHECK(entry.crc32 == intact.directory.entries[i].crc32);
    CHECK(entry.unpacked_size == intact.directory.entries[i].unpacked_size);
    CHECK(content_of(file, entry) == content_of(whole, intact.directory.entries[i]));
  }
  CHECK(got.ids() == Strings{"zip.no-directory"});
}

TEST_CASE("salvage knows a cut entry's size where its header has it", "[zip][salvage]") {
  ZipBuilder zip;
  zip.add("a.npy", "0123456789");
  const auto got = salvage_archive(zip.build().substr(0, 38));
  CHECK(got.message("zip.entry-cut") == "the data of 'a.npy' is 10 bytes long; the file has 3 of them");
  CHECK(got.directory.entries.at(0).packed_size == 10);
}

TEST_CASE("salvage reads past descriptors of 64 bits and past a missing one", "[zip][salvage]") {
  const auto crc = little(bytes::crc32(raw("numbers")), 4);
  ZipBuilder zip;
  auto& wide = zip.add("wide", "numbers");
  wide.flags = 8;
  wide.descriptor = "PK\x07\x08" + crc + little(7, 8) + little(7, 8);
  auto& none = zip.add("none", "numbers");
  none.flags = 8;
  none.descriptor = "";
  zip.add("last", "x");
  const auto whole = zip.build();
  const auto got = salvage_archive(whole.substr(0, whole.size() - 22));
  CHECK(got.names() == Strings{"wide", "none", "last"});
  CHECK(got.directory.entries[0].descriptor_length == 24);
  CHECK_FALSE(got.directory.entries[1].size_known);
  CHECK(got.directory.entries[1].data.length == 7);
  CHECK(got.directory.entries[2].size_known);
  CHECK(got.coverage.gaps == 0);
}

TEST_CASE("salvage skips bytes in front and between", "[zip][salvage]") {
  ZipBuilder zip;
  zip.add("a", "one").gap = "front";
  zip.add("b", "two").gap = "between";
  const auto whole = zip.build();
  const auto got = salvage_archive(whole.substr(0, whole.size() - 22));
  CHECK(got.names() == Strings{"a", "b"});
  CHECK(got.message("container.leading-data") == "5 bytes lie before the first entry");
  CHECK(got.coverage.gaps == 12);
}

TEST_CASE("salvage finds an end record that lies too far from the end", "[zip][salvage]") {
  auto zip = sample();
  zip.suffix = std::string(70'000, '\0');
  const auto file = zip.build();
  CHECK_THROWS_WITH(read_archive(file), "end of central directory: there is none in the last 65557 bytes");
  const auto got = salvage_archive(file);
  CHECK_FALSE(got.directory.salvaged);
  CHECK(got.directory.entries.size() == 4);
  CHECK(got.ids() == Strings{"container.trailing-data", "zip.buried-end"});
  CHECK(got.message("zip.buried-end") == "the end record lies 70022 bytes before the end of the file, where torch and "
                                         "zipfile do not look for it or find another one first");
  CHECK(got.coverage.gaps == 70'000);
}

TEST_CASE("salvage of what is no archive finds nothing", "[zip][salvage]") {
  CHECK(salvage_archive("").directory.entries.empty());
  CHECK(salvage_archive("hello PK").directory.entries.empty());
}

TEST_CASE("an archive cut at any byte is refused, and its salvage invents nothing", "[zip][salvage]") {
  const auto whole = sample().build();
  const auto names = read_archive(whole).names();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto file = whole.substr(0, length);
    CHECK_THROWS_AS(read_archive(file), bytes::ParseError);
    const auto got = salvage_archive(file);
    REQUIRE(got.directory.entries.size() <= names.size());
    for (std::size_t i = 0; i < got.directory.entries.size(); ++i) {
      CHECK(got.directory.entries[i].name == names[i]);
      CHECK(got.directory.entries[i].end() <= length);
    }
  }
}

TEST_CASE("a flipped byte anywhere is read, refused or reported, and no range leaves the file", "[zip][salvage]") {
  const auto whole = sample().build();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto file = whole;
    file[at] = static_cast<char>(~file[at]);
    ZipReading got;
    try {
      got = read_archive(file);
    } catch (const bytes::ParseError&) {
      got = salvage_archive(file);
      CHECK_FALSE(got.findings.empty());
    }
    for (const auto& entry : got.directory.entries) {
      CHECK(entry.data.end() <= file.size());
      CHECK((!entry.has_header() || entry.end() <= file.size()));
    }
    CHECK(got.coverage.labelled + got.coverage.gaps == file.size());
  }
}

TEST_CASE("a flipped byte in a header, descriptor or directory is a finding, but for what nobody reads", "[zip][salvage]") {
  const auto whole = sample().build();
  const auto intact = read_archive(whole);
  std::size_t silent = 0;
  for (const auto& region : intact.coverage.regions) {
    for (auto at = region.range.offset; region.kind == RegionKind::structure && at < region.range.end(); ++at) {
      auto file = whole;
      file[static_cast<std::size_t>(at)] = static_cast<char>(~file[static_cast<std::size_t>(at)]);
      try {
        silent += read_archive(file).findings.empty() ? 1U : 0U;
      } catch (const bytes::ParseError&) {
        continue;
      }
    }
  }
  // Versions, times and dates (8 bytes in each local, 10 in each central header), attributes (6), versions of the
  // zip64 record (4), the flags' other bits and the id of the alignment field.
  CHECK(silent <= 4 * (8 + 10 + 6 + 6) + 4 + 16);
}
