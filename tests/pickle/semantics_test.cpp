// SPDX-License-Identifier: Apache-2.0
#include "cpython_cases.hpp"
#include "pickle/machine.hpp"
#include "support/catch.hpp"
#include "support/pickle_builder.hpp"
#include "support/pickle_show.hpp"

#include <algorithm>

using namespace upinspect;
using namespace upinspect::pickle;
using test::PickleBuilder;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

bool has_anomaly(const Program& program, std::string_view id) {
  const auto& known = program.anomalies;
  return std::any_of(known.begin(), known.end(), [id](const Anomaly& anomaly) { return anomaly.id == id; });
}

Program run_of(std::string_view stream, const Options& options = {}) {
  return run(PickleBuilder::source_of(stream), 0, options);
}

}  // namespace

TEST_CASE("the machine takes what _pickle takes and refuses what it refuses") {
  for (const auto& row : test::k_cpython_cases) {
    INFO(row.name);
    const auto program = run_of(row.stream);
    CHECK(program.complete() == (row.outcome == test::Outcome::takes));
    if (program.complete()) {
      CHECK(test::PickleShow(program.graph)(program.root) == row.text);
    } else {
      REQUIRE(program.failure);
      CHECK(program.failure->message == row.text);
    }
  }
}

TEST_CASE("text integers end at 4300 decimal digits") {
  CHECK(run_of("L" + std::string(4300, '1') + "L\n.").complete());
  CHECK_FALSE(run_of("L" + std::string(4301, '1') + "L\n.").complete());
}

TEST_CASE("truncation is told apart from damage, with the opcode and its offset") {
  const auto cut = run_of("NX\x64\0\0\0a"sv);
  REQUIRE(cut.failure);
  CHECK(*cut.failure == Failure{1, "BINUNICODE", "text needs 100 bytes, 1 are left", true, false});
  const auto damaged = run_of("N\xff"sv);
  REQUIRE(damaged.failure);
  CHECK(*damaged.failure == Failure{1, "", "0xff is no opcode", false, false});
  const auto unfinished = run_of("N"sv);
  REQUIRE(unfinished.failure);
  CHECK(*unfinished.failure == Failure{1, "", "the bytes end before STOP", true, false});
}

TEST_CASE("protocols above 5 are an error, or an oddity for readers that do not care") {
  CHECK_FALSE(run_of("\x80\x07N."sv).complete());
  Options lenient;
  lenient.any_protocol = true;
  const auto program = run_of("\x80\x07N."sv, lenient);
  CHECK(program.complete());
  CHECK(has_anomaly(program, "unknown-protocol"));
}

TEST_CASE("what CPython passes over is kept as an anomaly") {
  const auto frame_size = [](char size) { return "\x95"s + size + std::string(7, '\0'); };
  CHECK(has_anomaly(run_of(frame_size(1) + "K\x01."), "frame-crossed"));
  CHECK(has_anomaly(run_of(frame_size(11) + frame_size(2) + "N."), "frame-overlap"));
  CHECK(has_anomaly(run_of(frame_size(4) + "N.NN"), "frame-length"));
  CHECK_FALSE(has_anomaly(run_of(frame_size(2) + "N."), "frame-length"));
  CHECK(has_anomaly(run_of("NI1\n."), "stack-left-over"));
  CHECK(has_anomaly(run_of("(N."), "stack-left-over"));
  CHECK(has_anomaly(run_of("\x80\x02\x80\x02N."), "repeated-proto"));
  CHECK(has_anomaly(run_of("N\x80\x02."), "late-proto"));
  CHECK(has_anomaly(run_of("K\x01q\x05K\x02q\x05."), "memo-overwrite"));
  CHECK(has_anomaly(run_of("Nr\xff\xff\xff\xff."), "memo-index"));
  CHECK(has_anomaly(run_of("I0x10\n."), "number-spelling"));
  CHECK(has_anomaly(run_of("cos\nsystem\n)R0N."), "discarded-call"));
  CHECK(has_anomaly(run_of("\x82\x05."), "extension"));
  CHECK(has_anomaly(run_of("(ios\nsystem\n."), "old-style-object"));
  CHECK(run_of("\x80\x02]q\x01(K\x01K\x02\x65."sv).anomalies.empty());
}

