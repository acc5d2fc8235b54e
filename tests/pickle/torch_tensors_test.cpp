// SPDX-License-Identifier: Apache-2.0
#include "pickle/torch_tensors.hpp"

#include "pickle/machine.hpp"
#include "pickle/torch_dtypes.hpp"
#include "support/catch.hpp"
#include "support/pickle_builder.hpp"

using namespace upinspect;
using namespace upinspect::pickle;
using test::PickleBuilder;

namespace {

/// The tensor that a pickle returns.
TensorRef tensor_of(PickleBuilder builder) {
  const auto program = run(builder.stop().source(), 0);
  INFO((program.failure ? program.failure->message : std::string()));
  REQUIRE(program.complete());
  REQUIRE(is_tensor(program.graph, program.root));
  return read_tensor(program.graph, program.root);
}

TensorRef view_of(const std::vector<std::int64_t>& size, const std::vector<std::int64_t>& stride,
                  std::int64_t offset = 0) {
  return tensor_of(PickleBuilder().proto(2).tensor("FloatStorage", "0", 6, size, stride, offset));
}

/// The first arguments of a function that takes a storage of six floats.
PickleBuilder with_view(std::string_view function) {
  PickleBuilder builder;
  builder.proto(2).global("torch._utils", function).mark().storage("FloatStorage", "0", 6);
  return builder.integer(0).integers({2, 3}).integers({3, 1});
}

PickleBuilder& plain(PickleBuilder& builder, std::string_view storage = "LongStorage") {
  return builder.tensor(storage, "7", 6, {6}, {1});
}

}  // namespace

TEST_CASE("a tensor of version 2 tells its storage, its view and its place") {
  const auto tensor = view_of({2, 3}, {3, 1});
  CHECK(tensor.problem.empty());
  CHECK(tensor.dtype == Dtype::f32);
  CHECK(tensor.dtype_name == "f32");
  CHECK(tensor.element_bytes == 4);
  CHECK(tensor.size == std::vector<std::int64_t>{2, 3});
  CHECK(tensor.stride == std::vector<std::int64_t>{3, 1});
  REQUIRE(tensor.storage);
  CHECK(tensor.storage->class_name == "torch.FloatStorage");
  CHECK(tensor.storage->key == "0");
  CHECK(tensor.storage->location == "cpu");
  CHECK(tensor.storage->elements == 6);
  CHECK(tensor.storage->bytes == 24);
  CHECK_FALSE(tensor.requires_grad);
}

TEST_CASE("views that torch refuses are told with the reason, those it takes are not") {
  CHECK(view_of({6}, {1}, 1).problem == "view reaches element 6 of a storage of 6");
  CHECK(view_of({6}, {1}, -1).problem == "view begins at the negative element -1");
  CHECK(view_of({6}, {-1}).problem == "view has the negative stride -1 in dimension 0");
  CHECK(view_of({-6}, {1}).problem == "view has the negative size -6 in dimension 0");
  CHECK(view_of({2, 3}, {1}).problem == "view has 2 dimensions but 1 strides");
  CHECK(view_of({std::int64_t{1} << 33, std::int64_t{1} << 33}, {0, 0}).problem == "view has more elements than 2^63");
  CHECK(view_of({3}, {std::int64_t{1} << 62}).problem == "view reaches element 9223372036854775808 of a storage of 6");
  CHECK(view_of({2}, {std::int64_t{1} << 62}).problem == "view reaches element 4611686018427387904 of a storage of 6");
  CHECK(view_of({std::int64_t{1} << 62}, {0}).problem.empty());
  CHECK(view_of({0}, {1}, 6).problem.empty());
  CHECK(view_of({}, {}).problem.empty());
}

TEST_CASE("size and stride may be lists and torch.Size, hooks may be None, conj and neg are read") {
  PickleBuilder builder;
  builder.proto(2).global("torch._utils", "_rebuild_tensor_v2").mark().storage("ComplexFloatStorage", "0", 6);
  builder.integer(0).empty_list().mark().integer(6).op(Opcode::appends);
  builder.global("torch", "Size").integers({1}).op(Opcode::tuple1).reduce();
  builder.boolean(true).none().empty_dict().text("conj").boolean(true).setitem().tuple().reduce();
  const auto tensor = tensor_of(builder);
  CHECK(tensor.problem.empty());
  CHECK(tensor.dtype == Dtype::c64);
  CHECK(tensor.requires_grad);
  CHECK(tensor.conjugate);
  CHECK_FALSE(tensor.negative);
}

