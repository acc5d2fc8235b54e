// SPDX-License-Identifier: Apache-2.0
#include "pickle/torch_objects.hpp"

#include "pickle/machine.hpp"
#include "support/catch.hpp"
#include "support/pickle_builder.hpp"

using namespace upinspect;
using namespace upinspect::pickle;
using test::PickleBuilder;

namespace {

Objects objects_of(PickleBuilder builder, const WalkLimits& limits = {}) {
  const auto program = run(builder.stop().source(), 0);
  INFO((program.failure ? program.failure->message : std::string()));
  REQUIRE(program.complete());
  return list_objects(program, limits);
}

std::vector<std::string> names_of(const Objects& objects) {
  std::vector<std::string> names;
  for (const auto& leaf : objects.leaves) {
    names.push_back(leaf.name);
  }
  return names;
}

PickleBuilder& tensor(PickleBuilder& builder, std::string_view key = "0") {
  return builder.tensor("FloatStorage", key, 6, {6}, {1});
}

}  // namespace

TEST_CASE("names are keys and indices joined by dots, in the order of insertion") {
  PickleBuilder builder;
  builder.proto(2).empty_dict().text("unet").empty_dict().text("up.bin");
  tensor(builder).setitem().setitem().text("list").mark();
  tensor(tensor(builder)).op(Opcode::list).setitem().integer(5).text("five").setitem();
  builder.mark().text("a").integer(1).tuple().none().setitem();
  const auto objects = objects_of(builder);
  CHECK(names_of(objects) == std::vector<std::string>{"unet.up.bin", "list.0", "list.1", "5", "('a', 1)"});
  CHECK(objects.tensors.size() == 3);
  CHECK(objects.values[objects.leaves[3].index] == Value("five"));
}

TEST_CASE("a lone tensor has an empty name") {
  PickleBuilder builder;
  tensor(builder.proto(2));
  const auto objects = objects_of(builder);
  REQUIRE(objects.leaves.size() == 1);
  CHECK(objects.leaves[0].name.empty());
  CHECK(objects.leaves[0].kind == LeafKind::tensor);
}

TEST_CASE("a state_dict is an OrderedDict whose metadata are attributes") {
  PickleBuilder builder;
  builder.proto(2).empty_ordered_dict().mark().text("weight");
  tensor(builder).setitems().empty_dict().text("_metadata").empty_ordered_dict().mark().text("").empty_dict();
  builder.text("version").integer(1).setitem().setitems().setitem().build();
  const auto objects = objects_of(builder);
  REQUIRE(names_of(objects) == std::vector<std::string>{"weight", "_metadata..version"});
  CHECK_FALSE(objects.leaves[0].attribute);
  CHECK(objects.leaves[1].attribute);
  CHECK(objects.values[objects.leaves[1].index] == Value(1));
}

TEST_CASE("an object reached by two names is listed under both and described once") {
  PickleBuilder builder;
  builder.proto(2).empty_dict().text("a");
  tensor(builder).put(9).setitem().text("b").get(9).setitem();
  const auto objects = objects_of(builder);
  REQUIRE(objects.leaves.size() == 2);
  CHECK(objects.tensors.size() == 1);
  CHECK(objects.leaves[0].index == objects.leaves[1].index);
}

TEST_CASE("the last of repeated keys counts, in the place of the first") {
  PickleBuilder builder;
  builder.empty_dict().integer(1).text("old").setitem().text("x").none().setitem().boolean(true).text("new").setitem();
  const auto objects = objects_of(builder);
  CHECK(names_of(objects) == std::vector<std::string>{"1", "x"});
  CHECK(objects.values[0] == Value("new"));
  REQUIRE(objects.repeated_keys.size() == 1);
  CHECK(objects.repeated_keys[0] == RepeatedKey{"1", 1});
}

TEST_CASE("plain sequences, devices, sizes and dtypes are values") {
  PickleBuilder builder;
  builder.empty_dict().text("betas").mark().integer(1).integer(2).tuple().setitem();
  builder.text("device").global("torch", "device").text("cuda").integer(0).op(Opcode::tuple2).reduce().setitem();
  builder.text("size").global("torch", "Size").integers({2}).op(Opcode::tuple1).reduce().setitem();
  builder.text("dtype").global("torch", "float16").setitem().text("none").empty_dict().setitem();
  const auto objects = objects_of(builder);
  REQUIRE(objects.values.size() == 5);
  CHECK(objects.values[0] == Value(Value::Array{Value(1), Value(2)}));
  CHECK(objects.values[1] == Value("cuda:0"));
  CHECK(objects.values[2] == Value(Value::Array{Value(2)}));
  CHECK(objects.values[3] == Value("torch.float16"));
  CHECK(objects.values[4] == Value(Value::Object{}));
}

TEST_CASE("an opaque object gives its class, and what it holds is walked") {
  PickleBuilder builder;
  builder.proto(2).global("my.models", "Net").empty_tuple().op(Opcode::newobj).empty_dict().text("_parameters");
  builder.empty_dict().text("w");
  tensor(builder).setitem().setitem().build();
  const auto objects = objects_of(builder);
  REQUIRE(objects.leaves.size() == 2);
  CHECK(objects.leaves[0].kind == LeafKind::opaque);
  CHECK(objects.classes[0] == "my.models.Net");
  CHECK(objects.leaves[1].name == "_parameters.w");
  CHECK(objects.leaves[1].attribute);
}

TEST_CASE("tensors of a tar archive and streams inside of bytes are named for the caller to follow") {
  const auto tar = objects_of(PickleBuilder().empty_dict().text("w").raw("P94\n").setitem());
  REQUIRE(tar.leaves.size() == 1);
  CHECK(tar.leaves[0].kind == LeafKind::persistent);
  CHECK(tar.values[0] == Value("94"));

  const auto nested = objects_of(
      PickleBuilder().proto(3).global("torch.storage", "_load_from_bytes").bytes("stream").op(Opcode::tuple1).reduce());
  REQUIRE(nested.leaves.size() == 1);
  CHECK(nested.leaves[0].kind == LeafKind::stream);
  CHECK(nested.bytes[0].range == ByteRange{39, 6});
  CHECK(nested.bytes[0].form == BytesForm::plain);
}

TEST_CASE("cycles, depth and number are bounded, and the list says so") {
  const auto cycle = objects_of(PickleBuilder().empty_list().put(0).get(0).append());
  REQUIRE(cycle.leaves.size() == 1);
  CHECK(cycle.leaves[0].kind == LeafKind::cycle);
  CHECK(cycle.leaves[0].name == "0");

  const auto deep = objects_of(PickleBuilder().none().raw(std::string(300, '\x85')));
  REQUIRE(deep.leaves.size() == 1);
  CHECK(deep.leaves[0].kind == LeafKind::too_deep);

  // Each list holds the one before ten times: 10^9 leaves if they were all followed.
  PickleBuilder laughs;
  laughs.empty_list().none().append().empty_list().append().put(0);
  for (unsigned i = 0; i < 9; ++i) {
    laughs.mark().repeat(10, std::string("h\0", 2)).op(Opcode::list).put(0);
  }
  WalkLimits limits;
  limits.leaves = 1000;
  const auto bomb = objects_of(laughs, limits);
  CHECK(bomb.leaves.size() == 1000);
  CHECK(bomb.capped == "more than 1000 things");
}
