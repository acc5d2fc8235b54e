// SPDX-License-Identifier: Apache-2.0
#include "containers/unsafe_name.hpp"

#include "support/catch.hpp"
#include "support/zip_reading.hpp"

using namespace upinspect;
using namespace upinspect::containers;
using namespace upinspect::test;

namespace {

ZipReading read_named(std::initializer_list<std::string> names) {
  ZipBuilder zip;
  for (const auto& name : names) {
    zip.add(name, "data");
  }
  return read_archive(zip.build());
}

}  // namespace

TEST_CASE("names that would escape or mislead", "[zip][names]") {
  CHECK(why_unsafe("archive/data.pkl").empty());
  CHECK(why_unsafe("a..b/c..").empty());
  CHECK(why_unsafe("") == "is empty");
  CHECK(why_unsafe("../x") == "holds a '..' step, which leaves the folder it is unpacked to");
  CHECK(why_unsafe("a/..") == why_unsafe("../x"));
  CHECK(why_unsafe("a\\..\\b") == why_unsafe("../x"));
  CHECK(why_unsafe("/etc/passwd") == "is an absolute path");
  CHECK(why_unsafe("\\\\server\\share") == "is an absolute path");
  CHECK(why_unsafe("C:x") == "begins with a drive letter");
  CHECK(why_unsafe("a\x1b[31m") == "holds control characters");
  CHECK(why_unsafe("a\\b") == "holds a backslash, which Windows takes for a slash");
  CHECK(why_unsafe(std::string_view("a\0b", 3)) == "holds a NUL, where zipfile and C programs cut it");
}

TEST_CASE("unsafe names are findings", "[zip][names]") {
  const auto got = read_named({"a/x", "../y"});
  CHECK(got.message("zip.unsafe-name") == "the name '../y' holds a '..' step, which leaves the folder it is unpacked to");
  CHECK(got.findings.size() == 1);
}

TEST_CASE("equal names are findings", "[zip][names]") {
  CHECK(read_named({"a/x", "a/y", "a/x"}).message("zip.duplicate-name") ==
        "two entries are named 'a/x', with their data at 33 and 107: zipfile takes the last, torch one or another");
}

TEST_CASE("names that only some readers tell apart are findings", "[zip][names]") {
  CHECK(read_named({"a/data.pkl", "a/DATA.PKL"}).message("zip.similar-name") ==
        "'a/data.pkl' and 'a/DATA.PKL' are one name to readers that ignore case, as torch does, take '\\' for '/' or stop at a NUL");
  CHECK_FALSE(read_named({"a/x", "a\\x"}).message("zip.similar-name").empty());
  CHECK_FALSE(read_named({"a/x", std::string("a/x\0evil", 8)}).message("zip.similar-name").empty());
  CHECK(read_named({"a/x", "a/xy"}).ids().empty());
}

TEST_CASE("names that differ in the spelling of an accent only are findings", "[zip][names]") {
  CHECK(read_named({"a/\xc3\xa9", "a/e\xcc\x81"}).message("zip.similar-name") ==
        "two entries are named 'a/\xc3\xa9', in two spellings of Unicode, with their data at 34 and 73: unpacked on macOS, one "
        "replaces the other");
  CHECK(read_named({"a/\xc3\xa9", "a/\xc3\xa8", "a/\xff", "a/\xfe"}).message("zip.similar-name").empty());
}

TEST_CASE("a finding is listed a few times, then counted", "[zip][names]") {
  ZipBuilder zip;
  for (int i = 0; i < 100; ++i) {
    zip.add("../" + std::to_string(i), "");
  }
  const auto got = read_archive(zip.build());
  REQUIRE(got.findings.size() == 9);
  CHECK(got.findings.back().message == "92 more findings of this kind: a name that would escape the folder or mislead");
}

TEST_CASE("long names are cut in messages", "[zip][names]") {
  const auto got = read_named({"../" + std::string(60000, 'n')});
  CHECK(got.message("zip.unsafe-name").size() < 300);
  CHECK(got.directory.entries.at(0).name.size() == 60003);
}

TEST_CASE("names indexed beside the reading of local headers are indexed alike", "[zip][names]") {
  ZipBuilder zip;
  for (unsigned i = 0; i < 5000; ++i) {
    zip.add((i % 7 == 0 ? "Folder/A" : "folder/a") + std::to_string(i % 4000), "");
  }
  const auto archive = zip.build();
  const bytes::MemorySource source(raw(archive));
  ZipLimits limits;
  std::vector<Finding> alone_found;
  const auto alone = read_zip(source, nullptr, alone_found, limits);
  limits.threads = true;
  std::vector<Finding> together_found;
  const auto together = read_zip(source, nullptr, together_found, limits);
  REQUIRE(alone.entries.size() == 5000);
  CHECK(together.entries == alone.entries);
  CHECK(together_found == alone_found);
  CHECK(together.find_similar("FOLDER\\A7") == std::vector<std::size_t>{7, 4007});
  CHECK(alone.find_similar("FOLDER\\A7") == together.find_similar("FOLDER\\A7"));
}