TEST_CASE("version 3 takes its dtype from the arguments and its room from bytes") {
  PickleBuilder builder;
  builder.proto(2).global("torch._utils", "_rebuild_tensor_v3").mark();
  builder.storage("UntypedStorage", "3", 12, "cuda:1", "torch.storage").integer(0).integers({6}).integers({1});
  builder.boolean(false).none().global("torch", "uint16").tuple().reduce();
  const auto tensor = tensor_of(builder);
  CHECK(tensor.problem.empty());
  CHECK(tensor.dtype == Dtype::u16);
  CHECK(tensor.storage->untyped);
  CHECK(tensor.storage->bytes == 12);
  CHECK(tensor.storage->location == "cuda:1");
}

TEST_CASE("parameters and subclasses are looked through") {
  PickleBuilder parameter;
  parameter.proto(2).global("torch._utils", "_rebuild_parameter").mark();
  plain(parameter, "HalfStorage").boolean(true).empty_ordered_dict().tuple().reduce();
  const auto weight = tensor_of(parameter);
  CHECK(weight.is_parameter);
  CHECK(weight.requires_grad);
  CHECK(weight.dtype == Dtype::f16);

  auto typed = PickleBuilder().proto(2).global("torch._tensor", "_rebuild_from_type_v2").mark();
  typed.global("torch._utils", "_rebuild_tensor_v2").global("bitsandbytes.nn.modules", "Params4bit").mark();
  typed.storage("ByteStorage", "0", 6).integer(0).integers({6}).integers({1}).boolean(false).none().tuple();
  typed.empty_dict().tuple().reduce();
  const auto wrapped = tensor_of(typed);
  CHECK(wrapped.problem.empty());
  CHECK(wrapped.subclass == "bitsandbytes.nn.modules.Params4bit");
  CHECK(wrapped.dtype == Dtype::u8);
}

TEST_CASE("the forms of torch 0.1 to 0.3 are read") {
  PickleBuilder old;
  old.proto(2).global("torch", "FloatTensor").empty_tuple().op(Opcode::newobj).mark();
  old.storage("FloatStorage", "94", 6).integer(1).integers({5}).integers({1}).tuple().build();
  const auto tensor = tensor_of(old);
  CHECK(tensor.problem.empty());
  CHECK(tensor.storage_offset == 1);
  CHECK(tensor.dtype == Dtype::f32);

  PickleBuilder variable;
  variable.proto(2).global("torch.autograd.variable", "Variable").empty_tuple().op(Opcode::newobj).mark();
  plain(variable, "DoubleStorage").none().none().boolean(true).boolean(false).tuple().build();
  const auto held = tensor_of(variable);
  CHECK(held.problem.empty());
  CHECK(held.dtype == Dtype::f64);
  CHECK(held.requires_grad);

  CHECK(tensor_of(with_view("_rebuild_tensor").tuple().reduce()).problem.empty());
}

TEST_CASE("legacy storages tell the view that they are") {
  PickleBuilder builder;
  builder.proto(2).global("torch._utils", "_rebuild_tensor").mark();
  builder.mark().text("storage").global("torch", "FloatStorage").text("12").text("cpu").integer(6);
  builder.mark().text("13").integer(2).integer(4).tuple().tuple().persistent();
  const auto tensor = tensor_of(builder.integer(0).integers({6}).integers({1}).tuple().reduce());
  REQUIRE(tensor.storage);
  CHECK(tensor.storage->view == StorageView{"13", 2, 4});
}

TEST_CASE("quantised tensors tell scheme, scale and zero point, per channel with their parts") {
  PickleBuilder builder;
  builder.proto(2).global("torch._utils", "_rebuild_qtensor").mark().storage("QInt8Storage", "0", 6).integer(0);
  builder.integers({6}).integers({1}).mark().global("torch", "per_tensor_affine").raw("G?\xe0").raw(std::string(6, '\0'));
  const auto tensor = tensor_of(builder.integer(3).tuple().boolean(false).none().tuple().reduce());
  CHECK(tensor.problem.empty());
  REQUIRE(tensor.quantiser);
  CHECK(tensor.quantiser->scheme == "per_tensor_affine");
  CHECK(tensor.quantiser->scale == 0.5);
  CHECK(tensor.quantiser->zero_point == 3);

  PickleBuilder channels;
  channels.proto(2).global("torch._utils", "_rebuild_qtensor").mark().storage("QUInt8Storage", "0", 6).integer(0);
  channels.integers({2, 3}).integers({3, 1}).mark().global("torch", "per_channel_affine");
  plain(plain(channels, "DoubleStorage")).integer(1).tuple().boolean(false).none().tuple().reduce();
  const auto parts = tensor_of(channels);
  CHECK(parts.problem.empty());
  REQUIRE(parts.components.size() == 2);
  CHECK(parts.components[0].role == "scales");
  CHECK(parts.components[0].tensor.dtype == Dtype::f64);
  CHECK(parts.quantiser->axis == 1);
}

