// SPDX-License-Identifier: Apache-2.0
// The blocks that a text report is put together from, one by one.
#include "report/advice.hpp"
#include "report/byte_bar.hpp"
#include "report/facts.hpp"
#include "report/file_facts.hpp"
#include "report/findings_text.hpp"
#include "report/json_outline.hpp"
#include "report/metadata_text.hpp"
#include "report/pickle_text.hpp"
#include "report/regions_text.hpp"
#include "report/samples.hpp"
#include "report/styles.hpp"
#include "report/table.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace upinspect;
using namespace upinspect::report;
using namespace upinspect::test;
using Lines = std::vector<std::string>;

namespace {

Finding warning(std::string id, std::string message) {
  return {std::move(id), Severity::warning, std::move(message), {}, {}, ""};
}

std::string metadata_of(const Value& metadata, const TextStyle& style) {
  Facts facts(style, 8);
  add_metadata(facts, metadata);
  return facts.text();
}

std::string pickle_of(const PickleReport& pickle) {
  const auto style = ascii(200);
  Facts facts(style, 8);
  add_pickle(facts, ArtifactBuilder("f").pickle(pickle).build());
  return facts.text();
}

}  // namespace

TEST_CASE("tables line up by display width and end without spaces") {
  const std::vector<Column> columns = {{"name", Align::left, {{"重み"}, {"a"}}},
                                       {"n", Align::right, {{"7"}, {"1234"}}},
                                       {"why", Align::left, {{""}, {"x"}}}};
  const TextStyle style;
  const Table table(columns, 2, style);
  CHECK(table.width() == 4 + 2 + 4 + 2 + 3);
  CHECK(table.header() == "name     n  why");
  CHECK(table.row(0) == "重み     7");
  CHECK(table.row(1) == "a     1234  x");
}

TEST_CASE("the bar shows kinds in the order of the file") {
  const auto artifact = ArtifactBuilder("f")
                            .region(RegionKind::structure, 100, "")
                            .region(RegionKind::metadata, 100, "")
                            .region(RegionKind::tensor, 600, "")
                            .region(RegionKind::padding, 100, "")
                            .region(RegionKind::payload, 100, "")
                            .build();
  const auto bar = byte_bar(artifact, 12, ascii());
  CHECK(bar.front() == "[:m######.p]");
  CHECK(byte_bar(artifact, 200, ascii())[0].size() == 62);
  CHECK(byte_bar(artifact, 200, ascii())[1] ==
        "# tensor data 600 (60.0 %)   : structure 100 (10.0 %)   m metadata 100 (10.0 %)   p payload 100 (10.0 %)   "
        ". padding 100 (10.0 %)");
}

