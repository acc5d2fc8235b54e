// SPDX-License-Identifier: Apache-2.0
#include "support/npy_reading.hpp"

using namespace upinspect;
using namespace upinspect::test;

TEST_CASE("a plain array has every byte under a label") {
  const auto artifact = inspect_npy(NpyBuilder());
  CHECK(artifact.format.id == "npy");
  CHECK(artifact.format.title == "NumPy array");
  std::string labels;
  for (const auto& region : artifact.coverage.regions) {
    labels += std::to_string(region.range.offset) + " " + region.label + "; ";
  }
  CHECK(labels == "0 magic; 6 version; 8 header length; 10 header; 128 data; ");
  CHECK(artifact.findings.empty());
  CHECK(only(artifact).name == "");
  CHECK(only(artifact).bytes == 24);
  REQUIRE(only(artifact).stats);
  CHECK(std::get<double>(only(artifact).stats->max) == 5.0);
}

TEST_CASE("digests are of row-major, little-endian elements whatever the file's order") {
  NpyBuilder plain;
  plain.shape = "(2, 3)";
  NpyBuilder columns;
  columns.shape = "(2, 3)";
  columns.order = "True";
  columns.data.clear();
  for (const std::size_t i : {0U, 3U, 1U, 4U, 2U, 5U}) {
    columns.data += plain.data.substr(4 * i, 4);
  }
  NpyBuilder big;
  big.shape = "(2, 3)";
  big.descr = "'>f4'";
  for (std::size_t i = 0; i < big.data.size(); i += 4) {
    std::reverse(big.data.begin() + static_cast<std::ptrdiff_t>(i), big.data.begin() + static_cast<std::ptrdiff_t>(i + 4));
  }
  const auto wanted = only(inspect_npy(plain)).digests;
  CHECK(only(inspect_npy(columns)).digests == wanted);
  CHECK(only(inspect_npy(columns)).location.strides == std::vector<std::int64_t>{1, 2});
  CHECK(only(inspect_npy(big)).digests == wanted);
  CHECK(only(inspect_npy(big)).location.order == ByteOrder::big);
}

TEST_CASE("structured elements in column-major order are put in row-major order too") {
  NpyBuilder file;
  file.descr = "[('a', '|u1'), ('b', '|u1')]";
  file.shape = "(2, 2)";
  file.data = "aAbBcCdD";
  const auto rows = only(inspect_npy(file)).digests;
  file.order = "True";
  file.data = "aAcCbBdD";
  CHECK(only(inspect_npy(file)).digests == rows);
}

TEST_CASE("the fields of a structured type are listed") {
  NpyBuilder file;
  file.descr = "[('id', '<u4'), ('', '|V2'), (('The box', 'box'), '>f4', (2, 2)), ('in', [('x', '|b1')])]";
  file.shape = "(1,)";
  const auto artifact = inspect_npy(file);
  const auto* fields = artifact.format.detail.find("fields");
  REQUIRE(fields != nullptr);
  const Value::Array wanted{
      Value::Object{{"name", "id"}, {"dtype", "<u4"}, {"offset", 0U}, {"bytes", 4U}},
      Value::Object{{"name", "box"}, {"dtype", ">f4"}, {"offset", 6U}, {"bytes", 16U}, {"shape", Value::Array{2U, 2U}}, {"title", "The box"}},
      Value::Object{{"name", "in"}, {"dtype", "[('x','|b1')]"}, {"offset", 22U}, {"bytes", 1U}}};
  CHECK(*fields == Value(wanted));
  CHECK(only(artifact).bytes == 23);
  CHECK(only(artifact).digests.xxh3_128.has_value());
}

TEST_CASE("versions other than 1.0, 2.0 and 3.0 are refused") {
  NpyBuilder file;
  file.minor = 1;
  CHECK(told_by_npy(file) == "refused: version: numpy reads 1.0, 2.0 and 3.0, not 1.1");
  file.minor = 0;
  file.major = 4;
  CHECK(told_by_npy(file) == "refused: version: numpy reads 1.0, 2.0 and 3.0, not 4.0");
}

TEST_CASE("headers of impossible, forbidden and unusual lengths are told apart") {
  NpyBuilder file;
  file.header = "";
  file.padded = false;
  CHECK(told_by_npy(file) == "refused: header: a value is missing");
  file.header.reset();
  CHECK(told_by_npy(file) == "f32 6");
  file.padded = true;
  file.length = 60000;
  CHECK(told_by_npy(file) == "error container.truncated: npy: header: needs 60000 bytes, 142 are left");
  file.major = 2;
  file.length = 0xfffffff0;
  CHECK(told_by_npy(file) == "error container.truncated: npy: header: needs 4294967280 bytes, 140 are left");

  const std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }";
  NpyBuilder padded;
  padded.padded = false;
  padded.header = dict + std::string(10000 - dict.size(), ' ');
  CHECK(told_by_npy(padded) == "f32 6; npy.header-padding");
  padded.header->push_back(' ');
  CHECK(told_by_npy(padded) == "f32 6; error npy.header-length: the header has 10001 characters; numpy refuses more than 10000 unless "
                        "max_header_size is raised or pickles are allowed; npy.header-padding");
  padded.major = 2;
  padded.header = dict + std::string((1U << 20U) + 1 - dict.size(), ' ');
  CHECK(told_by_npy(padded) == "refused: header: is 1048577 bytes long; at most 1048576 are read");
}

TEST_CASE("text hidden in a header is found") {
  NpyBuilder file;
  file.header = "{'descr': '<f4', # a message for you\n 'fortran_order': False, 'shape': (6,), }";
  const auto artifact = inspect_npy(file);
  const auto* finding = find(artifact, "npy.header-text");
  REQUIRE(finding != nullptr);
  CHECK(finding->message ==
        "the header holds more than its dict and padding (comments, other white space); numpy ignores it, so it can carry a message");
  CHECK(finding->offset == 10);
}

