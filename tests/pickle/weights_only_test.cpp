// SPDX-License-Identifier: Apache-2.0
#include "pickle/weights_only.hpp"

#include "support/catch.hpp"
#include "support/pickle_builder.hpp"

using namespace upinspect;
using namespace upinspect::pickle;
using test::PickleBuilder;

namespace {

WeightsOnly answer(PickleBuilder builder) { return weights_only(builder.stop().source(), 0); }

std::string reason(const PickleBuilder& builder) { return answer(builder).reason; }

}  // namespace

TEST_CASE("a state_dict as torch.save writes it loads") {
  PickleBuilder builder;
  builder.proto(2).empty_ordered_dict().mark().text("w").tensor("FloatStorage", "0", 6, {6}, {1}).setitems();
  builder.empty_dict().text("_metadata").empty_ordered_dict().setitem().build();
  const auto loads = answer(builder);
  CHECK(loads.reason.empty());
  CHECK(loads.loads);
  CHECK_FALSE(loads.offset);
}

TEST_CASE("opcodes beyond the list are refused by number and name, with their offset") {
  const auto framed = answer(PickleBuilder().proto(4).op(Opcode::frame).le(2, 8).none());
  CHECK_FALSE(framed.loads);
  CHECK(framed.reason == "Unsupported operand 149 (FRAME)");
  CHECK(framed.offset == 2);
  CHECK(reason(PickleBuilder().text("os").text("system").op(Opcode::stack_global)) == "Unsupported operand 147 (STACK_GLOBAL)");
  CHECK(reason(PickleBuilder().none().op(Opcode::memoize)) == "Unsupported operand 148 (MEMOIZE)");
  CHECK(reason(PickleBuilder().none().none().op(Opcode::pop)) == "Unsupported operand 48 (POP)");
  CHECK(reason(PickleBuilder().raw("I1\n")) == "Unsupported operand 73 (INT)");
  CHECK(reason(PickleBuilder().proto(3).bytes("a")) == "Unsupported operand 66 (BINBYTES)");
}

TEST_CASE("the protocol's number alone is no obstacle") {
  CHECK(answer(PickleBuilder().proto(7).integer(1)).loads);
  CHECK(answer(PickleBuilder().proto(4).integer(1)).loads);
}

TEST_CASE("globals must be on torch's own list") {
  CHECK(reason(PickleBuilder().global("m", "f")) == "Unsupported global: GLOBAL m.f was not an allowed global by default");
  CHECK(reason(PickleBuilder().global("os", "getcwd")) ==
        "Trying to load unsupported GLOBAL os.getcwd whose module os is blocked");
  CHECK(reason(PickleBuilder().global("numpy.core.multiarray", "scalar")) ==
        "Unsupported global: GLOBAL numpy.core.multiarray.scalar was not an allowed global by default");
  CHECK(reason(PickleBuilder().global("torch._utils", "_rebuild_nested_tensor")) ==
        "Unsupported global: GLOBAL torch._utils._rebuild_nested_tensor was not an allowed global by default");
  CHECK(reason(PickleBuilder().global("bogus.mod", "FloatStorage")) ==
        "Unsupported global: GLOBAL bogus.mod.FloatStorage was not an allowed global by default");
  CHECK(reason(PickleBuilder().global("torch.distributed.tensor", "DTensor")) ==
        "torch.distributed.tensor must be imported to load DTensors");
  for (const auto& name : {"FloatStorage", "float8_e4m3fn", "uint7", "Size", "HalfTensor", "QInt8Storage", "Tensor"}) {
    CHECK(reason(PickleBuilder().global("torch", name)).empty());
  }
  for (const auto& name : {"EvilStorage", "half", "QInt8Tensor", "save"}) {
    CHECK_FALSE(answer(PickleBuilder().global("torch", name)).loads);
  }
  CHECK(answer(PickleBuilder().global("torch.cuda", "BFloat16Storage")).loads);
  CHECK_FALSE(answer(PickleBuilder().global("torch.cuda", "QInt8Storage")).loads);
  CHECK(answer(PickleBuilder().proto(4).global("__builtin__", "set")).loads);
}

TEST_CASE("calls, items and states are restricted to known targets") {
  CHECK(reason(PickleBuilder().global("torch", "float32").empty_tuple().reduce()) == "torch.float32 is not callable");
  CHECK(reason(PickleBuilder().integer(1).empty_tuple().reduce()) ==
        "Trying to call reduce for unrecognized function, an object of type int");
  CHECK(reason(PickleBuilder().empty_dict().empty_tuple().op(Opcode::newobj)) ==
        "Can only create new object for nn.Parameter or classes allowlisted via `add_safe_globals`, but got dict");
  CHECK(reason(PickleBuilder().op(Opcode::empty_set).empty_dict().build()) ==
        "Can only build Tensor, Parameter, OrderedDict or types allowlisted via `add_safe_globals`, but got set");
  CHECK(reason(PickleBuilder().empty_ordered_dict().none().append()) ==
        "Can only append to lists, but got collections.OrderedDict");
  CHECK(reason(PickleBuilder().empty_list().integer(0).none().setitem()) ==
        "Can only SETITEM for dict, collections.OrderedDict, collections.Counter, but got list");
  CHECK(reason(PickleBuilder().global("torch", "Tensor").mark().none().none().setitems()) ==
        "Can only SETITEMS for dict, collections.OrderedDict, collections.Counter, but got type");
}

TEST_CASE("persistent ids name storages") {
  CHECK(answer(PickleBuilder().storage("FloatStorage", "0", 6)).loads);
  CHECK(answer(PickleBuilder().integer(3).persistent()).loads);
  CHECK(reason(PickleBuilder().mark().text("module").tuple().persistent()) ==
        "Only persistent_load of storage is allowed, but got str");
  CHECK(reason(PickleBuilder().text("0").persistent()) == "persistent_load id must be tuple or int, but got str");
}

TEST_CASE("arguments may be a list here, which _pickle does not take") {
  CHECK(answer(PickleBuilder().global("torch", "Size").empty_list().reduce()).loads);
}

TEST_CASE("a broken stream does not load, with the place where it breaks") {
  const auto broken = weights_only(PickleBuilder().proto(2).raw("X\x64").source(), 0);
  CHECK_FALSE(broken.loads);
  CHECK(broken.reason == "BINUNICODE: length needs 4 bytes, 1 are left");
  CHECK(broken.offset == 2);
}
