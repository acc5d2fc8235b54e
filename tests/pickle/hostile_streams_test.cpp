// SPDX-License-Identifier: Apache-2.0
#include "pickle/machine.hpp"
#include "pickle/torch_objects.hpp"
#include "pickle/verdict.hpp"
#include "sample_pickles.hpp"
#include "support/catch.hpp"
#include "support/pickle_builder.hpp"
#include "support/sanitized.hpp"

using namespace upinspect;
using namespace upinspect::pickle;
using test::PickleBuilder;

namespace {

// Every byte; with sanitizers, which are ten times slower, every third.
constexpr std::size_t k_stride = test::k_sanitized ? 3 : 1;

/// Everything this room can make of a stream; what matters is that it comes back.
Program survive(std::string_view stream) {
  const auto source = PickleBuilder::source_of(stream);
  auto program = run(source, 0);
  static_cast<void>(list_objects(program));
  static_cast<void>(report(program, source, weights_only(source, 0)));
  CHECK(program.complete() != program.failure.has_value());
  CHECK(program.end <= stream.size());
  return program;
}

std::string failure_of(const PickleBuilder& builder) {
  const auto program = run(builder.source(), 0);
  return program.failure ? program.failure->message : "none";
}

}  // namespace

TEST_CASE("the samples are read whole, without a problem") {
  for (const auto& sample : test::k_sample_pickles) {
    INFO(sample.name);
    const auto program = survive(sample.stream);
    CHECK(program.complete());
    CHECK(program.end == sample.stream.size());
    CHECK(program.anomalies.empty());
    const auto objects = list_objects(program);
    CHECK(objects.capped.empty());
    for (const auto& tensor : objects.tensors) {
      CHECK(tensor.problem.empty());
    }
    for (const auto& array : objects.arrays) {
      CHECK(array.problem.empty());
    }
    const auto source = PickleBuilder::source_of(sample.stream);
    CHECK(judge(program, source) == PickleVerdict::inert);
  }
}

TEST_CASE("a sample cut anywhere is truncated, and what came before is kept") {
  for (const auto& sample : test::k_sample_pickles) {
    INFO(sample.name);
    for (std::size_t length = 0; length < sample.stream.size(); length += k_stride) {
      const auto program = survive(sample.stream.substr(0, length));
      REQUIRE(program.failure);
      CHECK(program.failure->truncated);
    }
  }
}

TEST_CASE("a sample with any byte changed comes to an end") {
  for (const auto& sample : test::k_sample_pickles) {
    INFO(sample.name);
    for (std::size_t at = 0; at < sample.stream.size(); at += k_stride) {
      for (const unsigned change : {0x01U, 0x10U, 0x80U, 0xffU}) {
        std::string bent(sample.stream);
        bent[at] = static_cast<char>(static_cast<unsigned char>(bent[at]) ^ change);
        static_cast<void>(survive(bent));
      }
    }
  }
}

TEST_CASE("lengths that are not there cost nothing") {
  CHECK(failure_of(PickleBuilder().op(Opcode::binbytes8).le(std::uint64_t{1} << 60, 8)) ==
        "content needs 1152921504606846976 bytes, 0 are left");
  CHECK(failure_of(PickleBuilder().op(Opcode::binunicode8).le(~std::uint64_t{0}, 8)) ==
        "text needs 18446744073709551615 bytes, 0 are left");
  CHECK(failure_of(PickleBuilder().op(Opcode::long4).le(0xffffffff, 4)) == "length is negative: -1");
  CHECK(failure_of(PickleBuilder().op(Opcode::frame).le(std::uint64_t{1} << 40, 8)) ==
        "frame needs 1099511627776 bytes, 0 are left");
}

TEST_CASE("a memo index of 2^32 - 1 costs one entry") {
  const auto program = run(PickleBuilder().none().op(Opcode::long_binput).le(0xffffffff, 4).stop().source(), 0);
  CHECK(program.complete());
  CHECK(program.graph.memory() < 1000);
}

