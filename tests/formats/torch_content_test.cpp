// SPDX-License-Identifier: Apache-2.0
// What a data.pkl may say of one storage of six floats, and what torch.load of 1.13 makes of it.
#include "support/catch.hpp"
#include "support/inspecting.hpp"
#include "support/torch_builder.hpp"

#include <functional>

using namespace upinspect;
using namespace upinspect::test;
using pickle::Opcode;

namespace {

using Numbers = std::vector<std::int64_t>;
constexpr std::int64_t k_huge = std::int64_t{1} << 62;

PickleBuilder tensor(const Numbers& size, const Numbers& stride, std::int64_t offset = 0) {
  return PickleBuilder().proto(2).tensor("FloatStorage", "0", 6, size, stride, offset).stop();
}

PickleBuilder around(const std::function<void(PickleBuilder&)>& storage) {
  PickleBuilder out;
  out.proto(2).global("torch._utils", "_rebuild_tensor_v2").mark();
  storage(out);
  return out.integer(0).integers({6}).integers({1}).boolean(false).empty_ordered_dict().tuple().reduce().stop();
}

PickleBuilder with_elements(const std::function<void(PickleBuilder&)>& elements) {
  return around([&](PickleBuilder& out) {
    out.mark().text("storage").global("torch", "FloatStorage").text("0").text("cpu");
    elements(out);
    out.tuple().persistent();
  });
}

PickleBuilder two(std::string_view class_name, std::int64_t elements, const Numbers& size) {
  return PickleBuilder().proto(2).mark().tensor("FloatStorage", "0", 6, {6}, {1})
      .tensor(class_name, "0", elements, size, {1}).tuple().stop();
}

struct ContentCase {
  const char* name;
  const char* torch;
  PickleBuilder object;
  Severity severity;
  const char* id;     ///< empty: nothing that bad is found
  const char* words;
};

std::vector<ContentCase> refused() {
  using enum Severity;
  return {
      {"offset + size beyond", "Trying to resize storage that is not resizable", tensor({6}, {1}, 1), error,
       "tensor.malformed", "view reaches element 6 of a storage of 6"},
      {"negative offset", "Tensor: invalid storage offset -1", tensor({6}, {1}, -1), error, "tensor.malformed",
       "begins at the negative element -1"},
      {"negative stride", "Storage size calculation overflowed with sizes=[6] and strides=[-1]", tensor({6}, {-1}), error,
       "tensor.malformed", "negative stride -1 in dimension 0"},
      {"negative size", "numel: integer multiplication overflow", tensor({-6}, {1}), error, "tensor.malformed",
       "negative size -6 in dimension 0"},
      {"sizes and strides", "unequal size length (2) and stride length (1)", tensor({2, 3}, {1}), error, "tensor.malformed",
       "2 dimensions but 1 strides"},
      {"2^33 x 2^33", "numel: integer multiplication overflow", tensor({std::int64_t{1} << 33, std::int64_t{1} << 33}, {0, 0}),
       error, "tensor.malformed", "more elements than 2^63"},
      {"a stride that wraps", "Storage size calculation overflowed", tensor({2}, {k_huge}), error, "tensor.malformed",
       "view reaches element 4611686018427387904 of a storage of 6"},
      {"negative elements", "TypeError", with_elements([](PickleBuilder& out) { out.integer(-1); }), error,
       "tensor.malformed", "number of elements is negative: -1"},
      {"a float for elements", "TypeError", with_elements([](PickleBuilder& out) { out.op(Opcode::binfloat).raw(std::string("@\x18\0\0\0\0\0\0", 8)); }),
       error, "tensor.malformed", "number of elements"},
      {"elements beyond the record", "loads in 1.13, reading past the end; refused from 2.0 on",
       with_elements([](PickleBuilder& out) { out.integer(std::int64_t{1} << 40); }), error, "torch.short-storage",
       "has 24 bytes; 4398046511104 are declared"},
      {"a class that torch has not", "AttributeError: Can't get attribute 'EvilStorage'",
       around([](PickleBuilder& out) { out.storage("EvilStorage", "0", 6); }), error, "tensor.malformed",
       "torch.EvilStorage is none of torch's"},
      {"a key that leaves the folder", "failed locating file data/../version: file not found",
       around([](PickleBuilder& out) { out.storage("FloatStorage", "../version", 6); }), error, "torch.missing-storage",
       "the storage \"../version\" is not in the file"},
      {"a module for a storage", "Unknown typename for persistent_load, expected 'storage' but got 'module'",
       PickleBuilder().proto(2).mark().text("module").global("a", "B").text("f.py").text("source").tuple().persistent().stop(),
       error, "torch.persistent-id", "Unknown typename for persistent_load"},
      {"integers with gradients", "only Tensors of floating point and complex dtype can require gradients",
       PickleBuilder().proto(2).global("torch._utils", "_rebuild_tensor_v2").mark().storage("IntStorage", "0", 6).integer(0)
           .integers({6}).integers({1}).boolean(true).empty_ordered_dict().tuple().reduce().stop(),
       error, "tensor.malformed", "only tensors of floating point and complex dtype can"},
      {"protocol 7", "unsupported pickle protocol: 7", PickleBuilder().proto(7).integer(1).stop(), error, "pickle.malformed",
       "7"},
      {"no bytes", "EOFError: Ran out of input", PickleBuilder(), error, "container.truncated", "there are no bytes"},
      {"no STOP", "EOFError: Ran out of input", PickleBuilder().proto(2).integer(1), error, "container.truncated",
       "the bytes end before STOP"},
      {"an empty stack", "unpickling stack underflow", PickleBuilder().proto(2).stop(), error, "pickle.malformed", "STOP"},
      {"nothing in the memo", "Memo value not found at index 5", PickleBuilder().proto(2).get(5).stop(), error,
       "pickle.malformed", "the memo has nothing at index 5"},
      {"a dict as a key", "TypeError: unhashable type: 'dict'",
       PickleBuilder().proto(2).empty_dict().put(0).get(0).integer(1).setitem().stop(), error, "pickle.malformed", "cannot be a key"},
  };
}

std::vector<ContentCase> accepted() {
  using enum Severity;
  return {
      {"plain", "loads", tensor({6}, {1}), warning, "", ""},
      {"a list for the size", "loads", around([](PickleBuilder& out) { out.storage("FloatStorage", "0", 6); }), warning, "", ""},
      {"True for elements", "loads one element", PickleBuilder().proto(2).global("torch._utils", "_rebuild_tensor_v2").mark()
           .mark().text("storage").global("torch", "FloatStorage").text("0").text("cpu").boolean(true).tuple().persistent()
           .integer(0).integers({1}).integers({1}).boolean(false).none().tuple().reduce().stop(),
       warning, "torch.long-storage", "has 24 bytes; only 4 are declared"},
      {"a storage of CUDA's", "loads", around([](PickleBuilder& out) { out.storage("FloatStorage", "0", 6, "cpu", "torch.cuda"); }),
       warning, "", ""},
      {"a storage of another module", "loads, the module is not looked at",
       around([](PickleBuilder& out) { out.storage("FloatStorage", "0", 6, "cpu", "bogus.mod"); }), warning,
       "pickle.unknown-global", "bogus.mod.FloatStorage"},
      {"a device that torch has not", "don't know how to restore data location (tagged with xyz)",
       around([](PickleBuilder& out) { out.storage("FloatStorage", "0", 6, "xyz"); }), warning, "torch.unknown-location", "\"xyz\""},
      {"cpu:0", "don't know how to restore data location (tagged with cpu:0)",
       around([](PickleBuilder& out) { out.storage("FloatStorage", "0", 6, "cpu:0"); }), warning, "torch.unknown-location", "\"cpu:0\""},
      {"the first version", "loads", PickleBuilder().proto(2).global("torch._utils", "_rebuild_tensor").mark()
           .storage("FloatStorage", "0", 6).integer(0).integers({6}).integers({1}).tuple().reduce().stop(), warning, "", ""},
      {"a tensor of 0.3", "loads", PickleBuilder().proto(2).global("torch", "FloatTensor").empty_tuple().op(Opcode::newobj).mark()
           .storage("FloatStorage", "0", 6).integer(0).integers({6}).integers({1}).tuple().build().stop(), warning, "", ""},
      {"no mark of a protocol", "loads", PickleBuilder().tensor("FloatStorage", "0", 6, {6}, {1}).stop(), warning, "", ""},
      {"two marks", "loads", PickleBuilder().proto(2).proto(2).tensor("FloatStorage", "0", 6, {6}, {1}).stop(), warning,
       "pickle.repeated-proto", "PROTO"},
      {"a view of no stride", "loads", tensor({1 << 20, 6}, {0, 1}), warning, "", ""},
      {"a view of 2^62 elements", "loads", tensor({k_huge}, {0}), warning, "tensor.expanded-view", "overlap or repeat"},
      {"more on the stack", "loads the last", PickleBuilder().proto(2).integer(1).tensor("FloatStorage", "0", 6, {6}, {1}).stop(),
       warning, "pickle.stack-left-over", ""},
      {"bytes after STOP", "loads", tensor({6}, {1}).raw("tail"), warning, "pickle.trailing-bytes", "4 bytes follow"},
      {"two types for one key", "loads, the first counts for both", two("IntStorage", 6, {6}), warning, "torch.conflicting-storage",
       "declared as torch.IntStorage of 6 elements here, and as torch.FloatStorage of 6"},
      {"two lengths for one key", "loads, the first counts for both", two("FloatStorage", 1, {1}), warning,
       "torch.conflicting-storage", "of 1 elements here"},
  };
}

}  // namespace

