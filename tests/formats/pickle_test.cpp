// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/inspecting.hpp"
#include "support/torch_builder.hpp"

using namespace upinspect;
using namespace upinspect::test;
using pickle::Opcode;

namespace {

/// numpy.dtype("f4") as numpy pickles it.
PickleBuilder& float_dtype(PickleBuilder& out) {
  out.global("numpy", "dtype").mark().text("f4").boolean(false).boolean(true).tuple().reduce();
  out.mark().integer(3).text("<").none().none().none().integer(-1).integer(-1).integer(0).tuple();
  return out.build();
}

/// joblib's stand-in for an array of `elements` floats, and `after` it.
std::string joblib_array(std::int64_t elements, const std::string& after, bool padded) {
  PickleBuilder out;
  out.proto(4).empty_dict().text("weights").global("joblib.numpy_pickle", "NumpyArrayWrapper").empty_tuple();
  out.op(Opcode::newobj).empty_dict().text("shape").integers({elements}).setitem().text("order").text("C").setitem();
  out.text("dtype");
  float_dtype(out).setitem();
  if (padded) {
    out.text("numpy_array_alignment_bytes").integer(16).setitem();
  }
  return out.build().raw(after).setitem().stop().string();
}

std::string format_of(const std::string& file) { return inspected(file, "settings").format.id; }

}  // namespace

TEST_CASE("pickles are known with and without a mark") {
  CHECK(format_of(PickleBuilder().proto(4).empty_dict().stop().string()) == "pickle");
  CHECK(format_of("(dp0\nVrank\np1\nI8\ns.") == "pickle");
  CHECK(format_of("(lp0\nI1\naI2\na.") == "pickle");
  CHECK(format_of("}q\x01U\x04rankK\x08s.") == "pickle");
}

TEST_CASE("text, numbers and other formats do not pass for pickles") {
  const std::string rows[] = {
      "N. Bohr was a physicist\n", "I. Introduction\n", "K1. Notes\n", "class Foo:\n    pass\n", "import os\n",
      "{\"a\": 1}", "[1, 2, 3]", "(1)\n", "<html><body>.</body></html>", "Version 1.\n", "]. x", "cat\ndog\nbird.\n",
      std::string("PK\x03\x04", 4) + std::string(60, '\0'), floats(std::vector<float>(512, 0.02F)),
  };
  for (const auto& row : rows) {
    INFO(row.substr(0, 30));
    CHECK(format_of(row) != "pickle");
  }
}

TEST_CASE("a pickle that breaks after it has acted is a pickle still") {
  const auto artifact = inspected("cos\nsystem\n(Vid\ntR\xff", "x.bin");
  CHECK(artifact.format.id == "pickle");
  CHECK(artifact.pickle->verdict == PickleVerdict::dangerous);
  CHECK_THAT(message(artifact, "pickle.malformed"), Catch::Contains("0xff is no opcode"));
  CHECK_THAT(message(artifact, "pickle.dangerous-global"), Catch::Contains("would call os.system"));
}

TEST_CASE("several pickles in a row are numbered") {
  std::string file;
  for (int i = 0; i < 3; ++i) {
    file += PickleBuilder().proto(2).empty_dict().text("i").integer(i).setitem().stop().string();
  }
  const auto artifact = inspected(file, "x.pkl");
  REQUIRE(artifact.metadata.find("2.i") != nullptr);
  CHECK(*artifact.metadata.find("2.i") == Value(2));
  CHECK(labels_of(artifact) == std::vector<std::string>{"pickle 0", "pickle 1", "pickle 2"});
}

TEST_CASE("what follows the last STOP is told") {
  const auto artifact = inspected(PickleBuilder().proto(2).empty_dict().stop().raw("\xff\xff\xff").string(), "x.pkl");
  CHECK(message(artifact, "pickle.trailing-bytes") == "3 bytes follow the last STOP; pickle.load does not look at them");
}

