// SPDX-License-Identifier: Apache-2.0
// Arrays of Python objects, as numpy.save(..., allow_pickle=True) writes them: what their pickles hold is listed.
#include "support/catch.hpp"
#include "support/inspecting.hpp"
#include "support/npy_builder.hpp"
#include "support/torch_builder.hpp"
#include "support/zip_builder.hpp"

using namespace upinspect;
using namespace upinspect::test;

namespace {

/// An array of these elements, pickled; `elements` is the opcodes that push them.
std::string object_array(const std::vector<std::int64_t>& shape, const std::string& elements) {
  PickleBuilder out;
  out.proto(2).global("numpy.core.multiarray", "_reconstruct").mark().global("numpy", "ndarray").integers({0}).bytes("b").tuple().reduce();
  out.mark().integer(1).integers(shape).global("numpy", "dtype").mark().text("O8").boolean(false).boolean(true).tuple().reduce();
  out.mark().integer(3).text("|").none().none().none().integer(-1).integer(-1).integer(63).tuple().build();
  out.boolean(false).empty_list().mark().raw(elements).op(pickle::Opcode::appends).tuple().build();
  return out.stop().string();
}

/// The dtype's state is a plain f32 array of six.
std::string floats_in_pickle() {
  PickleBuilder out;
  out.global("numpy.core.multiarray", "_reconstruct").mark().global("numpy", "ndarray").integers({0}).bytes("b").tuple().reduce();
  out.mark().integer(1).integers({2, 3}).global("numpy", "dtype").mark().text("f4").boolean(false).boolean(true).tuple().reduce();
  out.mark().integer(3).text("<").none().none().none().integer(-1).integer(-1).integer(0).tuple().build();
  return out.boolean(false).bytes(test::six_floats()).tuple().build().string();
}

Artifact inspect_array(const std::string& content) { return inspected(content, "array.npy"); }

std::string npy(const std::string& shape, const std::string& pickle) {
  NpyBuilder file;
  file.descr = "'|O'";
  file.shape = shape;
  file.data = pickle;
  return file.build();
}

std::string dict_with(const std::string& key, const std::string& value) {
  return PickleBuilder().empty_dict().text(key).raw(value).setitem().string();
}

}  // namespace

TEST_CASE("the arrays in an array of objects are tensors, under their places") {
  const auto content = npy("(2,)", object_array({2}, floats_in_pickle() + dict_with("w", floats_in_pickle())));
  const auto artifact = inspect_array(content);
  for (const auto* name : {"0", "1.w"}) {
    REQUIRE(tensor_named(artifact, name) != nullptr);
    CHECK(tensor_named(artifact, name)->shape == std::vector<std::uint64_t>{2, 3});
    CHECK(tensor_named(artifact, name)->stats->max == Number(5.0));
  }
  CHECK(artifact.pickle->verdict == PickleVerdict::inert);
  CHECK(artifact.coverage.gaps == 0);
  CHECK(artifact.coverage.overlapped == 0);
}

TEST_CASE("what an array without dimensions holds goes by the array's own name") {
  ZipBuilder zip;
  zip.add("d.npy", npy("()", object_array({}, dict_with("w", floats_in_pickle()))));
  auto packed = zip;
  packed.items.front().deflate();
  for (const auto& archive : {zip, packed}) {
    const auto artifact = inspected(archive.build(), "x.npz");
    REQUIRE(tensor_named(artifact, "d.w") != nullptr);
    CHECK(tensor_named(artifact, "d.w")->stats->max == Number(5.0));
    CHECK(tensor_named(artifact, "d") != nullptr);
    CHECK(told(artifact, Severity::error) == std::vector<std::string>{});
  }
}

TEST_CASE("a pickle that is not what its header promises is told with both readings") {
  const auto said = [](const std::string& content) { return message(inspect_array(content), "npy.object-content"); };
  const auto one = object_array({1}, PickleBuilder().none().string());
  CHECK(said(npy("(1,)", one)).empty());
  CHECK(said(npy("(7,)", one)) == "the header's shape is (7,), the pickle's (1,); np.load returns the latter");
  CHECK(said(npy("(1,)", PickleBuilder().proto(2).empty_dict().stop().string())) ==
        "the header promises an array of Python objects, its pickle gives a 'dict'; np.load returns the latter");
  CHECK(said(npy("(2,3)", PickleBuilder().proto(2).raw(floats_in_pickle()).stop().string())) ==
        "the header promises Python objects, its pickle gives an array of f32; np.load returns the latter");
}

TEST_CASE("joblib's arrays of objects hold a pickle of their own behind their description") {
  PickleBuilder out;
  out.proto(4).empty_dict().text("o").global("joblib.numpy_pickle", "NumpyArrayWrapper").empty_tuple().op(pickle::Opcode::newobj);
  out.empty_dict().text("shape").integers({1}).setitem().text("order").text("C").setitem().text("dtype").global("numpy", "dtype");
  out.mark().text("O8").boolean(false).boolean(true).tuple().reduce();
  out.mark().integer(3).text("|").none().none().none().integer(-1).integer(-1).integer(63).tuple().build().setitem().build();
  out.raw(object_array({1}, dict_with("w", floats_in_pickle()))).setitem().stop();
  const auto artifact = inspected(out.string(), "x.joblib");
  REQUIRE(tensor_named(artifact, "o.0.w") != nullptr);
  CHECK(tensor_named(artifact, "o.0.w")->stats->max == Number(5.0));
  CHECK(labels_of(artifact) == std::vector<std::string>{"pickle", "pickle of Python objects", "array o.0.w", "pickle of Python objects", "pickle"});
  CHECK(artifact.coverage.overlapped == 0);
}
