// SPDX-License-Identifier: Apache-2.0
#include "containers/tar.hpp"

#include "containers/tar_header.hpp"
#include "containers/tar_pax.hpp"
#include "support/catch.hpp"
#include "support/container_reading.hpp"
#include "support/tar_builder.hpp"

using namespace upinspect;
using namespace upinspect::containers;
using namespace upinspect::test;

namespace {

using Strings = std::vector<std::string>;

struct TarReading {
  TarArchive archive;
  std::vector<Finding> findings;
  Coverage coverage;

  [[nodiscard]] Strings ids() const { return ids_of(findings); }
  [[nodiscard]] std::string message(std::string_view id) const { return message_of(findings, id); }
  [[nodiscard]] Strings names() const {
    Strings out;
    for (const auto& member : archive.members) {
      out.push_back(member.name);
    }
    return out;
  }
};

TarReading read_tar(const std::string& file, const TarLimits& limits = {}) {
  const bytes::MemorySource source(raw(file));
  TarReading out;
  model::CoverageMap labels;
  out.archive = read_tar(source, &labels, out.findings, limits);
  label_payload(out.archive, labels);
  out.coverage = labels.build(file.size());
  return out;
}

/// An archive of one member, changed by `change`, and another after it.
template <typename Change>
TarReading read_changed_tar(Change change) {
  TarItem item;
  item.name = "x";
  item.data = "data";
  change(item);
  return read_tar(tar_member(item) + tar_file("after", "more") + tar_end());
}

std::string torch_tar() {
  return tar_file("sys_info", "s") + tar_file("pickle", std::string(512, 'p')) + tar_file("storages", "") +
         tar_file("tensors", "t") + tar_end();
}

}  // namespace

