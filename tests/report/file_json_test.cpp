// SPDX-License-Identifier: Apache-2.0
#include "report/file_json.hpp"

#include "report/samples.hpp"
#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <limits>
#include <string>
#include <vector>

using nlohmann::json;
using namespace upinspect;
using namespace upinspect::report;
using namespace upinspect::test;

namespace {

std::string written(JsonForm form, const std::vector<Artifact>& artifacts, bool threads = false) {
  std::string text;
  FileJson out([&text](std::string_view piece) { text += piece; }, form, "1.2.3");
  out.use_threads(threads);
  out.begin();
  for (const auto& artifact : artifacts) {
    out.artifact(artifact);
  }
  out.end();
  return text;
}

json parsed(const Artifact& artifact) {
  return json::parse(written(JsonForm::document, {artifact})).at("artifacts").at(0);
}

json parsed(Tensor tensor) { return parsed(ArtifactBuilder("f").tensor(std::move(tensor)).build()).at("tensors").at(0); }

}  // namespace

TEST_CASE("no artifact is a document too") {
  CHECK(written(JsonForm::document, {}) == R"({
  "schema": "upinspect.file/1",
  "tool": {"name": "upinspect", "version": "1.2.3"},
  "artifacts": []
}
)");
  CHECK(written(JsonForm::lines, {}).empty());
}

TEST_CASE("a small document, letter by letter") {
  auto tensor = make_tensor("w", {2, 1}, 8);
  tensor.stats = Stats{-1.5, 2.0, 0.25, 1.75, 2.5, 0, 0, 0, 0};
  tensor.entropy = Entropy{1.5, {1.0, 2.0}, {1, 2}, 2};
  tensor.provenance = Provenance::upcast_f16;
  const auto artifact = ArtifactBuilder("a.safetensors")
                            .format("safetensors", "safetensors", {{"header_bytes", std::uint64_t{8}}})
                            .digests()
                            .region(RegionKind::structure, 8, "header length")
                            .tensor(tensor)
                            .metadata("format", "pt")
                            .finding({"x.y", Severity::warning, "odd", 3, {}, "w"})
                            .build();
  CHECK(written(JsonForm::document, {artifact}) == R"({
  "schema": "upinspect.file/1",
  "tool": {"name": "upinspect", "version": "1.2.3"},
  "artifacts": [
    {
      "path": "a.safetensors",
      "size": 16,
      "format": {
        "id": "safetensors",
        "title": "safetensors",
        "detail": {
          "header_bytes": 8
        }
      },
      "also_reads_as": [],
      "digests": {
        "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "xxh3_128": "99aa06d3014798d86001c324468d497f"
      },
      "metadata": {
        "format": "pt"
      },
      "coverage": {
        "labelled": 16,
        "gaps": 0,
        "overlapped": 0,
        "regions": [
          {"offset": 0, "length": 8, "kind": "structure", "label": "header length"},
          {"offset": 8, "length": 8, "kind": "tensor", "label": "w"}
        ],
        "overlaps": []
      },
      "tensors": [
        {
          "name": "w",
          "dtype": "f32",
          "shape": [2, 1],
          "elements": 2,
          "bytes": 8,
          "location": {"offset": 8, "length": 8, "strides": [1, 1], "storage_offset": 0, "storage_bytes": 8},
          "digests": {},
          "stats": {"min": -1.5, "max": 2.0, "mean": 0.25, "std": 1.75, "l2": 2.5, "zeros": 0, "nans": 0, "infs": 0, "subnormals": 0},
          "entropy": {
            "byte": 1.5,
            "byte_planes": [1.0, 2.0],
            "bit_planes": [
              {"bit": 0, "ones": 1, "p_one": 0.5},
              {"bit": 1, "ones": 2, "p_one": 1.0}
            ]
          },
          "provenance": "upcast-f16"
        }
      ],
      "findings": [
        {
          "id": "x.y",
          "severity": "warning",
          "message": "odd",
          "offset": 3,
          "tensor": "w"
        }
      ]
    }
  ]
}
)");
}

TEST_CASE("lines and document hold the same artifacts") {
  const std::vector<Artifact> artifacts{sound_adapter(), headerless(), dangerous(), hostile(), headers_only()};
  const auto document = json::parse(written(JsonForm::document, artifacts));
  const auto lines = written(JsonForm::lines, artifacts);
  std::size_t count = 0;
  for (std::size_t start = 0; start < lines.size(); ++count) {
    const auto end = lines.find('\n', start);
    const auto line = json::parse(lines.substr(start, end - start));
    CHECK(line.at("schema") == "upinspect.file/1");
    CHECK(line.at("tool") == document.at("tool"));
    CHECK(line.at("artifact") == document.at("artifacts").at(count));
    start = end + 1;
  }
  CHECK(count == artifacts.size());
}

TEST_CASE("the same artifacts give the same bytes") {
  CHECK(written(JsonForm::document, {hostile(), dangerous()}) == written(JsonForm::document, {hostile(), dangerous()}));
}

TEST_CASE("however many threads write it, a document is the same") {
  for (const unsigned count : {4096U, 4097U, 9000U}) {
    auto artifact = many_tensors(count);
    artifact.adapter.emplace();
    artifact.adapter->modules.resize(count);
    for (unsigned i = 0; i < count; ++i) {
      artifact.adapter->modules[i].name = "module " + std::to_string(i);
    }
    for (const auto form : {JsonForm::document, JsonForm::lines}) {
      const auto one = written(form, {artifact, artifact});
      CHECK(written(form, {artifact, artifact}, true) == one);
      if (count == 4097) {
        CHECK(json::accept(form == JsonForm::document ? one : one.substr(0, one.find('\n'))));
      }
    }
  }
}

