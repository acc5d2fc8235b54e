// SPDX-License-Identifier: Apache-2.0
#include "pickle/machine.hpp"

#include "support/catch.hpp"
#include "support/pickle_builder.hpp"

using namespace upinspect;
using namespace upinspect::pickle;
using test::PickleBuilder;

namespace {

Program run_of(const PickleBuilder& builder, const Options& options = {}) {
  return run(builder.source(), 0, options);
}

}  // namespace

TEST_CASE("a dict keeps its keys, its values and its offsets") {
  const auto program = run_of(PickleBuilder().proto(2).empty_dict().text("rank").integer(8).setitem().stop());
  REQUIRE(program.complete());
  const auto& graph = program.graph;
  const auto items = graph.items(program.root);
  REQUIRE(items.size() == 2);
  CHECK(graph.text(items[0]) == "rank");
  CHECK(graph.integer(items[1]) == 8);
  CHECK(graph.offset(items[0]) == 3);
  CHECK(program.end == 19);
  CHECK(program.protocol == 2);
}

TEST_CASE("a call is a node and its global is marked as called, with its arguments") {
  const auto program =
      run_of(PickleBuilder().proto(2).global("os", "system").text("id").op(Opcode::tuple1).reduce().stop());
  REQUIRE(program.complete());
  REQUIRE(program.globals.size() == 1);
  CHECK(program.name_of(program.globals[0]).dotted() == "os.system");
  CHECK(program.globals[0].offset == 2);
  CHECK(program.globals[0].call == program.root);
  CHECK(program.graph.text(program.graph.items(program.globals[0].arguments)[0]) == "id");
}

TEST_CASE("what was learned before the stream broke is kept") {
  const auto program = run_of(PickleBuilder().global("os", "system").text("id").op(Opcode::tuple1).reduce().byte(0xff));
  CHECK_FALSE(program.complete());
  REQUIRE(program.failure);
  CHECK(program.failure->message == "0xff is no opcode");
  CHECK(program.failure->offset == 20);
  CHECK(program.globals.at(0).called());
}

TEST_CASE("Python 2 names are mapped below protocol 3 only, and the written ones are kept") {
  const auto old = run_of(PickleBuilder().proto(2).global("__builtin__", "xrange").stop());
  CHECK(old.name_of(old.globals.at(0)).dotted() == "builtins.range");
  CHECK(old.name_of(old.globals.at(0)).written_module == "__builtin__");
  const auto young = run_of(PickleBuilder().proto(4).global("__builtin__", "xrange").stop());
  CHECK(young.name_of(young.globals.at(0)).dotted() == "__builtin__.xrange");
}

TEST_CASE("STACK_GLOBAL takes its operands from wherever they come") {
  const auto program = run_of(PickleBuilder().proto(4).text("os").put(0).text("system").put(1).op(Opcode::pop)
                                  .op(Opcode::pop).get(0).get(1).op(Opcode::stack_global).stop());
  REQUIRE(program.globals.size() == 1);
  CHECK(program.name_of(program.globals[0]).dotted() == "os.system");
}

TEST_CASE("a cycle is legal and the list holds itself") {
  const auto program = run_of(PickleBuilder().empty_list().put(0).get(0).append().stop());
  REQUIRE(program.complete());
  CHECK(program.graph.items(program.root)[0] == program.root);
}

TEST_CASE("long bytes are kept as a range of the source") {
  const std::string content(70'000, 'x');
  const auto program = run_of(PickleBuilder().proto(3).bytes(content).stop());
  REQUIRE(program.complete());
  const auto* stored = program.graph.stored(program.root);
  REQUIRE(stored != nullptr);
  CHECK_FALSE(stored->whole);
  CHECK(stored->range == ByteRange{7, 70'000});
  CHECK_FALSE(program.graph.text(program.root));
}

TEST_CASE("the memo is carried to the next pickle only where that is asked for") {
  const auto two = PickleBuilder().text("a").put(3).stop().get(3).stop();
  const auto source = two.source();
  Options keep;
  keep.keep_memo = true;
  const auto carried = run_next(run(source, 0, keep), source, keep);
  REQUIRE(carried.complete());
  CHECK(carried.graph.text(carried.root) == "a");
  const auto fresh = run(source, 9);
  REQUIRE(fresh.failure);
  CHECK(fresh.failure->message == "the memo has nothing at index 3");
  CHECK(fresh.failure->opcode == "BINGET");
}
