// SPDX-License-Identifier: Apache-2.0
#include "support/npy_reading.hpp"
#include "support/zip_builder.hpp"

using namespace upinspect;
using namespace upinspect::test;

namespace {

Artifact inspect_npz(const std::string& content) {
  InspectOptions options;
  options.jobs = 1;
  auto artifact = inspect_bytes("arrays.npz", content.data(), content.size(), options);
  CHECK(unsoundness(artifact, content.size()) == "");
  return artifact;
}

Artifact inspect_npz(const ZipBuilder& zip) { return inspect_npz(zip.build()); }

std::string array(const std::string& shape = "(6,)") {
  NpyBuilder file;
  file.shape = shape;
  return file.build();
}

/// Six floats of which the first is not 0 but 9.
std::string other_array() {
  NpyBuilder file;
  file.data.replace(0, 4, {'\0', '\0', '\x10', '\x41'});
  return file.build();
}

/// Findings of this id as "message" lines.
std::string messages(const Artifact& artifact, std::string_view id) {
  std::string lines;
  for (const auto& finding : artifact.findings) {
    lines += finding.id == id ? finding.message + "\n" : "";
  }
  return lines;
}

std::string names(const Artifact& artifact) {
  std::string line;
  for (const auto& tensor : artifact.tensors) {
    line += (line.empty() ? "" : " ") + tensor.name;
  }
  return line;
}

const Value& detail(const Artifact& artifact, const std::string& key) {
  const auto* value = artifact.format.detail.find(key);
  REQUIRE(value != nullptr);
  return *value;
}

}  // namespace

TEST_CASE("stored members are tensors in the file") {
  ZipBuilder zip;
  zip.add("lora_up.npy", array("(2, 3)"));
  zip.add("x/alpha.npy", array("()"));
  const auto artifact = inspect_npz(zip);
  CHECK(artifact.format.id == "npz");
  CHECK(artifact.format.title == "NumPy archive");
  CHECK(names(artifact) == "lora_up x/alpha");
  const auto& first = artifact.tensors[0];
  CHECK(first.location.entry == "lora_up.npy");
  CHECK(first.location.packing == Packing::stored);
  CHECK(first.location.packed == ByteRange{30 + 11 + 128, 24});
  REQUIRE(first.stats);
  CHECK(std::get<double>(first.stats->max) == 5.0);
  CHECK(detail(artifact, "members") == Value(2U));
  CHECK(detail(artifact, "arrays") == Value(2U));
  CHECK(detail(artifact, "compressed") == Value(0U));
}

TEST_CASE("deflated members give the same tensors as stored ones") {
  ZipBuilder stored;
  stored.add("a.npy", array());
  ZipBuilder deflated;
  deflated.add("a.npy", array()).deflate();
  const auto wanted = inspect_npz(stored);
  const auto artifact = inspect_npz(deflated);
  CHECK(artifact.findings.empty());
  CHECK(only(artifact).digests == only(wanted).digests);
  CHECK(only(artifact).stats == only(wanted).stats);
  CHECK(only(artifact).location.packing == Packing::deflated);
  CHECK(only(artifact).location.storage_start == 128);
  CHECK(only(artifact).location.storage_bytes == 24);
  CHECK(artifact.coverage.gaps == 0);
}

TEST_CASE("a column-major deflated array is put in row-major order") {
  NpyBuilder file;
  file.shape = "(2, 3)";
  file.order = "True";
  ZipBuilder zip;
  zip.add("a.npy", file.build()).deflate();
  ZipBuilder plain;
  plain.add("a.npy", file.build());
  CHECK(only(inspect_npz(zip)).digests == only(inspect_npz(plain)).digests);
  CHECK(only(inspect_npz(zip)).digests.xxh3_128.has_value());
}

TEST_CASE("the header of a deflated member may be longer than what is looked at first") {
  NpyBuilder file;
  file.header = "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }" + std::string(9000, ' ');
  ZipBuilder zip;
  zip.add("a.npy", file.build()).deflate();
  const auto artifact = inspect_npz(zip);
  CHECK(only(artifact).location.storage_start > 9000);
  CHECK(only(artifact).digests.xxh3_128.has_value());
  CHECK(messages(artifact, "npy.header-padding").ends_with("(at byte 67 of the unpacked member)\n"));
}

TEST_CASE("of members with one name the last is read") {
  ZipBuilder zip;
  zip.add("a.npy", array());
  zip.add("a.npy", other_array());
  const auto artifact = inspect_npz(zip);
  CHECK(std::get<double>(only(artifact).stats->max) == 9.0);
  CHECK(messages(artifact, "npz.shadowed-member") == "a.npy: a later member has the same name, and np.load reads that one\n");
  CHECK(find(artifact, "zip.duplicate-name") != nullptr);
  CHECK(artifact.coverage.gaps == 0);
}

TEST_CASE("a and a.npy are two keys") {
  ZipBuilder zip;
  zip.add("a.npy", array());
  zip.add("a", other_array());
  const auto artifact = inspect_npz(zip);
  CHECK(names(artifact) == "a.npy a");
  CHECK(messages(artifact, "npz.key-collision") ==
        "a.npy: the key \"a\" is taken by a member of just that name; np.load finds this one as \"a.npy\"\n");
}

TEST_CASE("members that are no arrays are told of") {
  ZipBuilder zip;
  zip.add("a.npy", array());
  zip.add("notes.txt", "hi");
  zip.add("b.npy", "not npy");
  zip.add("c.npy", "not npy either").deflate();
  zip.add("folder/", "");
  const auto artifact = inspect_npz(zip);
  CHECK(names(artifact) == "a");
  CHECK(messages(artifact, "npz.other-member") == "notes.txt: not an array: np.load gives it as bytes\n");
  CHECK(messages(artifact, "npz.not-an-array") ==
        "b.npy: the name says npy, the content does not: np.load gives it as bytes\n"
        "c.npy: the name says npy, the content does not: np.load gives it as bytes\n");
  CHECK(artifact.coverage.gaps == 0);
}