TEST_CASE("a region of a tensor is labelled with its name, whatever that is") {
  auto artifact = ArtifactBuilder("f").tensor(make_tensor("plain", {4}, 0)).tensor(make_tensor("\xff\"", {4}, 16)).build();
  artifact.coverage.regions = {Region(ByteRange{0, 16}, RegionKind::tensor, 0U), Region(ByteRange{16, 16}, RegionKind::tensor, 1U)};
  const auto regions = parsed(artifact).at("coverage").at("regions");
  CHECK(regions.at(0).at("label") == "tensor plain");
  CHECK_FALSE(regions.at(0).contains("label_hex"));
  CHECK(regions.at(1).at("label") == "tensor \xef\xbf\xbd\"");
  CHECK(regions.at(1).at("label_hex") == "74656e736f7220ff22");
}

TEST_CASE("what was not measured is absent, what has no value is null") {
  const auto quick = parsed(make_tensor("w", {2}, 0));
  CHECK_FALSE(quick.contains("stats"));
  CHECK_FALSE(quick.contains("entropy"));
  CHECK_FALSE(quick.contains("provenance"));
  CHECK_FALSE(quick.contains("unread"));
  CHECK(quick.at("digests") == json::object());

  auto empty = make_tensor("w", {0}, 0);
  empty.stats = Stats{};
  empty.entropy = Entropy{0, {0, 0}, {0, 0}, 0};
  const auto stats = parsed(empty).at("stats");
  for (const auto* name : {"min", "max", "mean", "std", "l2"}) {
    CHECK(stats.at(name).is_null());
  }
  CHECK(stats.at("zeros") == 0);
  CHECK(parsed(empty).at("entropy").at("bit_planes").at(1).at("p_one").is_null());
}

TEST_CASE("smallest and largest integers survive") {
  auto tensor = make_tensor("w", {2}, 0);
  tensor.stats = Stats{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::uint64_t>::max(),
                       1e308 * 10, {}, {}, 0, 0, 0, 0};
  const auto text = written(JsonForm::lines, {ArtifactBuilder("f").tensor(tensor).build()});
  CHECK(text.find(R"("min":-9223372036854775808,"max":18446744073709551615,"mean":"inf")") != std::string::npos);
}

TEST_CASE("a location tells where the elements are and what is unusual") {
  auto tensor = make_tensor("w", {2, 2}, 64);
  tensor.location.packed.length = 64;
  tensor.location.storage_bytes = 64;
  tensor.location.storage_offset = 3;
  tensor.location.entry = "archive/data/0";
  tensor.location.order = ByteOrder::big;
  CHECK(parsed(tensor).at("location") == json::parse(R"({"offset": 76, "length": 16, "entry": "archive/data/0",
      "strides": [2, 1], "storage_offset": 3, "storage_bytes": 64, "byte_order": "big"})"));

  tensor.location.packing = Packing::deflated;
  tensor.location.order = ByteOrder::little;
  tensor.location.packed = {64, 20};
  tensor.location.storage_start = 128;
  CHECK(parsed(tensor).at("location") == json::parse(R"({"offset": 64, "length": 20, "entry": "archive/data/0",
      "strides": [2, 1], "storage_offset": 3, "storage_bytes": 64, "packing": "deflated", "unpacked_offset": 128})"));
}

TEST_CASE("a pickle's report") {
  CHECK_FALSE(parsed(sound_adapter()).contains("pickle"));
  CHECK(parsed(dangerous()).at("pickle") == json::parse(R"({"verdict": "dangerous",
      "weights_only": {"loads": false, "reason": "GLOBAL os system", "offset": 2},
      "globals": [{"module": "os", "name": "system", "offset": 42, "called": true, "verdict": "dangerous"},
                  {"module": "collections", "name": "OrderedDict", "offset": 60, "called": true, "verdict": "inert"}]})"));
}

TEST_CASE("texts of a hostile file are harmless and their bytes are kept") {
  const auto text = written(JsonForm::document, {hostile()});
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\xe2\x80\xae") == std::string::npos);
  const auto artifact = parsed(hostile());
  CHECK(artifact.at("path") == "dir/\x1b[2Jcls\xe2\x80\xae.bin");
  CHECK(artifact.at("tensors").at(0).at("name") == "\x1b]0;owned\x07");
  CHECK(artifact.at("tensors").at(0).at("location").at("entry") == "../\xef\xbf\xbd");
  CHECK(artifact.at("tensors").at(0).at("location").at("entry_hex") == "2e2e2fff");
  CHECK(artifact.at("tensors").at(1).at("name") == std::string("a\0b", 3));
  CHECK(artifact.at("format").at("detail").at("names_hex") == json::parse(R"(["ff", null])"));
  CHECK(artifact.at("metadata").at("k\xef\xbf\xbd_key_hex") == "6b9b");
  CHECK(artifact.at("metadata").at("nested").at("\xef\xbf\xbd_hex") == "fd");
  CHECK(artifact.at("pickle").at("globals").at(0).at("name_hex") == "6eff");
  CHECK(artifact.at("findings").at(0).at("message_hex") == "626164201b5b33316d206e616d6520ff");
  CHECK_FALSE(artifact.contains("path_hex"));
}
