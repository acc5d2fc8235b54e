// SPDX-License-Identifier: Apache-2.0
#include "report/tensor_json.hpp"

#include "report/json_rows.hpp"
#include "report/json_writer.hpp"
#include "report/span.hpp"
#include "report/words.hpp"

#include <type_traits>

namespace upinspect::report {
namespace {

void write_optional(JsonWriter& out, std::string_view name, const std::optional<double>& value) {
  if (value) {
    out.member(name, *value);
  } else {
    out.member(name, nullptr);
  }
}

void write_number(JsonWriter& out, std::string_view name, const Number& number) {
  out.key(name);
  std::visit(
      [&out](const auto& value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::monostate>) {
          out.value(nullptr);
        } else {
          out.value(value);
        }
      },
      number);
}

/// Most tensors are row-major and have few dimensions: no list is made of their strides.
void write_strides(JsonWriter& out, const Tensor& tensor) {
  const auto& shape = tensor.shape;
  if (!tensor.location.strides.empty() || shape.size() > 2 || tensor.elements == 0 || (!shape.empty() && shape.back() > INT64_MAX)) {
    write_row(out, "strides", strides_of(tensor));
    return;
  }
  out.key("strides");
  out.begin_array(JsonScope::row);
  if (shape.size() == 2) {
    out.value(shape.back());
  }
  if (!shape.empty()) {
    out.value(1);
  }
  out.end();
}

void write_location(JsonWriter& out, const Tensor& tensor) {
  const auto& location = tensor.location;
  const auto span = element_span(tensor);
  out.key("location");
  out.begin_object(JsonScope::row);
  out.member("offset", span.offset);
  out.member("length", span.length);
  if (!location.entry.empty()) {
    out.file_text("entry", location.entry);
  }
  write_strides(out, tensor);
  out.member("storage_offset", location.storage_offset);
  out.member("storage_bytes", location.storage_bytes);
  if (location.packing != Packing::stored) {
    out.member("packing", word(location.packing));
    out.member("unpacked_offset", location.storage_start);
  }
  if (location.order != ByteOrder::little) {
    out.member("byte_order", word(location.order));
  }
  out.end();
}

void write_digests(JsonWriter& out, const TensorDigests& digests) {
  out.key("digests");
  out.begin_object(JsonScope::row);
  if (digests.xxh3_128) {
    out.member("xxh3_128", *digests.xxh3_128);
  }
  if (digests.sha256) {
    out.member("sha256", *digests.sha256);
  }
  out.end();
}

void write_stats(JsonWriter& out, const Stats& stats) {
  out.key("stats");
  out.begin_object(JsonScope::row);
  write_number(out, "min", stats.min);
  write_number(out, "max", stats.max);
  write_optional(out, "mean", stats.mean);
  write_optional(out, "std", stats.std);
  write_optional(out, "l2", stats.l2);
  out.member("zeros", stats.zeros);
  out.member("nans", stats.nans);
  out.member("infs", stats.infs);
  out.member("subnormals", stats.subnormals);
  out.end();
}

void write_bit_planes(JsonWriter& out, const Entropy& entropy) {
  out.key("bit_planes");
  out.begin_array();
  const auto elements = static_cast<double>(entropy.elements);
  for (std::size_t bit = 0; bit < entropy.bit_ones.size(); ++bit) {
    out.begin_object(JsonScope::row);
    out.member("bit", bit);
    out.member("ones", entropy.bit_ones[bit]);
    if (entropy.elements != 0) {
      out.member("p_one", static_cast<double>(entropy.bit_ones[bit]) / elements);
    } else {
      out.member("p_one", nullptr);
    }
    out.end();
  }
  out.end();
}

void write_entropy(JsonWriter& out, const Entropy& entropy) {
  out.key("entropy");
  out.begin_object();
  out.member("byte", entropy.byte);
  write_row(out, "byte_planes", entropy.byte_planes);
  write_bit_planes(out, entropy);
  out.end();
}

}  // namespace

void write_tensor(JsonWriter& out, const Tensor& tensor) {
  out.begin_object();
  out.file_text("name", tensor.name);
  out.file_text("dtype", tensor.dtype_name);
  write_row(out, "shape", tensor.shape);
  out.member("elements", tensor.elements);
  out.member("bytes", tensor.bytes);
  write_location(out, tensor);
  write_digests(out, tensor.digests);
  if (tensor.stats) {
    write_stats(out, *tensor.stats);
  }
  if (tensor.entropy) {
    write_entropy(out, *tensor.entropy);
  }
  if (tensor.provenance != Provenance::unknown) {
    out.member("provenance", word(tensor.provenance));
  }
  if (!tensor.unread.empty()) {
    out.file_text("unread", tensor.unread);
  }
  out.end();
}

}  // namespace upinspect::report
