// SPDX-License-Identifier: Apache-2.0
#include "convert/new_file.hpp"
#include "convert/json_text.hpp"
#include "convert/npy_writer.hpp"
#include "convert/refusal.hpp"
#include "convert/safetensors_writer.hpp"
#include "support/catch.hpp"
#include "upinspect/inspect.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace {

using namespace upinspect;
using namespace upinspect::convert;
namespace fs = std::filesystem;

/// A folder that goes away with the test.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "convert.XXXXXX").string();
    m_path = ::mkdtemp(name.data());
  }
  ~Scratch() { fs::remove_all(m_path); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return (m_path / name).string(); }
  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(m_path), fs::directory_iterator()));
  }

 private:
  fs::path m_path;
};

Outgoing filled(const std::string& name, Dtype dtype, std::vector<std::uint64_t> shape, std::size_t bytes, char value = 0) {
  const std::vector<std::byte> data(bytes, static_cast<std::byte>(value));
  return {name, dtype, std::move(shape), [data](const ElementSink& sink) { sink(data); }};
}

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string reason_of(const std::vector<Outgoing>& tensors, const Metadata& metadata = {}) {
  try {
    static_cast<void>(lay_out_safetensors(tensors, metadata));
  } catch (const Refusal& refusal) {
    return refusal.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("safetensors are written in the reference's order, with its spelling and padding") {
  const std::vector<Outgoing> tensors{filled("b", Dtype::f16, {1}, 2), filled("zz", Dtype::f32, {2, 1}, 8),
                                      filled("a\n\"\x1f", Dtype::f16, {}, 2), filled("n", Dtype::i64, {0}, 0)};
  const auto layout = lay_out_safetensors(tensors, {{"format", "pt"}, {"author", "\xc3\xa9"}});
  CHECK(layout.header.substr(8) ==
        "{\"__metadata__\":{\"author\":\"\xc3\xa9\",\"format\":\"pt\"},"
        "\"n\":{\"dtype\":\"I64\",\"shape\":[0],\"data_offsets\":[0,0]},"
        "\"zz\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
        "\"a\\n\\\"\\u001f\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[8,10]},"
        "\"b\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[10,12]}}       ");
  CHECK(layout.header.size() % 8 == 0);
  CHECK(layout.data_bytes == 12);
}

TEST_CASE("a written file is there whole, reads clean and is the same each time") {
  const Scratch scratch;
  const std::vector<Outgoing> tensors{filled("w", Dtype::f32, {3}, 12, 1), filled("b", Dtype::bf16, {2}, 4, 2)};
  for (const auto* name : {"one.safetensors", "two.safetensors"}) {
    NewFile file(scratch / name, Existing::refused);
    write_safetensors(file, tensors, lay_out_safetensors(tensors, {}));
    CHECK_FALSE(fs::exists(scratch / name));
    file.commit();
  }
  CHECK(content(scratch / "one.safetensors") == content(scratch / "two.safetensors"));
  CHECK(scratch.entries() == 2);
  const auto artifact = inspect_file(scratch / "one.safetensors");
  CHECK(artifact.format.id == "safetensors");
  CHECK(artifact.findings.empty());
  CHECK(artifact.tensors.size() == 2);
}

TEST_CASE("what safetensors cannot hold is refused, all of it at once") {
  CHECK(reason_of({filled("q", Dtype::q8_0, {32}, 34)}).find("q8_0") != std::string::npos);
  CHECK(reason_of({filled("c", Dtype::c128, {1}, 16)}).find("c128") != std::string::npos);
  CHECK(reason_of({filled("f", Dtype::f4, {3}, 2)}).find("end at a byte") != std::string::npos);
  CHECK(reason_of({filled("__metadata__", Dtype::f32, {}, 4)}).find("keeps for itself") != std::string::npos);
  CHECK(reason_of({filled("\xff", Dtype::f32, {}, 4)}).find("UTF-8") != std::string::npos);
  CHECK(reason_of({filled("w", Dtype::f32, {}, 4)}, {{"\xff", ""}}).find("UTF-8") != std::string::npos);
  CHECK(reason_of({filled("w", Dtype::f32, {}, 4), filled("w", Dtype::f16, {}, 2)}).find("two tensors") != std::string::npos);
  CHECK(reason_of({filled("w", Dtype::f32, {std::uint64_t{1} << 62, 8}, 0)}).find("end at a byte") != std::string::npos);
  try {
    static_cast<void>(lay_out_safetensors(std::vector<Outgoing>{filled("q", Dtype::q8_0, {32}, 34), filled("c", Dtype::c32, {1}, 4)}, {}));
    FAIL("nothing was refused");
  } catch (const Refusal& refusal) {
    CHECK(refusal.reasons().size() == 2);
  }
}

TEST_CASE("a tensor that gives too few bytes leaves no file") {
  const Scratch scratch;
  const std::vector<Outgoing> tensors{filled("w", Dtype::f32, {3}, 8)};
  {
    NewFile file(scratch / "short.safetensors", Existing::refused);
    CHECK_THROWS_AS(write_safetensors(file, tensors, lay_out_safetensors(tensors, {})), Refusal);
  }
  CHECK(scratch.entries() == 0);
}

TEST_CASE("npy headers are numpy's own") {
  const auto header = npy_header(filled("", Dtype::f32, {3, 4}, 48));
  CHECK(header.substr(10).find("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }") == 0);
  CHECK(header.size() == 128);
  CHECK(header.back() == '\n');
  CHECK(npy_header(filled("", Dtype::u8, {}, 1)).find("'|u1', 'fortran_order': False, 'shape': (), }") != std::string::npos);
  CHECK(npy_header(filled("", Dtype::u8, {7}, 7)).find("(7,)") != std::string::npos);
  CHECK_THROWS_AS(npy_header(filled("", Dtype::bf16, {1}, 2)), Refusal);
}

TEST_CASE("targets that are there are left alone unless they are to be replaced") {
  const Scratch scratch;
  std::ofstream(scratch / "taken") << "old";
  CHECK_THROWS_AS(require_free(scratch / "taken", Existing::refused, false), Refusal);
  CHECK_NOTHROW(require_free(scratch / "taken", Existing::replaced, false));
  CHECK_THROWS_AS(require_free(scratch / "taken", Existing::replaced, true), Refusal);
  CHECK_THROWS_AS(require_free(scratch / "nowhere/file", Existing::refused, false), Refusal);
  CHECK_THROWS_AS(require_free("/dev/null", Existing::replaced, false), Refusal);
  NewFile late(scratch / "late", Existing::refused);
  std::ofstream(scratch / "late") << "somebody else's";
  CHECK_THROWS_AS(late.commit(), WriteError);
  CHECK(content(scratch / "late") == "somebody else's");
}

TEST_CASE("a folder is replaced whole, and only where it holds nothing but an adapter") {
  const Scratch scratch;
  for (const auto* text : {"first", "second"}) {
    NewFolder folder(scratch / "adapter/", Existing::replaced);
    NewFile file(folder.path() + "/adapter_config.json", Existing::refused);
    file.write(std::string_view(text));
    file.commit();
    folder.commit();
  }
  CHECK(content(scratch / "adapter/adapter_config.json") == "second");
  CHECK(scratch.entries() == 1);
  std::ofstream(scratch / "adapter/notes.txt") << "mine";
  CHECK_THROWS_AS(require_free(scratch / "adapter", Existing::replaced, true), Refusal);
  { const NewFolder abandoned(scratch / "other", Existing::refused); }
  CHECK(scratch.entries() == 1);
}

TEST_CASE("what a signal handler removes is what is not in its place yet") {
  const Scratch scratch;
  NewFile kept(scratch / "kept", Existing::refused);
  kept.commit();
  const NewFile open(scratch / "open", Existing::refused);
  const NewFolder folder(scratch / "folder", Existing::refused);
  CHECK(scratch.entries() == 3);
  remove_temporaries();
  CHECK(scratch.entries() == 1);
  CHECK(fs::exists(scratch / "kept"));
}

TEST_CASE("configurations are spelled as Python spells them") {
  const Value value(Value::Object{{"r", 8}, {"alpha", 1e-5}, {"list", Value::Array{}}, {"b", Value::Array{true, nullptr}},
                                  {"o", Value::Object{{"x", 16.0}}}, {"e", Value::Object{}}, {"t", "\xc3\xa9"}});
  CHECK(python_json(value) ==
        "{\n  \"alpha\": 1e-05,\n  \"b\": [\n    true,\n    null\n  ],\n  \"e\": {},\n  \"list\": [],\n"
        "  \"o\": {\n    \"x\": 16.0\n  },\n  \"r\": 8,\n  \"t\": \"\\u00e9\"\n}");
  CHECK(python_json_line(value) == "{\"alpha\": 1e-05, \"b\": [true, null], \"e\": {}, \"list\": [], \"o\": {\"x\": 16.0}, "
                                   "\"r\": 8, \"t\": \"\\u00e9\"}");
}
