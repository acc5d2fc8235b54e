// SPDX-License-Identifier: Apache-2.0
//
// A view is cut along its leading dimensions into bands whose elements fit the memory. A band's elements are looked up
// in one of two ways: where the stretch of storage that they span is small too, it is read whole and picked from;
// else each run of neighbouring elements (along the dimension of stride 1, for a transposed matrix a column of the
// band) is read by itself and its elements are scattered to their places.
#include "measure/gather.hpp"

#include <algorithm>
#include <vector>

namespace upinspect::measure {

namespace {

struct Axis {
  std::uint64_t size = 1;
  std::uint64_t stride = 0;  ///< in elements of the storage
};

/// A piece of the view: `axes` from an element of the storage on.
struct Band {
  std::uint64_t first = 0;
  std::vector<Axis> axes;

  [[nodiscard]] std::uint64_t elements() const {
    std::uint64_t count = 1;
    for (const auto& axis : axes) {
      count *= axis.size;
    }
    return count;
  }
  [[nodiscard]] std::uint64_t span() const {
    std::uint64_t last = 0;
    for (const auto& axis : axes) {
      last += (axis.size - 1) * axis.stride;
    }
    return last + 1;
  }
};

class Gatherer {
 public:
  Gatherer(const bytes::Source& storage, std::uint64_t start, std::uint64_t item, std::uint64_t memory,
           const ElementSink& sink)
      : m_storage(storage), m_start(start), m_item(item), m_room(std::max<std::uint64_t>(memory / 2 / item, 1)), m_sink(sink) {}

  void view(const Band& whole);

 private:
  void band(const Band& piece);
  void pick(const Band& piece);
  void scatter(const Band& piece);
  void scatter_run(const Band& piece, std::size_t run_axis, std::uint64_t source, std::uint64_t target,
                   std::uint64_t target_stride);
  void read(std::uint64_t element, std::vector<std::byte>& into, std::uint64_t count);