TEST_CASE("many findings of one kind are listed in part") {
  ZipBuilder zip;
  zip.add("a.npy", array());
  for (int i = 0; i < 40; ++i) {
    zip.add("note" + std::to_string(i), "hi");
  }
  const auto lines = messages(inspect_npz(zip), "npz.other-member");
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 17);
  CHECK(lines.ends_with("24 more members like this are not listed\n"));
}

TEST_CASE("bytes behind an array in its member are found") {
  ZipBuilder zip;
  zip.add("a.npy", array() + "hidden");
  zip.add("b.npy", array() + "hidden too").deflate();
  const auto artifact = inspect_npz(zip);
  CHECK(artifact.coverage.gaps == 6);
  CHECK(messages(artifact, "npz.trailing-bytes") ==
        "b.npy: 10 bytes follow the array in the unpacked member; numpy ignores them\n");
}

TEST_CASE("one broken member says nothing about the others") {
  NpyBuilder bad;
  bad.descr = "'bfloat16'";
  NpyBuilder negative;
  negative.shape = "(-1,)";
  NpyBuilder cut;
  cut.data.resize(20);
  ZipBuilder zip;
  zip.add("bad.npy", bad.build());
  zip.add("bad2.npy", bad.build()).deflate();
  zip.add("negative.npy", negative.build());
  zip.add("cut.npy", cut.build()).deflate();
  zip.add("short.npy", array().substr(0, 20));
  zip.add("good.npy", array());
  const auto artifact = inspect_npz(zip);
  CHECK(names(artifact) == "cut good");
  CHECK(messages(artifact, "container.malformed") ==
        "bad.npy: descr: 'bfloat16' is no element type of numpy\n"
        "bad2.npy: descr: 'bfloat16' is no element type of numpy (at byte 20 of the unpacked member)\n"
        "negative.npy: shape: negative dimensions are not allowed\n");
  CHECK(messages(artifact, "container.truncated") ==
        "cut.npy: the array needs 24 bytes of data, 20 are there (4 missing) (at byte 148 of the unpacked member)\n"
        "short.npy: header: needs 118 bytes, 10 are left\n");
}

TEST_CASE("members that cannot be unpacked are errors") {
  ZipBuilder zip;
  zip.add("a.npy", array());
  zip.add("b.npy", array()).method = 12;
  const auto artifact = inspect_npz(zip);
  CHECK(names(artifact) == "a");
  CHECK(messages(artifact, "npz.unread-member") == "b.npy: not read: it is packed with bzip2\n");
}

TEST_CASE("a wrong checksum is an error") {
  ZipBuilder zip;
  zip.add("a.npy", array()).crc ^= 1U;
  CHECK(find(inspect_npz(zip), "zip.crc-mismatch") != nullptr);
}

TEST_CASE("pickles of object arrays are judged, stored or deflated") {
  NpyBuilder file;
  file.descr = "'|O'";
  file.shape = "(1,)";
  file.data = "cos\nsystem\n(S'id'\ntR.";
  for (const bool packed : {false, true}) {
    ZipBuilder zip;
    zip.add("a.npy", array());
    auto& item = zip.add("o.npy", file.build() + "tail");
    if (packed) {
      item.deflate();
    }
    const auto artifact = inspect_npz(zip);
    INFO(packed);
    CHECK(names(artifact) == "a o");
    REQUIRE(artifact.pickle);
    CHECK(artifact.pickle->verdict == PickleVerdict::dangerous);
    CHECK(messages(artifact, "npy.object-array") ==
          "o.npy: the elements are Python objects: np.load refuses them, np.load(allow_pickle=True) would run the pickle in "
          "these bytes\n");
    CHECK(messages(artifact, "npz.trailing-bytes") ==
          (packed ? "o.npy: 4 bytes follow the pickle in the unpacked member; numpy ignores them\n" : ""));
    CHECK(artifact.coverage.gaps == (packed ? 0 : 4));
  }
}

TEST_CASE("an archive without members is what np.savez writes for no arrays") {
  const auto artifact = inspect_npz(ZipBuilder());
  CHECK(artifact.format.id == "npz");
  CHECK(artifact.findings.empty());
}

TEST_CASE("one array makes an archive npz, unless torch reads it") {
  ZipBuilder zip;
  zip.add("readme.txt", "hi");
  CHECK(inspect_npz(zip).format.id == "zip");
  zip.add("a.npy", array());
  CHECK(inspect_npz(zip).format.id == "npz");

  ZipBuilder torch;
  torch.add_torch("archive/data.pkl", "\x80\x02}.");
  torch.add_torch("archive/version", "3\n");
  torch.add_torch("archive/w.npy", array());
  const auto artifact = inspect_npz(torch);
  CHECK(artifact.format.id == "torch-zip");
  CHECK(artifact.also_reads_as == std::vector<std::string>{"npz"});
}

TEST_CASE("an archive cut at any byte is never clean, and its whole members are still read") {
  ZipBuilder zip;
  zip.add("a.npy", array());
  zip.add("b.npy", other_array()).deflate();
  const auto whole = zip.build();
  for (std::size_t length = 1; length < whole.size(); ++length) {
    const auto artifact = inspect_npz(whole.substr(0, length));
    INFO(length);
    CHECK(complains(artifact));
    if (length >= 30 + 5 + 152 + 30 + 5) {
      CHECK(names(artifact).starts_with("a"));
    }
  }
}
