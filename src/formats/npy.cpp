// SPDX-License-Identifier: Apache-2.0
// npy: one array of numpy behind a header (containers/npy_header.cpp has the grammar). What numpy refuses is an error
// here; what it lets pass against all expectation is a finding.
#include "containers/npy_header.hpp"
#include "formats/format.hpp"
#include "formats/object_pickle.hpp"

#include <iterator>

namespace upinspect::formats::npy {

namespace {

using containers::NpyArray;
using containers::NpyHeader;

constexpr std::size_t k_listed_fields = 256;

Value::Array dimensions(const std::vector<std::uint64_t>& shape) { return {shape.begin(), shape.end()}; }

Value::Array fields(const containers::NumpyDtype& dtype) {
  Value::Array listed;
  for (const auto& field : dtype.fields) {
    if (listed.size() == k_listed_fields) {
      break;
    }
    Value::Object object{{"name", field.name}, {"dtype", field.dtype}, {"offset", field.offset}, {"bytes", field.bytes}};
    if (!field.shape.empty()) {
      object.emplace_back("shape", dimensions(field.shape));
    }
    if (!field.title.empty()) {
      object.emplace_back("title", field.title);
    }
    listed.emplace_back(std::move(object));
  }
  return listed;
}

void describe(model::Builder& builder, const NpyHeader& header) {
  builder.detail("version", std::to_string(header.major) + "." + std::to_string(header.minor));
  builder.detail("order", header.fortran_order ? "fortran" : "c");
  builder.detail("byte_order", header.dtype.order == ByteOrder::big ? "big" : "little");
  if (header.dtype.structured) {
    builder.detail("fields", fields(header.dtype));
    builder.detail("field_count", std::uint64_t{header.dtype.fields.size()});
  }
}

void keep(model::Builder& builder, std::vector<Finding> findings) {
  auto& all = builder.artifact.findings;
  all.insert(all.end(), std::make_move_iterator(findings.begin()), std::make_move_iterator(findings.end()));
}

/// The elements of an object array are whatever its pickle makes. True where that is an array.
bool read_objects(model::Builder& builder, ByteRange pickle) {
  builder.find("npy.object-array", Severity::warning,
               "the elements are Python objects: np.load(allow_pickle=True) would run the pickle in these bytes", pickle);
  builder.coverage.label(pickle, RegionKind::payload, "pickle of the objects");
  PickleSetting setting;
  setting.stream = &builder.source();
  return read_object_pickle(builder, setting, pickle);
}

void place(model::Builder& builder, const NpyHeader& header, NpyArray array) {
  const ByteRange data{header.data_start, array.there};
  array.tensor.location.packed = data;
  array.tensor.location.storage_bytes = data.length;
  if (!array.objects) {
    builder.coverage.label(data, RegionKind::tensor, "data");
  } else if (read_objects(builder, data)) {
    return;
  }
  builder.add(std::move(array.tensor));
}

}  // namespace

Claim sniff(const Probe& probe) noexcept {
  return probe.starts_with(containers::k_npy_magic) ? Claim::certain : Claim::none;
}

void read(const Probe&, model::Builder& builder) {
  auto in = builder.cursor();
  auto header = containers::read_npy_header(in);
  keep(builder, std::move(header.findings));
  describe(builder, header);
  auto array = containers::lay_out_npy(header, in.remaining(), containers::NpyStream::file);
  keep(builder, std::move(array.findings));
  place(builder, header, std::move(array));
}

}  // namespace upinspect::formats::npy