TEST_CASE("what torch refuses in a data.pkl is an error that names the cause") {
  for (const auto& row : refused()) {
    INFO(row.name << ", torch: " << row.torch);
    const auto artifact = inspected(torch_archive(row.object).build());
    CHECK(artifact.format.id == "torch-zip");
    INFO(Catch::StringMaker<std::vector<std::string>>::convert(told(artifact, Severity::warning)));
    CHECK_THAT(message(artifact, row.id), Catch::Contains(row.words));
    CHECK_FALSE(told(artifact).empty());
  }
}

TEST_CASE("what torch takes in a data.pkl is no error, and surprises are told") {
  for (const auto& row : accepted()) {
    INFO(row.name << ", torch: " << row.torch);
    const auto artifact = inspected(torch_archive(row.object).build());
    INFO(Catch::StringMaker<std::vector<std::string>>::convert(told(artifact, Severity::warning)));
    CHECK(told(artifact) == std::vector<std::string>{});
    if (std::string_view(row.id).empty()) {
      CHECK(told(artifact, Severity::warning) == std::vector<std::string>{});
    } else {
      CHECK_THAT(message(artifact, row.id), Catch::Contains(row.words));
    }
  }
}

TEST_CASE("tensors that hang on tensors without end are followed thirty-two deep") {
  PickleBuilder out;
  out.proto(2);
  for (int i = 0; i < 200; ++i) {
    out.global("torch._tensor", "_rebuild_from_type_v2").mark().global("torch._utils", "_rebuild_tensor_v2").global("m", "T").mark();
    out.storage("FloatStorage", "0", 6).integer(0).integers({6}).integers({1}).boolean(false).empty_ordered_dict().tuple();
    out.empty_dict().text("t");
  }
  out.integer(1);
  for (int i = 0; i < 200; ++i) {
    out.setitem().tuple().reduce();
  }
  const auto artifact = inspected(torch_archive(out.stop()).build());
  CHECK(artifact.tensors.size() == 33);
  CHECK_THAT(message(artifact, "limit.reached"), Catch::Contains("too deep"));
}

