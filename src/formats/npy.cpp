// SPDX-License-Identifier: Apache-2.0
// npy: one array of numpy behind a header (containers/npy_header.cpp has the grammar). What numpy refuses is an error
// here; what it lets pass against all expectation is a finding.
#include "containers/npy_header.hpp"
#include "formats/format.hpp"
#include "formats/npy_array.hpp"

namespace upinspect::formats::npy {

namespace {

constexpr std::size_t k_listed_fields = 256;

Value::Array fields(const containers::NumpyDtype& dtype) {
  Value::Array listed;
  for (const auto& field : dtype.fields) {
    if (listed.size() == k_listed_fields) {
      break;
    }
    Value::Object object{{"name", field.name}, {"dtype", field.dtype}, {"offset", field.offset}, {"bytes", field.bytes}};
    if (!field.shape.empty()) {
      object.emplace_back("shape", Value::Array(field.shape.begin(), field.shape.end()));
    }
    if (!field.title.empty()) {
      object.emplace_back("title", field.title);
    }
    listed.emplace_back(std::move(object));
  }
  return listed;
}

void describe(model::Builder& builder, const containers::NpyHeader& header) {
  builder.detail("version", std::to_string(header.major) + "." + std::to_string(header.minor));
  builder.detail("order", header.fortran_order ? "fortran" : "c");
  builder.detail("byte_order", header.dtype.order == ByteOrder::big ? "big" : "little");
  if (header.dtype.structured) {
    builder.detail("fields", fields(header.dtype));
    builder.detail("field_count", static_cast<std::uint64_t>(header.dtype.fields.size()));
  }
}

}  // namespace

Claim sniff(const Probe& probe) noexcept {
  return probe.starts_with(containers::k_npy_magic) ? Claim::certain : Claim::none;
}

void read(const Probe&, model::Builder& builder) {
  auto in = builder.cursor();
  const NpyPlace place{builder.source(), in.end()};
  const auto header = read_npy(builder, place, in, {});
  describe(builder, header);
  add_npy_array(builder, header, place, {});
}

}  // namespace upinspect::formats::npy