TEST_CASE("a million marks, opcodes and objects meet their limits") {
  const auto marks = run(PickleBuilder().raw(std::string(1'000'000, '(')).source(), 0);
  REQUIRE(marks.failure);
  CHECK(marks.failure->limit);
  CHECK(marks.failure->message == "more than 100000 marks on the stack");
  CHECK(failure_of(PickleBuilder().raw(std::string(1'000'001, 'N'))) == "more than 1000000 objects on the stack");
  Options few;
  few.limits.opcodes = 3;
  const auto program = run(PickleBuilder().raw("NNNN").source(), 0, few);
  REQUIRE(program.failure);
  CHECK(program.failure->message == "more than 3 opcodes");
  CHECK(program.failure->offset == 3);
  few = {};
  few.limits.memo = 2;
  CHECK(run(PickleBuilder().none().put(0).put(1).put(2).source(), 0, few).failure->message ==
        "more than 2 memo entries");
  few = {};
  few.limits.memory = 10'000;
  const auto large = run(PickleBuilder().raw(std::string(1000, ']')).source(), 0, few);
  CHECK(large.failure->message == "its objects need more than 10000 bytes");
  CHECK(large.failure->limit);
}

TEST_CASE("nesting a million deep needs no stack of ours") {
  const auto tuples = survive("N" + std::string(1'000'000, '\x85') + ".");
  CHECK(tuples.complete());
  const auto key = run(PickleBuilder::source_of("}]" + std::string(1'000'000, '\x85') + "Ns."), 0);
  REQUIRE(key.failure);
  CHECK(key.failure->message == "a 'list' cannot be a key or an item of a set");
}

TEST_CASE("billion laughs stay as small as they are written, and walking them is capped") {
  PickleBuilder laughs;
  laughs.empty_list().put(0);
  for (unsigned i = 0; i < 30; ++i) {
    laughs.mark().repeat(10, std::string("h\0", 2)).op(Opcode::list).put(0);
  }
  const auto program = run(laughs.stop().source(), 0);
  REQUIRE(program.complete());
  CHECK(program.graph.memory() < 10'000);
  WalkLimits limits;
  limits.steps = 100'000;
  CHECK(list_objects(program, limits).capped == "more than 100000 steps");
}

TEST_CASE("reads of the memo that multiply objects are noticed") {
  PickleBuilder expansion;
  expansion.empty_list().put(0).repeat(2000, std::string("h\0a", 3));
  const auto program = run(expansion.stop().source(), 0);
  REQUIRE(program.anomalies.size() == 1);
  CHECK(program.anomalies[0].id == "expansion");
  CHECK(program.anomalies[0].message == "2000 reads of the memo for 1 entries");
}

TEST_CASE("many tensors that share one long key or one long shape do not multiply it") {
  PickleBuilder shared;
  shared.text(std::string(100'000, 'k')).put(0).op(Opcode::pop).empty_list();
  for (unsigned i = 0; i < 100; ++i) {
    shared.global("torch._utils", "_rebuild_tensor").mark().mark().text("storage").global("torch", "FloatStorage");
    shared.get(0).text("cpu").integer(1).tuple().persistent().integer(0).empty_tuple().empty_tuple().tuple().reduce();
    shared.append();
  }
  const auto program = run(shared.stop().source(), 0);
  const auto objects = list_objects(program);
  REQUIRE(objects.tensors.size() == 100);
  CHECK(objects.tensors[99].problem == "storage key is longer than 256 bytes");
}

TEST_CASE("a start or an end outside of the source is a failure, not an accident") {
  const auto source = PickleBuilder::source_of("N.");
  CHECK(run(source, 3).failure->message == "the stream ends at 2");
  CHECK(run(source, 2).failure->message == "there are no bytes");
  Options options;
  options.end = 1;
  CHECK(run(source, 0, options).failure->message == "the bytes end before STOP");
}
