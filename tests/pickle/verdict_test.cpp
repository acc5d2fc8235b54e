// SPDX-License-Identifier: Apache-2.0
#include "pickle/verdict.hpp"

#include "pickle/known_globals.hpp"
#include "pickle/machine.hpp"
#include "support/catch.hpp"
#include "support/pickle_builder.hpp"

using namespace upinspect;
using namespace upinspect::pickle;
using test::PickleBuilder;

namespace {

PickleVerdict verdict_of(std::string_view module, std::string_view name) {
  return judge(GlobalName{std::string(module), std::string(name), {}, {}, false});
}

PickleReport report_of(const PickleBuilder& builder) {
  const auto source = builder.source();
  return report(run(source, 0), source, weights_only(source, 0));
}

constexpr auto k_inert = PickleVerdict::inert;
constexpr auto k_unknown = PickleVerdict::unknown;
constexpr auto k_dangerous = PickleVerdict::dangerous;

}  // namespace

TEST_CASE("names that make data are inert, exactly and not by prefix") {
  CHECK(verdict_of("torch._utils", "_rebuild_tensor_v2") == k_inert);
  CHECK(verdict_of("torch", "FloatStorage") == k_inert);
  CHECK(verdict_of("torch.cuda", "HalfStorage") == k_inert);
  CHECK(verdict_of("torch", "bfloat16") == k_inert);
  CHECK(verdict_of("torch.sparse", "FloatTensor") == k_inert);
  CHECK(verdict_of("collections", "OrderedDict") == k_inert);
  CHECK(verdict_of("numpy._core.multiarray", "_reconstruct") == k_inert);
  CHECK(verdict_of("_codecs", "encode") == k_inert);
  CHECK(verdict_of("torch._utils", "_rebuild") == k_unknown);
  CHECK(verdict_of("torch._utils", "_import_dotted_name") == k_unknown);
  CHECK(verdict_of("torch", "EvilStorage") == k_unknown);
  CHECK(verdict_of("bogus", "FloatStorage") == k_unknown);
  CHECK(verdict_of("torch._utils", "_rebuild_tensor _rebuild_tensor_v2") == k_unknown);
  CHECK(verdict_of("torch._utils", "") == k_unknown);
}

TEST_CASE("the bypasses of other scanners are dangerous") {
  for (const auto& [module, name] : std::initializer_list<std::pair<const char*, const char*>>{
           {"os", "system"}, {"posix", "system"}, {"nt", "system"}, {"builtins", "eval"}, {"builtins", "getattr"},
           {"__builtin__", "eval"}, {"asyncio.unix_events", "_UnixSubprocessTransport._start"}, {"pip", "main"},
           {"pip._internal", "main"}, {"pathlib", "os.system"}, {"collections", "OrderedDict.__init__.__globals__"},
           {"pkgutil", "resolve_name"}, {"pydoc", "locate"}, {"operator", "methodcaller"}, {"_operator", "attrgetter"},
           {"functools", "partial"}, {"torch.utils.bottleneck.__main__", "run_cprofile"},
           {"torch._dynamo.guards", "GuardBuilder.get"}, {"torch.utils.collect_env", "run"},
           {"torch.fx.experimental.symbolic_shapes", "ShapeEnv.evaluate_guards_expression"},
           {"torch.jit.unsupported_tensor_ops", "execWrapper"}, {"torch._inductor.codecache", "compile_file"},
           {"torch.serialization", "load"}, {"torch", "load"}, {"torch.hub", "load"},
           {"torch.utils._config_module", "ConfigModule.load_config"},
           {"torch.utils.data.datapipes.utils.decoder", "basichandlers"},
           {"numpy.testing._private.utils", "runstring"}, {"numpy.f2py.crackfortran", "myeval"}, {"timeit", "timeit"},
           {"cProfile", "run"}, {"bdb", "Bdb"}, {"runpy", "_run_code"}, {"code", "InteractiveInterpreter"},
           {"idlelib.pyshell", "ModifiedInterpreter"}, {"lib2to3.pgen2.grammar", "Grammar.loads"}, {"pty", "spawn"},
           {"uuid", "_get_command_stdout"}, {"imaplib", "IMAP4_stream"}, {"ctypes", "CDLL"},
           {"distutils.file_util", "write_file"}, {"logging", "FileHandler"}, {"_io", "FileIO"},
           {"types", "CodeType"}, {"pickle", "loads"}, {"joblib", "load"}, {"dill", "loads"}, {"marshal", "loads"},
           {"subprocess", "Popen"}, {"socket", "create_connection"}, {"shutil", "rmtree"}, {"sys", "exit"},
           {"importlib", "import_module"}, {"multiprocessing.util", "spawnv_passfds"}, {"gc", "get_objects"}}) {
    INFO(module << "." << name);
    CHECK(verdict_of(module, name) == k_dangerous);
  }
  CHECK(verdict_of("osmosis", "Model") == k_unknown);
  CHECK(verdict_of("transformers.training_args", "TrainingArguments") == k_unknown);
}