TEST_CASE("a tar as torch wrote it reads without findings and every byte has a label", "[tar]") {
  const auto got = read_tar(torch_tar());
  CHECK(got.ids().empty());
  CHECK(got.names() == Strings{"sys_info", "pickle", "storages", "tensors"});
  CHECK(got.archive.dialect == TarDialect::ustar);
  CHECK(got.archive.ended);
  CHECK(got.coverage.gaps == 0);
  CHECK(got.coverage.overlapped == 0);
  CHECK(regions_of(got.coverage, RegionKind::structure) ==
        Strings{"0+512 header of sys_info", "1024+512 header of pickle", "2048+512 header of storages", "2560+512 header of tensors"});
  CHECK(regions_of(got.coverage, RegionKind::padding) == Strings{"513+511 padding", "3073+511 padding", "3584+1024 end of archive"});
  const auto& pickle = got.archive.members.at(1);
  CHECK(pickle.data == ByteRange{1536, 512});
  CHECK(pickle.kind == TarKind::file);
  CHECK(pickle.modified == 1'000'000'000);
  CHECK(pickle.mode == 0644);
}

TEST_CASE("numbers in octal and base 256", "[tar]") {
  CHECK(tar_number("00000000144\0") == 100);
  CHECK(tar_number("   144 ") == 100);
  CHECK(tar_number("") == 0);
  CHECK(tar_number(std::string_view("\0\0\0", 3)) == 0);
  CHECK(tar_number("777777777777777777777") == INT64_MAX);
  CHECK_FALSE(tar_number("1000000000000000000000").has_value());
  CHECK_FALSE(tar_number("12x").has_value());
  CHECK_FALSE(tar_number("8").has_value());
  CHECK_FALSE(tar_number("-1").has_value());
  CHECK(tar_number(tar_base_256(1LL << 62)) == 1LL << 62);
  CHECK(tar_number(tar_base_256(-1)) == -1);
  CHECK(tar_number(tar_base_256(INT64_MIN)) == INT64_MIN);
  CHECK_FALSE(tar_number("\x80\x01" + std::string(10, '\0')).has_value());
}

TEST_CASE("a file whose first block is no header is no tar", "[tar]") {
  CHECK_THROWS_WITH(read_tar(""), "tar header: the file is empty");
  CHECK_THROWS_WITH(read_tar("short"), "tar header: 5 bytes are left, too few for a header");
  CHECK_THROWS_WITH(read_tar(std::string(600, 'x')), "tar header: the checksum of the header does not match");
  const auto good = torch_tar();
  const auto zeros = tar_end();
  CHECK(tar_header_at(bytes::MemorySource(raw(good)), 0));
  CHECK_FALSE(tar_header_at(bytes::MemorySource(raw(good)), 100));
  CHECK_FALSE(tar_header_at(bytes::MemorySource(raw(zeros)), 0));
  CHECK_FALSE(tar_header_at(bytes::MemorySource(raw("short")), 0));
}

TEST_CASE("zero blocks alone are an empty tar, as for tarfile", "[tar]") {
  const auto got = read_tar(tar_end());
  CHECK(got.archive.members.empty());
  CHECK(got.archive.ended);
  CHECK(got.ids().empty());
}

TEST_CASE("dialects", "[tar]") {
  CHECK(read_changed_tar([](TarItem& item) { item.prefix = "some/folder"; }).names().front() == "some/folder/x");
  auto got = read_tar(tar_changed([](TarItem& item) { item.name = "dir/", item.type = '\0', item.magic = ""; }) + tar_end());
  CHECK(got.archive.dialect == TarDialect::v7);
  CHECK(got.archive.members.at(0).kind == TarKind::directory);
  got = read_changed_tar([](TarItem& item) { item.magic = std::string("ustar  \0", 8), item.prefix = "07123"; });
  CHECK(got.archive.dialect == TarDialect::gnu);
  CHECK(got.names().front() == "x");
}

TEST_CASE("long names of GNU and pax", "[tar]") {
  const std::string name(300, 'n');
  auto got = read_tar(tar_extension('L', name + '\0') + tar_file("short", "data") + tar_end());
  CHECK(got.names() == Strings{name});
  CHECK(got.ids().empty());
  CHECK(got.coverage.gaps == 0);
  got = read_tar(tar_extension('x', pax_record("path", name) + pax_record("comment", "hi")) + tar_file("short", "data") + tar_end());
  CHECK(got.names() == Strings{name});
  CHECK(got.archive.dialect == TarDialect::pax);
  CHECK(*pax_value(got.archive.members.at(0).pax, "comment") == "hi");
  CHECK(got.ids().empty());
}

TEST_CASE("two extension headers that name one member", "[tar]") {
  const auto got = read_tar(tar_extension('L', "one") + tar_extension('x', pax_record("path", "two")) + tar_file("x", "") + tar_end());
  CHECK(got.names() == Strings{"one"});
  CHECK(got.message("tar.repeated-extension") ==
        "two extension headers give one member the names 'one', which tarfile takes, and 'two'");
}

TEST_CASE("a pax size moves the members that follow", "[tar]") {
  // Readers that do not know pax see a member inside the data.
  TarItem outer;
  outer.name = "outer";
  outer.size_field = tar_octal(7, 12);
  outer.data = tar_file("hidden", "evil");
  const auto got = read_tar(tar_extension('x', pax_record("size", std::to_string(outer.data.size()))) + tar_member(outer) + tar_end());
  CHECK(got.names() == Strings{"outer"});
  CHECK(got.ids() == Strings{"tar.size-differs"});
  CHECK(got.message("tar.size-differs") == "'outer' is 7 bytes long by its header and 1024 by its pax record, which tarfile takes: "
                                           "readers that do not know pax find other members");
}

TEST_CASE("pax records that do not add up", "[tar]") {
  for (const auto* text : {"99 path=x\n", "8 path=x\n", "path=x\n", "10 pathxxx\n", "9 =xxxxx\n", "4 a\n", "99999999999999999999 a=b\n"}) {
    CHECK(parse_pax(text).bad_at == 0);
  }
  CHECK_FALSE(parse_pax("").bad_at.has_value());
  CHECK_FALSE(parse_pax(std::string("6 a=b\n\0\0", 8)).bad_at.has_value());
  CHECK(parse_pax("6 a=b\n7 c=d\n").bad_at == 6);
  const auto got = read_tar(tar_extension('x', "nonsense") + tar_file("x", "") + tar_end());
  CHECK(got.message("tar.pax-record") == "a pax record does not add up; it and the 8 bytes from it on are not read");
  CHECK(got.names() == Strings{"x"});
}

TEST_CASE("a pax size that is no number", "[tar]") {
  for (const auto* value : {"-1", "", "4k", "99999999999999999999"}) {
    const auto got = read_tar(tar_extension('x', pax_record("size", value)) + tar_file("x", "data") + tar_end());
    CHECK(got.ids() == Strings{"tar.bad-number"});
    CHECK(got.archive.members.at(0).size == 4);
  }
}

TEST_CASE("a global header that renames everything", "[tar]") {
  const auto got = read_tar(tar_extension('g', pax_record("path", "../evil")) + tar_file("x", "") + tar_end());
  CHECK(got.names() == Strings{"x"});
  CHECK_FALSE(got.message("tar.global-override").empty());
}

TEST_CASE("sizes that are negative, too large or no number", "[tar]") {
  auto got = read_changed_tar([](TarItem& item) { item.size_field = tar_base_256(-1), item.data = ""; });
  CHECK(got.message("tar.negative-size") == "'x' has the size -1, which tarfile accepts; it is read as 0");
  CHECK(got.names() == Strings{"x", "after"});

  got = read_changed_tar([](TarItem& item) { item.size_field = tar_base_256(1LL << 62); });
  CHECK(got.message("tar.member-cut") == "the data of 'x' is 4611686018427387904 bytes long; the file has 2560 of them");
  CHECK(got.archive.members.at(0).cut);

  got = read_tar(tar_file("first", "") + tar_changed([](TarItem& item) { item.size_field = "12junk"; }) + tar_end());
  CHECK(got.message("tar.bad-header") ==
        "where a header is due, the size of 'x' is no number; tarfile takes that for the end and says nothing");
  CHECK(got.names() == Strings{"first"});
}

TEST_CASE("a size on what has no data", "[tar]") {
  const auto got = read_tar(tar_changed([](TarItem& item) { item.name = "dir", item.type = '5', item.size_field = tar_octal(512, 12); }) + tar_file("after", "") + tar_end());
  CHECK(got.names() == Strings{"dir", "after"});
  CHECK(got.message("tar.size-of-no-file") ==
        "'dir' is no file but has a size of 512 bytes; tarfile takes none, readers that take them find other members");
}

TEST_CASE("checksums", "[tar]") {
  auto got = read_changed_tar([](TarItem& item) { item.name = "\xe9t\xe9", item.signed_checksum = true; });
  CHECK(got.ids() == Strings{"tar.signed-checksum"});
  got = read_tar(tar_file("x", "") + tar_changed([](TarItem& item) { item.checksum_field = "0000001"; }) + tar_end());
  CHECK(got.names() == Strings{"x"});
  CHECK(got.message("tar.bad-header") ==
        "where a header is due, the checksum of the header does not match; tarfile takes that for the end and says nothing");
}

TEST_CASE("links, devices and unknown types", "[tar]") {
  CHECK(read_changed_tar([](TarItem& item) { item.type = '2', item.data = "", item.link = "/etc/passwd"; }).message("tar.link") ==
        "'x' is a symbolic link to '/etc/passwd', which is an absolute path");
  CHECK(read_changed_tar([](TarItem& item) { item.type = '1', item.data = "", item.link = "after"; }).message("tar.link") ==
        "'x' is a hard link to 'after'");
  CHECK(read_changed_tar([](TarItem& item) { item.type = '6', item.data = ""; }).message("tar.special-file") == "'x' is a device or FIFO");
  const auto got = read_changed_tar([](TarItem& item) { item.type = '?'; });
  CHECK(got.message("tar.special-file") == "'x' is of the type '?', which tarfile takes for a file");
  CHECK(got.names() == Strings{"x", "after"});
  const auto target = read_tar(tar_extension('K', std::string(200, 't')) + tar_changed([](TarItem& item) { item.type = '2', item.link = "short"; }) + tar_end());
  CHECK(target.archive.members.at(0).link == std::string(200, 't'));
}

TEST_CASE("old GNU sparse members with a map of several blocks", "[tar]") {
  TarItem item;
  item.name = "holes";
  item.type = 'S';
  item.magic = std::string("ustar  \0", 8);
  item.tail = std::string(137, '\0') + '\1';
  item.size_field = tar_octal(4, 12);
  std::string map(512, '\0');
  const auto file = tar_header(item) + map + "data" + std::string(508, '\0') + tar_file("after", "") + tar_end();
  const auto got = read_tar(file);
  CHECK(got.names() == Strings{"holes", "after"});
  CHECK(got.archive.members.at(0).sparse);
  CHECK(got.archive.members.at(0).data == ByteRange{1024, 4});
  CHECK(got.ids() == Strings{"tar.sparse"});
  CHECK(got.coverage.gaps == 0);
}

TEST_CASE("equal and unsafe names", "[tar]") {
  const auto got = read_tar(tar_file("x", "one") + tar_file("../y", "") + tar_file("x", "two") + tar_end());
  CHECK(got.message("tar.duplicate-name") == "two members are named 'x', at 0 and 1536: tarfile takes the last, others the first");
  CHECK(got.message("tar.unsafe-name") == "the name '../y' holds a '..' step, which leaves the folder it is unpacked to");
  CHECK(got.archive.find("x") == &got.archive.members[2]);
  CHECK(got.archive.find_all("x") == std::vector<std::size_t>{0, 2});
  CHECK(got.archive.find("z") == nullptr);
}

TEST_CASE("padding and end that hold something", "[tar]") {
  CHECK(read_changed_tar([](TarItem& item) { item.padding = std::string(508, '!'); }).message("tar.padding-content") ==
        "the padding up to the next block is not zero");
  auto got = read_tar(torch_tar() + tar_file("hidden", "evil"));
  CHECK(got.names().size() == 4);
  CHECK(got.message("tar.data-after-end") == "1024 bytes follow the zero blocks that end the archive, with a header for 'hidden' "
                                             "that readers told to ignore zero blocks find");
  CHECK(read_tar(torch_tar() + "tail").message("tar.data-after-end") == "4 bytes follow the zero blocks that end the archive");
  CHECK(read_tar(torch_tar() + std::string(10240, '\0')).ids().empty());
}

TEST_CASE("no more members and no longer names than the limits are read", "[tar]") {
  TarLimits limits;
  limits.members = 2;
  CHECK(read_tar(torch_tar(), limits).message("tar.limit") == "the archive goes on after 2 members, the most that is read");
  limits.extension_bytes = 10;
  const auto got = read_tar(tar_extension('L', "eleven chars") + tar_file("x", "") + tar_end(), limits);
  CHECK(got.message("tar.limit") == "a long name of 12 bytes is passed over; at most 10 are read");
  CHECK(got.names() == Strings{"x"});
}

TEST_CASE("an extension header without a member", "[tar]") {
  CHECK(read_tar(tar_extension('L', "name") + tar_end()).message("tar.lone-extension") ==
        "an extension header is the last there is; no member follows it");
}

TEST_CASE("a tar cut at any byte keeps its whole members and says that it is cut", "[tar]") {
  const auto whole = torch_tar();
  const auto names = read_tar(whole).names();
  for (std::size_t length = 512; length < whole.size() - 1024; ++length) {
    const auto got = read_tar(whole.substr(0, length));
    CHECK_FALSE(got.findings.empty());
    REQUIRE(got.names().size() <= names.size());
    for (const auto& member : got.archive.members) {
      CHECK(member.data.end() <= length);
      CHECK((member.cut || member.data.length == member.size));
    }
  }
}

TEST_CASE("a flipped byte in a tar's header is refused or reported", "[tar]") {
  const auto whole = torch_tar();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto file = whole;
    file[at] = static_cast<char>(~file[at]);
    // What follows the NUL of the checksum field is not read.
    const bool in_header = (at < 512 || (at >= 1024 && at < 1536) || (at >= 2048 && at < 3072)) && at % 512 != 155;
    try {
      const auto got = read_tar(file);
      CHECK((!in_header || !got.findings.empty()));
      CHECK(got.coverage.labelled + got.coverage.gaps == file.size());
    } catch (const bytes::ParseError&) {
      CHECK(at < 512);
    }
  }
}
