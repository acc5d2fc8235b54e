// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/inspecting.hpp"
#include "support/torch_builder.hpp"

using namespace upinspect;
using namespace upinspect::test;
using pickle::Opcode;

namespace {

/// A module with one tensor, as the pickler in C++ writes it.
std::string module_pickle() {
  return PickleBuilder().proto(2).global("__torch__", "M").put(0).empty_tuple().op(Opcode::newobj).empty_dict().mark()
      .text("w").tensor("FloatStorage", "0", 6, {2, 3}, {3, 1}).setitems().build().stop().string();
}

ZipBuilder script_archive(const std::string& data = module_pickle()) {
  ZipBuilder zip;
  zip.zip64 = true;
  zip.add_torch("m/data/0", six_floats());
  zip.add_torch("m/data.pkl", data);
  zip.add_torch("m/code/__torch__.py", "class M(Module):\n  pass\n").deflate();
  zip.add_torch("m/constants.pkl", PickleBuilder().proto(2).mark().tensor("LongStorage", "0", 1, {}, {}).tuple().stop().string());
  zip.add_torch("m/constants/0", little(7, 8));
  zip.add_torch("m/version", "3\n");
  return zip;
}

}  // namespace

TEST_CASE("a TorchScript archive's tensors and constants are read, its code is listed") {
  const auto artifact = inspected(script_archive().build());
  CHECK(artifact.format.id == "torchscript");
  CHECK(told(artifact, Severity::warning) == std::vector<std::string>{});
  CHECK(tensor_named(artifact, "w")->stats->max == Number(5.0));
  CHECK(tensor_named(artifact, "constants.0")->stats->max == Number(std::int64_t{7}));
  CHECK(*artifact.format.detail.find("code") == Value(Value::Array{"code/__torch__.py"}));
  CHECK(artifact.pickle->verdict == PickleVerdict::inert);
  CHECK_FALSE(artifact.pickle->weights_only_loads);
}

TEST_CASE("code that loading would run is told") {
  auto zip = script_archive();
  zip.add_torch("m/code/__torch__/a.py", "class A(Module):\n  def __setstate__(self, x):\n    pass\n");
  CHECK(message(inspected(zip.build()), "torchscript.code-on-load") ==
        "code/__torch__/a.py defines __setstate__, which torch.jit.load runs");
}

TEST_CASE("opcodes that the unpickler in C++ does not know are errors") {
  const auto artifact = inspected(script_archive(PickleBuilder().proto(2).integer(1).op(Opcode::dup).stop().string()).build());
  CHECK_THAT(message(artifact, "torchscript.unknown-opcode"), Catch::Contains("data.pkl: DUP at"));
}

TEST_CASE("globals of Python in a TorchScript archive are judged as ever") {
  const auto evil = PickleBuilder().proto(2).global("os", "system").text("id").op(Opcode::tuple1).reduce().stop().string();
  CHECK(inspected(script_archive(evil).build()).pickle->verdict == PickleVerdict::dangerous);
}

TEST_CASE("versions beyond 10 are refused") {
  auto zip = script_archive();
  zip.items.pop_back();
  zip.add_torch("m/version", "11");
  CHECK_THAT(message(inspected(zip.build()), "torch.version"), Catch::Contains("torch reads versions 1 to 10"));
}

TEST_CASE("the archives of torch 1.0 list their tensors in model.json") {
  ZipBuilder zip;
  zip.add("m/version", "1");
  zip.add("m/code/m.py", "op_version_set = 0\n");
  zip.add("m/model.json",
          R"({"protoVersion":"2","producerName":"pytorch","producerVersion":"1.0","mainModule":{"submodules":[{"name":"fc",)"
          R"("parameters":[{"name":"weight","tensorId":"0"},{"isBuffer":true,"name":"steps","tensorId":"1"}]}]},"tensors":[)"
          R"({"dims":["2","3"],"offset":"0","strides":["3","1"],"dataType":"FLOAT","data":{"key":"tensors/0"},"device":"cpu"},)"
          R"({"dims":["1"],"offset":"1","strides":["1"],"dataType":"INT64","data":{"key":"tensors/1"},"device":"cpu"},)"
          R"({"dims":["9"],"strides":["1"],"dataType":"FLOAT","data":{"key":"tensors/0"},"device":"cpu"}]})");
  zip.add("m/tensors/0", six_floats());
  zip.add("m/tensors/1", little(3, 8) + little(4, 8));
  const auto artifact = inspected(zip.build());
  CHECK(artifact.format.id == "torchscript");
  CHECK(tensor_named(artifact, "fc.weight")->stats->max == Number(5.0));
  CHECK(tensor_named(artifact, "fc.steps")->stats->max == Number(std::int64_t{4}));
  CHECK(tensor_named(artifact, "tensors.2")->unread == "the view reaches element 8 of a storage of 6");
}

TEST_CASE("torch.package and .pt2 archives are named for what they are") {
  ZipBuilder package;
  package.add("p/.data/extern_modules", "");
  package.add("p/.data/version", "6");
  CHECK(inspected(package.build(), "x.zip").format.title == "torch.package archive");
  ZipBuilder exported;
  exported.add("p/archive_format", "pt2");
  CHECK(inspected(exported.build(), "x.zip").format.title == "torch.export .pt2 archive");
}
