// SPDX-License-Identifier: Apache-2.0
#include "convert/arrange.hpp"

#include "convert/refusal.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace upinspect::convert {

namespace {

/// Held while a matrix is rearranged. Halves of adapters are far smaller.
constexpr std::uint64_t k_most_bytes = std::uint64_t{1} << 30;

using Bytes = std::vector<std::byte>;

std::size_t element_bytes(const Outgoing& matrix) {
  const auto& dtype = info(matrix.dtype);
  if (dtype.block_elements != 1 || dtype.block_bytes == 0) {
    throw Refusal("\"" + matrix.name + "\" is " + std::string(dtype.name) +
                  ", whose elements cannot be moved one by one");
  }
  return dtype.block_bytes;
}

Bytes loaded(const Outgoing& matrix) {
  Bytes bytes;
  matrix.produce([&bytes, &matrix](std::span<const std::byte> piece) {
    if (piece.size() > k_most_bytes - bytes.size()) {
      throw Refusal("\"" + matrix.name + "\" is too large to be rearranged (more than 1 GiB)");
    }
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  });
  return bytes;
}

void produce_transposed(const Outgoing& matrix, const ElementSink& sink) {
  const auto width = element_bytes(matrix);
  const auto rows = matrix.shape.at(0);
  const auto columns = matrix.shape.at(1);
  const auto bytes = loaded(matrix);
  Bytes row(rows * width);
  for (std::uint64_t column = 0; column < columns; ++column) {
    for (std::uint64_t i = 0; i < rows; ++i) {
      const auto from = std::span(bytes).subspan((i * columns + column) * width, width);
      std::copy(from.begin(), from.end(), row.begin() + static_cast<std::ptrdiff_t>(i * width));
    }
    sink(row);
  }
}

struct Spread {
  std::vector<Outgoing> parts;
  std::uint64_t rows_each;
  std::vector<BlockPlace> places;
  std::vector<std::uint64_t> shape;

  void produce(const ElementSink& sink) const;
  /// Rows of the block, from `bytes`, each at its place in a row of the whole.
  void block(std::span<const std::byte> bytes, std::uint64_t rows, std::uint64_t columns, const BlockPlace& place,
             const ElementSink& sink) const;
  [[nodiscard]] std::size_t width() const { return element_bytes(parts.front()); }
};

void Spread::block(std::span<const std::byte> bytes, std::uint64_t rows, std::uint64_t columns, const BlockPlace& place,
                   const ElementSink& sink) const {
  for (std::uint64_t i = 0; i < rows; ++i) {
    Bytes row(shape[1] * width());
    const auto from = bytes.subspan(i * columns * width(), columns * width());
    std::copy(from.begin(), from.end(), row.begin() + static_cast<std::ptrdiff_t>(place.column * width()));
    sink(row);
  }
}

void Spread::produce(const ElementSink& sink) const {
  std::uint64_t row = 0;
  std::size_t next = 0;
  const Bytes nothing(shape[1] * width());
  for (const auto& part : parts) {
    const auto bytes = loaded(part);
    const auto rows = rows_each == 0 ? part.shape.at(0) : rows_each;
    const auto columns = part.shape.at(1);
    for (std::uint64_t first = 0; first + rows <= part.shape.at(0) && next < places.size(); first += std::max<std::uint64_t>(rows, 1)) {
      for (; row < places[next].row; ++row) {
        sink(nothing);
      }
      block(std::span(bytes).subspan(first * columns * width(), rows * columns * width()), rows, columns, places[next++], sink);
      row += rows;
    }
  }
  for (; row < shape[0]; ++row) {
    sink(nothing);
  }
}

void require_one_dtype(const std::vector<Outgoing>& parts) {
  for (const auto& part : parts) {
    if (part.dtype != parts.front().dtype) {
      throw Refusal("\"" + parts.front().name + "\" is " + std::string(info(parts.front().dtype).name) + ", \"" + part.name +
                    "\" is " + std::string(info(part.dtype).name) + "; parts of one matrix have one dtype");
    }
  }
}

}  // namespace

Outgoing transposed(Outgoing matrix) {
  static_cast<void>(element_bytes(matrix));
  auto result = matrix;
  std::swap(result.shape.at(0), result.shape.at(1));
  result.produce = [matrix = std::move(matrix)](const ElementSink& sink) { produce_transposed(matrix, sink); };
  return result;
}

Outgoing with_rows(Outgoing matrix, std::vector<std::size_t> from) {
  auto result = matrix;
  result.produce = [matrix = std::move(matrix), from = std::move(from)](const ElementSink& sink) {
    const auto bytes = loaded(matrix);
    const auto width = bytes.size() / from.size();
    for (const auto row : from) {
      sink(std::span(bytes).subspan(row * width, width));
    }
  };
  return result;
}

Outgoing stacked(std::vector<Outgoing> parts) {
  require_one_dtype(parts);
  auto result = parts.front();
  result.shape.at(0) = 0;
  for (const auto& part : parts) {
    result.shape[0] += part.shape.at(0);
  }
  result.produce = [parts = std::move(parts)](const ElementSink& sink) {
    for (const auto& part : parts) {
      part.produce(sink);
    }
  };
  return result;
}

Outgoing spread(std::vector<Outgoing> parts, std::uint64_t rows_each, std::vector<BlockPlace> places,
                std::vector<std::uint64_t> shape) {
  require_one_dtype(parts);
  auto result = parts.front();
  result.shape = shape;
  auto work = std::make_shared<const Spread>(Spread{std::move(parts), rows_each, std::move(places), std::move(shape)});
  static_cast<void>(work->width());
  result.produce = [work](const ElementSink& sink) { work->produce(sink); };
  return result;
}

}  // namespace upinspect::convert
