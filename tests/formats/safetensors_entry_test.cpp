// SPDX-License-Identifier: Apache-2.0
#include "formats/name_index.hpp"
#include "formats/safetensors_entry.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace upinspect;
using formats::safetensors::Entry;
using formats::safetensors::read_plain_entry;

TEST_CASE("An entry as writers spell it is read at a glance") {
  Entry entry;
  const std::string compact = R"({"dtype":"F16","shape":[2,3],"data_offsets":[8,20]},"next")";
  CHECK(read_plain_entry(compact, entry) == compact.find(",\"next"));
  CHECK(entry.dtype->dtype == Dtype::f16);
  CHECK(entry.shape == std::vector<std::uint64_t>{2, 3});
  CHECK(entry.begin == 8);
  CHECK(entry.end == 20);
  const std::string spaced = "\n { \"data_offsets\" : [ 0 ,\t4 ] , \"shape\" : [ ] , \"dtype\" : \"F32\" }";
  CHECK(read_plain_entry(spaced, entry) == spaced.size());
  CHECK(entry.shape.empty());
  CHECK(entry.end == 4);
}

TEST_CASE("What is not plain about an entry is left to the JSON reader") {
  const auto* text = GENERATE(R"({"dtype":{"F32":null},"shape":[1],"data_offsets":[0,4]})", R"(["F32",[1],[0,4]])", R"({"dtype":"F33","shape":[1],"data_offsets":[0,4]})",
                              R"({"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1})", R"({"dtype":"F32","shape":[1],"shape":[1]})",
                              R"({"dtype":"F32","shape":[01],"data_offsets":[0,4]})", R"({"dtype":"F32","shape":[1.0],"data_offsets":[0,4]})",
                              R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})", R"({"dtype":"F32","shape":[1,],"data_offsets":[0,4]})",
                              R"({"dtype":"F32","shape":[1],"data_offsets":[0,4,8]})", R"({"dtype":"F32","shape":[1],"data_offsets":[0]})",
                              R"({"dtype":"F32","shape":[1],"data_offsets":[0,1000000000000000000]})", R"({"dtype":"F32","sh\u0061pe":[1],"data_offsets":[0,4]})",
                              R"({"dtype":"F32","shape":[1],"data_offsets":[0,4])", R"({"dtype":"F32","shape":[1]})", R"({,"dtype":"F32","shape":[1],"data_offsets":[0,4]})",
                              R"({"dtype":"F32" "shape":[1],"data_offsets":[0,4]})", "{}", "");
  Entry entry;
  CHECK(read_plain_entry(text, entry) == 0);
}

TEST_CASE("An entry that is cut anywhere is not read") {
  const std::string whole = R"({"dtype":"F16","shape":[2,3],"data_offsets":[8,20]})";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    Entry entry;
    CHECK(read_plain_entry(std::string_view(whole).substr(0, length), entry) == 0);
  }
}

TEST_CASE("An index of names finds each under its number, however many there are") {
  std::vector<std::string> names;
  formats::NameIndex index;
  const auto name_of = [&names](std::uint32_t number) { return std::string_view(names[number]); };
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const auto name = std::to_string(i * 7919 % 500);
    const auto hash = formats::NameIndex::hash_of(name);
    const auto before = index.find(name, hash, name_of);
    CHECK(before.has_value() == (i >= 500));
    if (before) {
      CHECK(names[*before] == name);
    } else {
      index.add(hash, static_cast<std::uint32_t>(names.size()));
      names.push_back(name);
    }
  }
  CHECK(names.size() == 500);
}