TEST_CASE("sparse tensors are their components") {
  PickleBuilder builder;
  builder.proto(2).global("torch._utils", "_rebuild_sparse_tensor").mark();
  builder.global("torch.serialization", "_get_layout").text("torch.sparse_coo").op(Opcode::tuple1).reduce().mark();
  plain(plain(builder), "FloatStorage").integers({3, 3}).tuple().tuple().reduce();
  const auto tensor = tensor_of(builder);
  CHECK(tensor.problem.empty());
  CHECK(tensor.layout == TensorLayout::sparse_coo);
  CHECK(tensor.size == std::vector<std::int64_t>{3, 3});
  CHECK(tensor.dtype == Dtype::f32);
  REQUIRE(tensor.components.size() == 2);
  CHECK(tensor.components[0].role == "indices");
  CHECK(tensor.components[0].tensor.dtype == Dtype::i64);
}

TEST_CASE("meta tensors have a shape and no storage") {
  PickleBuilder builder;
  builder.proto(2).global("torch._utils", "_rebuild_meta_tensor_no_storage").mark().global("torch", "bfloat16");
  const auto tensor = tensor_of(builder.integers({2, 3}).integers({3, 1}).boolean(false).tuple().reduce());
  CHECK(tensor.layout == TensorLayout::meta);
  CHECK(tensor.dtype == Dtype::bf16);
  CHECK_FALSE(tensor.storage);
}

TEST_CASE("malformed tensors say what is wrong and where") {
  const auto problem_of = [](PickleBuilder& builder) { return tensor_of(builder).problem; };
  auto missing = PickleBuilder().proto(2).global("torch._utils", "_rebuild_tensor_v2").empty_tuple().reduce();
  CHECK(problem_of(missing) == "arguments of the tensor are 0, at least 4 are needed");
  auto unknown = PickleBuilder().proto(2).tensor("EvilStorage", "0", 6, {6}, {1});
  CHECK(problem_of(unknown) == "storage class torch.EvilStorage is none of torch's");
  auto negative = PickleBuilder().proto(2).tensor("FloatStorage", "0", -1, {6}, {1});
  CHECK(problem_of(negative) == "number of elements is negative: -1");
  const auto where = tensor_of(negative);
  CHECK(where.problem_offset == 83);
  auto no_storage = PickleBuilder().proto(2).global("torch._utils", "_rebuild_tensor").integers({1, 2, 3, 4}).reduce();
  CHECK(problem_of(no_storage) == "storage must be a persistent id, not int");
  PickleBuilder module;
  module.proto(2).global("torch._utils", "_rebuild_tensor").mark().mark().text("module").none().none().none().none();
  module.tuple().persistent().none().none().none().tuple().reduce();
  CHECK(problem_of(module) == "persistent id is a 'module' where a storage was expected");
  auto deep = view_of(std::vector<std::int64_t>(65, 1), std::vector<std::int64_t>(65, 1));
  CHECK(deep.problem == "size has 65 dimensions, at most 64 are read");
}

TEST_CASE("storages are known by their name whatever their module, as torch does it") {
  PickleBuilder builder;
  builder.proto(2).global("torch._utils", "_rebuild_tensor").mark();
  builder.storage("FloatStorage", "0", 6, "cpu", "bogus.mod").integer(0).integers({6}).integers({1});
  const auto tensor = tensor_of(builder.tuple().reduce());
  CHECK(tensor.problem.empty());
  CHECK(tensor.storage->class_name == "bogus.mod.FloatStorage");
}

TEST_CASE("every dtype of torch has a name and a size that agree with the public table") {
  for (const auto& row : torch_dtypes()) {
    INFO(row.name);
    CHECK(torch_dtype(row.name) == &row);
    if (row.dtype != Dtype::other) {
      CHECK(info(row.dtype).block_bytes == row.bytes);
    }
    if (!row.storage.empty()) {
      CHECK(dtype_of_storage(row.storage) == &row);
    }
  }
  CHECK(torch_dtype("half")->dtype == Dtype::f16);
  CHECK(torch_dtype("float128") == nullptr);
  CHECK(is_tensor_class("HalfTensor"));
  CHECK_FALSE(is_tensor_class("EvilTensor"));
}