TEST_CASE("a report names every global with its offset, its verdict and whether it is called") {
  const auto report = report_of(
      PickleBuilder().proto(2).global("torch", "float16").global("os", "system").text("id").op(Opcode::tuple1).reduce().stop());
  CHECK(report.verdict == k_dangerous);
  REQUIRE(report.globals.size() == 2);
  CHECK(report.globals[0] == PickleGlobal{"torch", "float16", 2, false, k_inert});
  CHECK(report.globals[1] == PickleGlobal{"os", "system", 17, true, k_dangerous});
  CHECK_FALSE(report.weights_only_loads);
  CHECK(report.weights_only_offset == 17);
  CHECK(report.weights_only_reason == "Trying to load unsupported GLOBAL os.system whose module os is blocked");
}

TEST_CASE("a payload before the break is found, and a broken stream is never clean") {
  const auto payload = report_of(PickleBuilder().global("os", "system").text("id").op(Opcode::tuple1).reduce().byte(0xff));
  CHECK(payload.verdict == k_dangerous);
  CHECK(payload.globals.at(0).called);
  CHECK(report_of(PickleBuilder().none()).verdict == k_unknown);
  CHECK(report_of(PickleBuilder().none().stop()).verdict == k_inert);
}

TEST_CASE("what cannot be judged by a name is not inert") {
  CHECK(report_of(PickleBuilder().byte(0x82).byte(5).stop()).verdict == k_unknown);
  CHECK(report_of(PickleBuilder().raw("Px\n").empty_tuple().reduce().stop()).verdict == k_unknown);
  CHECK(report_of(PickleBuilder().global("torch", "Tensor").empty_dict().build().stop()).verdict == k_unknown);
  CHECK(report_of(PickleBuilder().raw(std::string("\x95\1\0\0\0\0\0\0\0K\1.", 12)).stop()).verdict == k_unknown);
  const auto computed = report_of(PickleBuilder().proto(4).text("os").global("builtins", "str").empty_tuple().reduce()
                                      .op(Opcode::stack_global).stop());
  CHECK(computed.verdict == k_dangerous);
}

TEST_CASE("calls hidden by memo games, OBJ and POP are found") {
  CHECK(report_of(PickleBuilder().mark().global("os", "system").text("id").op(Opcode::obj).op(Opcode::pop).none().stop())
            .globals.at(0).called);
  CHECK(report_of(PickleBuilder().global("os", "system").put(1).op(Opcode::pop).none().put(0).op(Opcode::pop).get(1)
                      .op(Opcode::dup).op(Opcode::pop).empty_tuple().reduce().stop()).globals.at(0).called);
  CHECK(report_of(PickleBuilder().mark().raw("ios\nsystem\n").stop()).globals.at(0).called);
}

TEST_CASE("streams inside of bytes are judged with the pickle that opens them") {
  const auto opening = [](const PickleBuilder& inner) {
    return PickleBuilder().proto(3).global("torch.storage", "_load_from_bytes").bytes(inner.string())
        .op(Opcode::tuple1).reduce().stop();
  };
  PickleBuilder five;
  five.none().stop().none().stop().none().stop().none().stop().none().stop();
  CHECK(report_of(opening(five)).verdict == k_inert);
  PickleBuilder evil;
  evil.none().stop().global("os", "system").text("id").op(Opcode::tuple1).reduce().stop();
  const auto report = report_of(opening(evil));
  CHECK(report.verdict == k_dangerous);
  REQUIRE(report.globals.size() == 2);
  CHECK(report.globals[1] == PickleGlobal{"os", "system", 39, true, k_dangerous});
  CHECK(report_of(opening(PickleBuilder().raw("PK\3\4"))).verdict == k_unknown);

  auto deep = five;
  for (unsigned depth = 0; depth < 5; ++depth) {
    deep = opening(deep).none().stop().none().stop().none().stop().none().stop();
  }
  CHECK(report_of(deep).verdict == k_unknown);
}

TEST_CASE("reports of several pickles are one: the worst verdict, the first refusal") {
  auto whole = report_of(PickleBuilder().proto(2).none().stop());
  CHECK(whole.weights_only_loads);
  merge(whole, report_of(PickleBuilder().proto(2).global("m", "f").stop()));
  merge(whole, report_of(PickleBuilder().proto(2).global("os", "system").stop()));
  CHECK(whole.verdict == k_dangerous);
  CHECK(whole.globals.size() == 2);
  CHECK(whole.weights_only_reason == "Unsupported global: GLOBAL m.f was not an allowed global by default");
}