TEST_CASE("joblib's arrays stand between the opcodes") {
  const auto plain = inspected(joblib_array(6, six_floats(), false), "x.joblib");
  CHECK(plain.format.title == "joblib pickle");
  REQUIRE(tensor_named(plain, "weights") != nullptr);
  CHECK(tensor_named(plain, "weights")->stats->max == Number(5.0));
  CHECK(told(plain, Severity::warning) == std::vector<std::string>{});
  CHECK(labels_of(plain) == std::vector<std::string>{"pickle", "array weights", "pickle"});

  const auto padded = inspected(joblib_array(6, std::string("\x03\xff\xff\xff", 4) + six_floats(), true), "x.joblib");
  CHECK(tensor_named(padded, "weights")->stats->max == Number(5.0));
  CHECK(labels_of(padded) == std::vector<std::string>{"pickle", "joblib padding", "array weights", "pickle"});
}

TEST_CASE("a joblib array that is larger than the file is refused") {
  const auto artifact = inspected(joblib_array(std::int64_t{1} << 40, six_floats(), false), "x.joblib");
  CHECK_THAT(message(artifact, "container.truncated"), Catch::Contains("data of the object needs 4398046511104 bytes, 26 are left"));
}

TEST_CASE("the storage of a pickled tensor is a torch stream inside of the pickle") {
  LegacyFile inner;
  PickleBuilder storage;
  inner.object = legacy_id(storage.proto(2), "FloatStorage", "7", 6).stop().string();
  inner.keys = legacy_keys({"7"});
  inner.storages = legacy_storage(6, six_floats());
  PickleBuilder out;
  out.proto(3).global("torch._utils", "_rebuild_tensor_v2").mark();
  out.global("torch.storage", "_load_from_bytes").mark().bytes(inner.build()).tuple().reduce();
  out.integer(0).integers({2, 3}).integers({3, 1}).boolean(false).empty_ordered_dict().tuple().reduce().stop();
  const auto artifact = inspected(out.string(), "x.pkl");
  REQUIRE(artifact.tensors.size() == 1);
  CHECK(artifact.tensors[0].dtype == Dtype::f32);
  CHECK(artifact.tensors[0].stats->max == Number(5.0));
  CHECK(artifact.pickle->verdict == PickleVerdict::inert);
  CHECK(labels_of(artifact) == std::vector<std::string>{"pickle", "storage 7", "pickle"});
}

TEST_CASE("streams within streams are followed four deep and no further") {
  std::string file = PickleBuilder().proto(3).text("core").stop().string();
  for (int depth = 0; depth < 7; ++depth) {
    LegacyFile outer;
    outer.object = PickleBuilder().proto(3).empty_list().global("torch.storage", "_load_from_bytes").mark().bytes(file)
                       .tuple().reduce().append().stop().string();
    outer.keys = legacy_keys({});
    file = outer.build();
  }
  const auto artifact = inspected(file);
  CHECK(artifact.format.id == "torch-legacy");
  CHECK_THAT(message(artifact, "limit.reached"), Catch::Contains("more than 4 torch streams within each other"));
  CHECK(artifact.pickle->verdict == PickleVerdict::unknown);
}

TEST_CASE("an array of Python objects is listed and not run") {
  PickleBuilder out;
  out.proto(4).global("numpy.core.multiarray", "_reconstruct").mark().global("numpy", "ndarray").integers({0}).bytes("b").tuple().reduce();
  out.mark().integer(1).integers({2}).global("numpy", "dtype").mark().text("O8").boolean(false).boolean(true).tuple().reduce();
  out.mark().integer(3).text("|").none().none().none().integer(-1).integer(-1).integer(63).tuple().build();
  out.boolean(false).empty_list().integer(7).append().text("text").append().tuple().build().stop();
  const auto artifact = inspected(out.string(), "x.pkl");
  REQUIRE(artifact.metadata.find("") != nullptr);
  CHECK(*artifact.metadata.find("") == Value(Value::Array{7, "text"}));
  CHECK(message(artifact, "tensor.unread") == "its elements are Python objects, which live in the pickle");
  CHECK(told(artifact) == std::vector<std::string>{});
}

TEST_CASE("bytes of safetensors that begin a pickle are reported as both") {
  // "V" is UNICODE to a pickle; to safetensors it is the lowest byte of the header's length.
  std::string header = R"({"t":{"dtype":"U8","shape":[16],"data_offsets":[0,16]}})";
  header.resize(0x156, ' ');
  const auto file = little(0x156, 8) + header + "\ncos\ngetcwd\n)R." + std::string(1, '\0');
  const auto artifact = inspected(file, "x.safetensors");
  CHECK(artifact.format.id == "safetensors");
  CHECK(artifact.also_reads_as == std::vector<std::string>{"pickle"});
}