  const bytes::Source& m_storage;
  std::uint64_t m_start;
  std::uint64_t m_item;
  std::uint64_t m_room;  ///< elements
  const ElementSink& m_sink;
  std::vector<std::byte> m_in;
  std::vector<std::byte> m_out;
};

void Gatherer::read(std::uint64_t element, std::vector<std::byte>& into, std::uint64_t count) {
  into.resize(static_cast<std::size_t>(count * m_item));
  m_storage.read_at(m_start + element * m_item, into);
}

/// Cuts the view along its leading axes until a band fits the room, and visits the bands in row-major order.
void Gatherer::view(const Band& whole) {
  std::size_t cut = 0;
  std::uint64_t below = whole.elements();
  while (cut < whole.axes.size() && below > m_room) {
    below /= whole.axes[cut].size;
    ++cut;
  }
  if (cut == 0) {
    band(whole);
    return;
  }
  // Axes before `cut - 1` are walked one by one; axis `cut - 1` in steps of as many rows as fit.
  const auto last = cut - 1;
  const auto rows = std::max<std::uint64_t>(m_room / below, 1);
  std::vector<std::uint64_t> index(last, 0);
  for (;;) {
    Band piece;
    piece.first = whole.first;
    for (std::size_t i = 0; i < last; ++i) {
      piece.first += index[i] * whole.axes[i].stride;
    }
    const auto base = piece.first;
    piece.axes.assign(whole.axes.begin() + static_cast<std::ptrdiff_t>(last), whole.axes.end());
    for (std::uint64_t row = 0; row < whole.axes[last].size; row += rows) {
      piece.first = base + row * whole.axes[last].stride;
      piece.axes[0].size = std::min(rows, whole.axes[last].size - row);
      band(piece);
    }
    std::size_t axis = last;
    while (axis > 0 && ++index[axis - 1] == whole.axes[axis - 1].size) {
      index[--axis] = 0;
    }
    if (axis == 0) {
      return;
    }
  }
}

void Gatherer::band(const Band& piece) {
  m_out.resize(static_cast<std::size_t>(piece.elements() * m_item));
  if (piece.span() <= m_room) {
    pick(piece);
  } else {
    scatter(piece);
  }
  m_sink(m_out);
}

void Gatherer::pick(const Band& piece) {
  read(piece.first, m_in, piece.span());
  std::vector<std::uint64_t> index(piece.axes.size(), 0);
  std::uint64_t source = 0;
  auto out = m_out.begin();
  const auto item = static_cast<std::ptrdiff_t>(m_item);
  for (std::uint64_t left = piece.elements(); left > 0; --left) {
    const auto from = m_in.begin() + static_cast<std::ptrdiff_t>(source * m_item);
    out = std::copy(from, from + item, out);
    for (std::size_t axis = piece.axes.size(); axis-- > 0;) {
      source += piece.axes[axis].stride;
      if (++index[axis] < piece.axes[axis].size) {
        break;
      }
      source -= piece.axes[axis].stride * piece.axes[axis].size;
      index[axis] = 0;
    }
  }
}

void Gatherer::scatter(const Band& piece) {
  // The axis with the smallest stride gives the longest runs of neighbours in the storage.
  std::size_t run_axis = 0;
  for (std::size_t i = 1; i < piece.axes.size(); ++i) {
    const bool better = piece.axes[i].size > 1 &&
                        (piece.axes[run_axis].size <= 1 || piece.axes[i].stride < piece.axes[run_axis].stride);
    run_axis = better ? i : run_axis;
  }
  std::vector<std::uint64_t> target_strides(piece.axes.size(), 1);
  for (std::size_t i = piece.axes.size(); i-- > 1;) {
    target_strides[i - 1] = target_strides[i] * piece.axes[i].size;
  }
  std::vector<std::uint64_t> index(piece.axes.size(), 0);
  for (;;) {
    std::uint64_t source = 0;
    std::uint64_t target = 0;
    for (std::size_t i = 0; i < index.size(); ++i) {
      source += index[i] * piece.axes[i].stride;
      target += index[i] * target_strides[i];
    }
    scatter_run(piece, run_axis, piece.first + source, target, target_strides[run_axis]);
    std::size_t axis = piece.axes.size();
    while (axis > 0 && (axis - 1 == run_axis || ++index[axis - 1] == piece.axes[axis - 1].size)) {
      index[--axis] = 0;
    }
    if (axis == 0) {
      return;
    }
  }
}

void Gatherer::scatter_run(const Band& piece, std::size_t run_axis, std::uint64_t source, std::uint64_t target,
                           std::uint64_t target_stride) {
  const auto& axis = piece.axes[run_axis];
  const auto item = static_cast<std::ptrdiff_t>(m_item);
  // Runs whose elements lie far apart are read in stretches that fit the room.
  const auto step = std::max<std::uint64_t>(axis.stride, 1);
  const auto at_once = std::max<std::uint64_t>(m_room / step, 1);
  for (std::uint64_t done = 0; done < axis.size; done += at_once) {
    const auto count = std::min(at_once, axis.size - done);
    read(source + done * axis.stride, m_in, (count - 1) * axis.stride + 1);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto from = m_in.begin() + static_cast<std::ptrdiff_t>(i * axis.stride * m_item);
      std::copy(from, from + item, m_out.begin() + static_cast<std::ptrdiff_t>((target + (done + i) * target_stride) * m_item));
    }
  }
}

}  // namespace

void gather(const bytes::Source& storage, std::uint64_t storage_start, const Tensor& tensor, std::uint64_t memory,
            const ElementSink& sink) {
  if (tensor.elements == 0) {
    return;
  }
  Band whole;
  const auto strides = strides_of(tensor);
  whole.first = tensor.location.storage_offset;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    whole.axes.push_back(Axis{tensor.shape[i], static_cast<std::uint64_t>(strides[i])});
  }
  const auto item = tensor.bytes / tensor.elements;
  Gatherer(storage, storage_start, item, std::max(memory, item * 2), sink).view(whole);
}

}  // namespace upinspect::measure