TEST_CASE("an anomaly that comes again is counted, not listed again") {
  const auto program = run_of("K\x01q\x05K\x02q\x05K\x03q\x05."sv);
  REQUIRE(program.anomalies.size() == 2);
  CHECK(program.anomalies[0] == Anomaly{"memo-overwrite", 6, "memo entry 5 is written again", 2});
  CHECK(program.anomalies[1].id == "stack-left-over");
}

TEST_CASE("names computed at run time are globals of their own kind") {
  const auto program = run_of(PickleBuilder().proto(4).text("os").global("builtins", "str").empty_tuple().reduce()
                                  .op(Opcode::stack_global).stop().string());
  REQUIRE(program.complete());
  CHECK(program.graph.global(program.root)->computed);
  CHECK(has_anomaly(program, "computed-global"));
}

TEST_CASE("INST, OBJ, EXT and NEWOBJ_EX make nodes that say how") {
  const auto inst = run_of("(K\x01ios\nsystem\n."sv);
  REQUIRE(inst.complete());
  CHECK(inst.graph.call(inst.root)->kind == CallKind::inst);
  CHECK(test::PickleShow(inst.graph)(inst.root) == "<os.system>(1,)");
  CHECK(inst.globals.at(0).called());
  const auto obj = run_of("(cos\nsystem\nK\x01o."sv);
  CHECK(obj.graph.call(obj.root)->kind == CallKind::obj);
  CHECK(obj.globals.at(0).called());
  const auto extended = run_of("cm\nC\n)}\x92."sv);
  CHECK(extended.graph.call(extended.root)->kind == CallKind::newobj_ex);
  CHECK(extended.graph.is(extended.graph.call(extended.root)->keywords, Kind::dict));
  const auto extension = run_of("\x84\x07\x01\0\0."sv);
  CHECK(extension.graph.extension_code(extension.root) == 263);
}

TEST_CASE("BUILD, SETITEM and APPEND on unknown objects are remembered") {
  const auto program = run_of("cm\nC\n)\x81}bK\x01K\x02sK\x03\x61."sv);
  REQUIRE(program.complete());
  const auto* additions = program.graph.additions(program.root);
  REQUIRE(additions != nullptr);
  CHECK(additions->states.size() == 1);
  CHECK(additions->items.size() == 2);
  CHECK(additions->appended.size() == 1);
  const auto written = run_of("cm\nC\n}b."sv);
  CHECK(written.globals.at(0).changed);
}

TEST_CASE("the str of Python 2 becomes what the options say") {
  Options options;
  options.arguments.legacy_strings = LegacyStrings::utf8;
  const auto utf8 = run_of("U\x02\xc3\xa9."sv, options);
  CHECK(utf8.graph.text(utf8.root) == "\xc3\xa9");
  options.arguments.legacy_strings = LegacyStrings::latin1;
  const auto latin1 = run_of("U\x01\xe9."sv, options);
  CHECK(latin1.graph.text(latin1.root) == "\xc3\xa9");
  options.arguments.legacy_strings = LegacyStrings::bytes;
  const auto bytes = run_of("U\x01\xe9."sv, options);
  CHECK(bytes.graph.kind(bytes.root) == Kind::bytes);
}

TEST_CASE("the observer sees each opcode with its argument, stack and marks") {
  std::vector<std::string> lines;
  Options options;
  options.observer = [&lines](const Step& step) {
    lines.push_back(fmt::format("{} {} {} {}/{}", step.offset, step.opcode.name, describe(step.opcode, step.argument),
                                step.stack.size(), step.marks.size()));
    return Continue::yes;
  };
  static_cast<void>(run_of("(X\x02\0\0\0abcos\nsystem\nI01\nG?\xf8\0\0\0\0\0\0t."sv, options));
  CHECK(lines == std::vector<std::string>{"0 MARK  0/0", "1 BINUNICODE ab 0/1", "8 GLOBAL os system 1/1",
                                          "19 INT True 2/1", "23 BINFLOAT 1.5 3/1", "32 TUPLE  4/1", "33 STOP  1/0"});
}