TEST_CASE("the first declaration of a storage gives both tensors their type") {
  const auto artifact = inspected(torch_archive(two("IntStorage", 6, {6})).build());
  REQUIRE(artifact.tensors.size() == 2);
  CHECK(artifact.tensors[1].dtype == Dtype::f32);
  CHECK(artifact.tensors[1].digests == artifact.tensors[0].digests);
}

TEST_CASE("conjugates and negatives are told, for their elements are stored as they were before") {
  PickleBuilder out;
  out.proto(2).global("torch._utils", "_rebuild_tensor_v2").mark().storage("FloatStorage", "0", 6).integer(0).integers({6});
  out.integers({1}).boolean(false).empty_ordered_dict().empty_dict().text("neg").boolean(true).setitem().tuple().reduce().stop();
  CHECK_THAT(message(inspected(torch_archive(out).build()), "tensor.lazy-sign"), Catch::Contains("the values are the negatives of what is stored"));
}

TEST_CASE("a subclass shows its class and what it keeps beside its elements") {
  PickleBuilder inner;
  inner.tensor("FloatStorage", "0", 6, {6}, {1});
  PickleBuilder out;
  out.proto(2).global("torch._tensor", "_rebuild_from_type_v2").mark().global("torch._utils", "_rebuild_tensor_v2");
  out.global("my.module", "Quantised").mark().storage("FloatStorage", "0", 6).integer(0).integers({6}).integers({1});
  out.boolean(false).empty_ordered_dict().tuple().empty_dict().text("scales").raw(inner.string()).setitem();
  out.text("bits").integer(4).setitem().tuple().reduce().stop();
  const auto artifact = inspected(torch_archive(out).build());
  CHECK(tensor_named(artifact, "scales") != nullptr);
  CHECK(*artifact.metadata.find("bits") == Value(4));
  REQUIRE(artifact.metadata.find("(tensor)") != nullptr);
  CHECK(*artifact.metadata.find("(tensor)")->find("class") == Value("my.module.Quantised"));
}