TEST_CASE("a gap of one byte in a gigabyte shows in the bar") {
  const auto artifact = ArtifactBuilder("f")
                            .region(RegionKind::tensor, 1'000'000'000, "")
                            .region(RegionKind::gap, 1, "")
                            .region(RegionKind::tensor, 999'000'000, "")
                            .build();
  const auto bar = byte_bar(artifact, 62, ascii());
  CHECK(bar.front() == "[" + std::string(30, '#') + "?" + std::string(29, '#') + "]");
  CHECK(bar[2] == "? unclaimed 1 (< 0.1 %)");
}

TEST_CASE("nothing to draw of an empty file") {
  CHECK(byte_bar(ArtifactBuilder("f").build(), 60, ascii()).empty());
}

TEST_CASE("the bar of a million regions takes no time") {
  ArtifactBuilder file("f");
  for (int i = 0; i < 1'000'000; ++i) {
    file.region(i % 2 == 0 ? RegionKind::tensor : RegionKind::padding, 3, "");
  }
  CHECK(byte_bar(file.build(), 60, ascii()).front().size() == 60);
}

TEST_CASE("findings: the worst first, advice once per id") {
  const std::vector<Finding> findings = {
      {"a.note", Severity::note, "remark", {}, {}, ""},
      {"pickle.dangerous-global", Severity::error, "calls os.system", 42, {}, ""},
      {"pickle.dangerous-global", Severity::error, "calls os.remove", 1042, 7, "w"},
  };
  CHECK(findings_text(findings, ascii()) ==
        "  error    calls os.system                               pickle.dangerous-global\n"
        "           at offset 42\n"
        "           Do not load this file; take a safetensors copy from a source you\n"
        "           trust.\n"
        "  error    calls os.remove                               pickle.dangerous-global\n"
        "           at offset 1,042, 7 bytes, tensor w\n"
        "  note     remark                                                         a.note\n");
  CHECK(count_findings(findings) == "2 errors, 1 note");
}

TEST_CASE("findings: a long message wraps and its id follows") {
  CHECK(findings_text({warning("a.b", "one two three four five six seven")}, ascii(40)) ==
        "  warning  one two three four five six\n"
        "           seven\n"
        "           a.b\n");
}

TEST_CASE("findings: of many of one id the first five, with the rest counted") {
  std::vector<Finding> findings;
  for (int i = 0; i < 12; ++i) {
    findings.push_back(warning("a.b", "number " + std::to_string(i)));
  }
  findings.push_back(warning("c.d", "other"));
  const auto text = findings_text(findings, ascii());
  CHECK(has(text, "number 4"));
  CHECK_FALSE(has(text, "number 5"));
  CHECK(has(text, "other"));
  CHECK(has(text, "           ... 7 more a.b (use --verbose or --format json)\n"));
  auto verbose = ascii();
  verbose.verbosity = 1;
  CHECK(has(findings_text(findings, verbose), "number 11"));
}

TEST_CASE("findings: none is said") { CHECK(findings_text({}, ascii()) == "  no findings\n"); }

TEST_CASE("advice is found by id alone") {
  CHECK(has(std::string(advice("pickle.dangerous-global")), "Do not load this file"));
  CHECK(advice("pickle.dangerous").empty());
  CHECK(advice("").empty());
  CHECK(advice("zzz.zzz").empty());
}

TEST_CASE("what is at the top of a JSON text") {
  const auto members = [](std::string_view text) { return json_outline(text).value().members; };
  CHECK(members("{}") == 0);
  CHECK(members(" [ ] ") == 0);
  CHECK(members(R"({"a": 1, "b": [1, 2], "c": {"d": 3, "e": 4}})") == 3);
  CHECK(members(R"(["a,b", "\"],", 3])") == 3);
  CHECK(json_outline("{}")->is_object);
  CHECK_FALSE(json_outline("[]")->is_object);
  for (const auto* text : {"", "{", "text", "{}{}", "[1", R"({"a)", "1,2"}) {
    CHECK_FALSE(json_outline(text));
  }
}

TEST_CASE("metadata: short values whole, long ones with their length") {
  const Value metadata = Value::Object{{"format", "pt"},
                                       {"steps", 2500},
                                       {"rate", 1e-4},
                                       {"json", R"({"a": [1, 2], "b": ")" + std::string(100, 'x') + "\"}"},
                                       {"comment", std::string(500, 'y')},
                                       {"tags", Value::Array{"a", "b"}},
                                       {"vocabulary", Value::Array(32'000, Value("token"))},
                                       {"nothing", nullptr}};
  CHECK(metadata_of(metadata, ascii(60)) ==
        "  metadata  format      pt\n"
        "            steps       2500\n"
        "            rate        0.0001\n"
        "            json        JSON object of 2 members, 122 bytes\n"
        "            comment     yyyyyyyyyyyyyyyyyyyyy... (500 bytes)\n"
        "            tags        a, b\n"
        "            vocabulary  array of 32,000 strings\n"
        "            nothing     null\n");
}

TEST_CASE("metadata: many entries are counted, verbose shows them whole") {
  Value::Object entries;
  for (int i = 0; i < 20; ++i) {
    entries.emplace_back("k" + std::to_string(i), "one two three four five six seven eight nine ten");
  }
  CHECK(has(metadata_of(entries, ascii(60)), "            ... 4 more (use --verbose or --format json)\n"));
  auto verbose = ascii(60);
  verbose.verbosity = 1;
  const auto text = metadata_of(entries, verbose);
  CHECK(has(text, "            k19  one two three four five six seven eight\n                 nine ten\n"));
  CHECK(metadata_of(Value::Object{}, ascii()).empty());
}

TEST_CASE("details: the file's own claims are told from what was measured") {
  const auto artifact = ArtifactBuilder("f")
                            .format("git-lfs-pointer", "Git LFS pointer",
                                    {{"size", std::uint64_t{134'217'728}}, {"page_title", "x"}, {"list", Value::Array{1, 2}}})
                            .region(RegionKind::payload, 134, "text")
                            .build();
  const auto text = file_facts(artifact, ascii());
  CHECK(has(text, "  size         134 bytes\n"));
  CHECK(has(text, "  stated size  134,217,728\n"));
  CHECK(has(text, "  page title   x\n"));
  CHECK(has(text, "  list         1, 2\n"));
}

TEST_CASE("details: a long label moves its value aside, not the digests") {
  const auto artifact = ArtifactBuilder("f")
                            .format("gguf", "GGUF", {{"metadata_entries", std::uint64_t{5}},
                                                     {"first_lines", "ten eleven"},
                                                     {"a_label_of_some_length", std::string(60, 'v')}})
                            .digests()
                            .build();
  CHECK(has(file_facts(artifact, ascii()),
            "  sha256        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"));
  CHECK(has(file_facts(artifact, ascii()), "  metadata entries  5\n  first lines   ten eleven\n"));
  CHECK(has(file_facts(artifact, ascii()), "  a label of some length\n                " + std::string(60, 'v') + "\n"));
}

TEST_CASE("details: a long list is cut short") {
  const auto artifact = ArtifactBuilder("f").format("zip", "zip", {{"entries", Value::Array(100, Value("e"))}}).build();
  CHECK(has(file_facts(artifact, ascii()), "  entries   e, e, e, e, e, e, e, e, ... 92 more\n"));
}

TEST_CASE("facts: what is odd about the tensors") {
  auto narrow = make_measured("a", {4}, 0);
  narrow.provenance = Provenance::upcast_bf16;
  auto constant = make_measured("b", {4}, 16);
  constant.provenance = Provenance::constant;
  Stats infinite = *constant.stats;
  infinite.infs = 2;
  constant.stats = infinite;
  auto unread = make_tensor("c", {4}, 32);
  unread.unread = "its entry is encrypted";
  const auto text =
      file_facts(ArtifactBuilder("f").format("npz", "x").tensor(narrow).tensor(constant).tensor(unread).build(), ascii());
  CHECK(has(text, "  infinite  2 values in 1 of 3 tensors, first in b\n"));
  CHECK(has(text, "  origin    1 f32 tensor holds nothing but bfloat16 values\n"
                  "            1 f32 tensor holds one value throughout\n"));
  CHECK(has(text, "  unread    1 tensor: its entry is encrypted\n"));
}

TEST_CASE("facts: another reading and an overlap are told") {
  auto artifact = ArtifactBuilder("f").format("torch-zip", "x").region(RegionKind::payload, 10, "a").build();
  artifact.also_reads_as = {"npz", "safetensors"};
  artifact.coverage.overlaps = {{{3, 4}, RegionKind::payload, "a / b"}};
  const auto text = file_facts(artifact, ascii());
  CHECK(has(text, "  also      reads as npz, safetensors too\n"));
  CHECK(has(text, "            4 bytes at offset 3 claimed twice: a / b\n"));
}

TEST_CASE("facts: sums of views that claim more than 64 bits stay at the largest number") {
  auto huge = make_tensor("a", {1}, 0);
  huge.elements = ~std::uint64_t{0};
  huge.bytes = huge.elements;
  const auto text = file_facts(ArtifactBuilder("f").format("npz", "x").tensor(huge).tensor(huge).build(), ascii(120));
  CHECK(has(text, "18,446,744,073,709,551,615 parameters"));
}

TEST_CASE("findings are announced above a long table") {
  auto artifact = many_tensors(13);
  artifact.findings.clear();
  artifact.findings.push_back(warning("a.b", "odd"));
  CHECK(has(file_facts(artifact, ascii()), "  findings  1 warning, at the end\n"));
  artifact.tensors.resize(3);
  CHECK_FALSE(has(file_facts(artifact, ascii()), "findings"));
}

TEST_CASE("pickle: the verdict and what weights_only says") {
  PickleReport pickle;
  pickle.weights_only_loads = true;
  CHECK(pickle_of(pickle) == "  pickle    inert: it names only what weights are made of\n"
                             "            torch.load(weights_only=True) takes it\n");
  pickle.verdict = PickleVerdict::unknown;
  pickle.weights_only_loads = false;
  for (const auto* name : {"A", "B", "C", "D", "E"}) {
    pickle.globals.push_back({"lib", name, 10, false, PickleVerdict::unknown});
  }
  CHECK(has(pickle_of(pickle), "unknown: lib.A is named at offset 10, lib.B is named at offset 10, lib.C"));
  CHECK(has(pickle_of(pickle), "and 2 more"));
  CHECK(has(pickle_of(pickle), "torch.load(weights_only=True) refuses it\n"));
}

TEST_CASE("pickle: none is said of formats that hold tensors, nothing of others") {
  CHECK(has(file_facts(ArtifactBuilder("f").format("npy", "x").build(), ascii()), "  pickle    none\n"));
  CHECK_FALSE(has(file_facts(ArtifactBuilder("f").format("html", "x").build(), ascii()), "pickle"));
}

TEST_CASE("regions: gaps always, the others where verbose") {
  ArtifactBuilder file("f");
  for (int i = 0; i < 10; ++i) {
    file.region(RegionKind::structure, 10, "part").region(RegionKind::gap, 1, "gap");
  }
  const auto text = regions_text(file.build().coverage, ascii());
  CHECK_FALSE(has(text, "part"));
  CHECK(has(text, "      10      1  gap   gap\n"));
  CHECK(has(text, "  ... 2 more gaps (use --verbose or --format json)\n"));
  auto verbose = ascii();
  verbose.verbosity = 1;
  CHECK(has(regions_text(file.build().coverage, verbose), "       0     10  structure  part\n"));
}
