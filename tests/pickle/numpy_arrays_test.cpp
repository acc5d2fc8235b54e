// SPDX-License-Identifier: Apache-2.0
#include "pickle/numpy_arrays.hpp"

#include "pickle/machine.hpp"
#include "pickle/plain_values.hpp"
#include "support/catch.hpp"
#include "support/pickle_builder.hpp"

using namespace upinspect;
using namespace upinspect::pickle;
using test::PickleBuilder;

namespace {

/// numpy.dtype(code) with the byte order in its state, and its size where that is not in the code.
PickleBuilder dtype(std::string_view code, std::string_view order, std::int64_t size = -1) {
  PickleBuilder builder;
  builder.global("numpy", "dtype").mark().text(code).boolean(false).boolean(true).tuple().reduce();
  builder.mark().integer(3).text(order).none().none().none().integer(size).integer(-1).integer(0).tuple();
  return builder.build();
}

PickleBuilder array(const PickleBuilder& type, const std::vector<std::int64_t>& shape, const PickleBuilder& data,
                    bool fortran = false) {
  PickleBuilder builder;
  builder.proto(3).global("numpy.core.multiarray", "_reconstruct").mark().global("numpy", "ndarray").integers({0});
  builder.bytes("b").tuple().reduce().mark().integer(1).integers(shape).raw(type.string()).boolean(fortran);
  return builder.raw(data.string()).tuple().build();
}

NumpyRef array_of(PickleBuilder builder) {
  const auto program = run(builder.stop().source(), 0);
  REQUIRE(program.complete());
  REQUIRE(is_numpy(program.graph, program.root));
  return read_numpy(program.graph, program.root);
}

PickleBuilder data_of(std::size_t size) { return PickleBuilder().bytes(std::string(size, 'x')); }

}  // namespace

TEST_CASE("an array tells its type, shape, order and where its data lies") {
  const auto builder = array(dtype("f4", "<"), {2, 3}, data_of(24), true);
  const auto found = array_of(builder);
  CHECK(found.problem.empty());
  CHECK(found.dtype.descr == "<f4");
  CHECK(found.dtype.dtype == Dtype::f32);
  CHECK(found.shape == std::vector<std::uint64_t>{2, 3});
  CHECK(found.fortran);
  REQUIRE(found.data);
  CHECK(found.data->range == ByteRange{builder.size() - 26, 24});
}

TEST_CASE("byte orders and types are those of numpy's dtype.str") {
  const auto type_of = [](const PickleBuilder& type) { return array_of(array(type, {0}, data_of(0))).dtype; };
  CHECK(type_of(dtype("i2", ">")).descr == ">i2");
  CHECK(type_of(dtype("i2", ">")).order == ByteOrder::big);
  CHECK(type_of(dtype("b1", "|")).dtype == Dtype::boolean);
  CHECK(type_of(dtype("c16", "<")).dtype == Dtype::c128);
  CHECK(type_of(dtype("u8", "=")).native_order);
  const auto text = type_of(dtype("U2", "<", 8));
  CHECK(text.descr == "<U2");
  CHECK(text.item_bytes == 8);
  CHECK(text.dtype == Dtype::other);
  CHECK(text.dtype_name == "<U2");
  CHECK(type_of(dtype("V12", "|", 12)).item_bytes == 12);
  PickleBuilder small;
  small.global("numpy", "dtype").global("ml_dtypes", "bfloat16").op(Opcode::tuple1).reduce();
  CHECK(type_of(small).dtype == Dtype::bf16);
  CHECK(type_of(small).item_bytes == 2);
}

TEST_CASE("arrays of objects have no data of their own") {
  const auto found = array_of(array(dtype("O8", "|"), {1}, PickleBuilder().empty_list().none().append()));
  CHECK(found.problem.empty());
  CHECK(found.dtype.objects);
  CHECK_FALSE(found.data);
}

TEST_CASE("the form of protocol 5 and masked arrays are read") {
  PickleBuilder buffer;
  buffer.proto(5).global("numpy._core.numeric", "_frombuffer").mark().raw(data_of(8).string());
  buffer.raw(dtype("f8", "<").string()).integers({1}).text("C").tuple().reduce();
  const auto found = array_of(buffer);
  CHECK(found.problem.empty());
  CHECK(found.dtype.dtype == Dtype::f64);

  PickleBuilder masked;
  masked.proto(3).global("numpy.ma.core", "_mareconstruct").mark().global("numpy.ma.core", "MaskedArray");
  masked.global("numpy", "ndarray").integers({0}).bytes("b").tuple().reduce().mark().integer(1).integers({2});
  masked.raw(dtype("i8", "<").string()).boolean(false).raw(data_of(16).string()).raw(data_of(2).string()).none();
  const auto mask = array_of(masked.tuple().build());
  CHECK(mask.problem.empty());
  CHECK(mask.masked);
  REQUIRE(mask.mask);
  CHECK(mask.mask->range.length == 2);
}

TEST_CASE("numpy scalars are values") {
  PickleBuilder builder;
  builder.proto(3).global("numpy.core.multiarray", "scalar").raw(dtype("i2", ">").string());
  builder.bytes(std::string("\x01\x02", 2)).op(Opcode::tuple2).reduce();
  const auto program = run(builder.stop().source(), 0);
  CHECK(plain_value(program.graph, program.root) == Value(258));
}

TEST_CASE("malformed arrays say what is wrong") {
  CHECK(array_of(array(dtype("f4", "<"), {2, 3}, data_of(23))).problem == "data has 23 bytes, the shape needs 24");
  CHECK(array_of(array(dtype("f4", "<"), {-1}, data_of(0))).problem == "shape has the negative dimension -1");
  const auto large = std::int64_t{1} << 62;
  CHECK(array_of(array(dtype("f4", "<"), {large, large}, data_of(0))).problem == "shape has more bytes than 2^64");
  CHECK(array_of(array(dtype("f", "<"), {0}, data_of(0))).problem == "dtype 'f' has no size");
  CHECK(array_of(array(PickleBuilder().none(), {0}, data_of(0))).problem == "dtype must be a numpy.dtype, not NoneType");
  CHECK(array_of(array(dtype("f4", "<"), {0}, PickleBuilder().integer(1))).problem == "data must be bytes, not int");
  PickleBuilder stateless;
  stateless.proto(3).global("numpy.core.multiarray", "_reconstruct").mark().none().tuple().reduce();
  CHECK(array_of(stateless).problem == "array has no state");
}