TEST_CASE("nesting as deep as a hostile header likes costs no call stack") {
  NpyBuilder file;
  file.major = 2;
  file.header = std::string(100000, '(');
  CHECK(told_by_npy(file) == "error npy.header-length: the header has 100020 characters; numpy refuses more than 10000 unless "
                      "max_header_size is raised or pickles are allowed; refused: header: too many nested brackets");
  file.major = 1;
  file.descr = std::string(150, '(') + "'<f4'";
  for (int i = 0; i < 150; ++i) {
    file.descr += ", (1,))";
  }
  file.header.reset();
  CHECK(told_by_npy(file) == "refused: descr: a sub-array type of more than 2147483647 bytes or 64 dimensions");
}

TEST_CASE("arrays have 64 dimensions at most, and numpy 1 takes 32") {
  const auto ones = [](std::size_t count) {
    NpyBuilder file;
    for (file.shape = "("; count > 0; --count) {
      file.shape += "1, ";
    }
    file.shape += ")";
    return inspect_npy(file);
  };
  CHECK(find(ones(32), "npy.dimensions") == nullptr);
  const auto artifact = ones(33);
  REQUIRE(find(artifact, "npy.dimensions") != nullptr);
  CHECK(find(artifact, "npy.dimensions")->message == "numpy before 2.0 refuses arrays of more than 32 dimensions, this one has 33");
  CHECK(told_by_npy(ones(65)) == "refused: shape: numpy has arrays of at most 64 dimensions, this one has 65");
}

TEST_CASE("a negative dimension is as long as the file makes it") {
  NpyBuilder file;
  file.shape = "(3, -1)";
  file.data += "!!!";
  const auto artifact = inspect_npy(file);
  CHECK(only(artifact).shape == std::vector<std::uint64_t>{3, 2});
  CHECK(find(artifact, "npy.negative-dimension")->message ==
        "a dimension is negative: np.load takes it from a file, where the size then depends on the file's length (6 elements "
        "here), and refuses it from an archive or a memory map");
  file.shape = "(5, -1)";
  CHECK(told_by_npy(file) == "refused: shape: 6 elements cannot fill an array of which one dimension is left unknown");
}

TEST_CASE("a sub-array type whose data happen to be short is read, as np.load does") {
  NpyBuilder file;
  file.descr = "('<f4', (2,))";
  file.shape = "(4,)";
  CHECK(told_by_npy(file) == "f32 4x2; error npy.subarray-type: the element type is a sub-array: np.load cannot reshape the array, "
                      "only a memory map reads it; error container.truncated: the array needs 32 bytes of data, 24 are "
                      "there (8 missing)");
  file.descr = "('<f4', (3,))";
  file.shape = "(6,)";
  CHECK(told_by_npy(file) == "f32 6; npy.subarray-type");
}

TEST_CASE("void types that ml_dtypes leaves behind are noted") {
  NpyBuilder file;
  file.descr = "'<V2'";
  const auto artifact = inspect_npy(file);
  CHECK(only(artifact).dtype_name == "<V2");
  CHECK(only(artifact).bytes == 12);
  CHECK(find(artifact, "npy.void-type")->message == "the elements are 2 bytes without a type; ml_dtypes writes bfloat16 so");
}

TEST_CASE("what follows the array is left to the general rule") {
  NpyBuilder file;
  file.data += "hidden";
  const auto artifact = inspect_npy(file);
  REQUIRE(find(artifact, "container.unlabelled-bytes") != nullptr);
  CHECK(find(artifact, "container.unlabelled-bytes")->offset == 152);
  CHECK(find(artifact, "container.unlabelled-bytes")->length == 6);
}

TEST_CASE("object arrays are judged, not unpickled") {
  NpyBuilder file;
  file.descr = "'|O'";
  file.data = "cos\nsystem\n(S'id'\ntR.";
  const auto artifact = inspect_npy(file);
  CHECK(only(artifact).dtype_name == "object");
  CHECK(only(artifact).unread == "its elements are Python objects in a pickle, which is not run");
  REQUIRE(artifact.pickle);
  CHECK(artifact.pickle->verdict == PickleVerdict::dangerous);
  REQUIRE(artifact.pickle->globals.size() == 1);
  CHECK(artifact.pickle->globals[0].offset == 128);
  CHECK(find(artifact, "npy.object-array")->message ==
        "the elements are Python objects: np.load refuses them, np.load(allow_pickle=True) would run the pickle in these bytes");
  CHECK(artifact.coverage.gaps == 0);
  CHECK(artifact.coverage.regions.back().kind == RegionKind::payload);

  file.data += "more";
  const auto longer = inspect_npy(file);
  CHECK(longer.coverage.gaps == 4);
}

TEST_CASE("elements of no bytes are counted, not looked for") {
  NpyBuilder file;
  file.descr = "'|V0'";
  file.shape = "(4611686018427387904, 1)";
  file.order = "True";
  file.data.clear();
  const auto artifact = inspect_npy(file);
  CHECK(only(artifact).elements == std::uint64_t{1} << 62U);
  CHECK(only(artifact).bytes == 0);
}

TEST_CASE("an array cut at any byte is never clean") {
  NpyBuilder file;
  file.descr = "[('a', '<f4', (2,)), ('b', '>i8')]";
  file.shape = "(2, -1)";
  file.data.assign(32, 'x');
  const auto whole = file.build();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto artifact = inspect_npy(whole.substr(0, length));
    INFO(length);
    CHECK(complains(artifact));
  }
}
