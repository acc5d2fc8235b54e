// SPDX-License-Identifier: Apache-2.0
#include "lowbits/carriers.hpp"

#include "forensics/honest_planes.hpp"
#include "numeric/element_format.hpp"

#include <algorithm>
#include <fnmatch.h>

namespace upinspect::lowbits {
namespace {

/// Views of the same bytes, as tied weights are.
bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.location == b.location && a.shape == b.shape && a.location.packed.length != 0;
}

class Loader {
 public:
  Loader(const inspecting::Opened& opened, const Group& group, std::uint64_t most, const std::function<void(Loaded&)>& sink)
      : m_opened(opened), m_group(group), m_sink(sink) {
    m_width = width_of(group);
    m_most = std::max<std::uint64_t>(most / m_width, 1) * m_width;
    begin();
  }

  void load(std::size_t tensor) {
    m_first = 0;
    m_tensor = tensor;
    m_open = false;
    m_opened.stream(tensor, [this](std::span<const std::byte> piece) { take(piece); });
  }

  void finish() {
    if (!m_loaded.carrier.bytes.empty()) {
      m_sink(m_loaded);
    }
  }

 private:
  void begin() {
    m_loaded = Loaded{};
    m_loaded.carrier.width = m_width;
    m_loaded.carrier.fraction = forensics::fraction_bits(m_group.dtype);
    m_open = false;
  }

  void take(std::span<const std::byte> piece) {
    while (!piece.empty()) {
      auto& bytes = m_loaded.carrier.bytes;
      const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(m_most - bytes.size(), piece.size()));
      open_part();
      bytes.insert(bytes.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(room));
      m_loaded.carrier.parts.back().count += room / m_width;
      m_first += room / m_width;
      piece = piece.subspan(room);
      if (bytes.size() == m_most) {
        m_sink(m_loaded);
        begin();
      }
    }
  }

  void open_part() {
    if (m_open) {
      return;
    }
    const auto& tensor = m_opened.artifact().tensors[m_tensor];
    forensics::CarrierPart part;
    part.tensor = tensor.name;
    part.first = m_first;
    part.start = m_loaded.carrier.bytes.size() / m_width;
    part.listed = m_tensor;
    part.flat = tensor.shape.size() < 2;
    m_loaded.carrier.parts.push_back(std::move(part));
    m_loaded.tensors.push_back(m_tensor);
    m_open = true;
  }

  const inspecting::Opened& m_opened;
  const Group& m_group;
  const std::function<void(Loaded&)>& m_sink;
  unsigned m_width = 1;
  std::uint64_t m_most = 0;
  Loaded m_loaded;
  std::size_t m_tensor = 0;
  std::uint64_t m_first = 0;
  bool m_open = false;
};

}  // namespace

std::vector<Group> groups_of(const Artifact& artifact, const std::string& glob) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < artifact.tensors.size(); ++i) {
    const auto& tensor = artifact.tensors[i];
    if (tensor.elements != 0 && tensor.bytes != 0 && (glob.empty() || fnmatch(glob.c_str(), tensor.name.c_str(), 0) == 0)) {
      order.push_back(i);
    }
  }
  if (!artifact.format.id.ends_with("-index")) {
    const auto start = [&](std::size_t i) {
      const auto& location = artifact.tensors[i].location;
      return std::pair(location.packed.offset, location.storage_offset);
    };
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return start(a) < start(b); });
  }
  std::vector<Group> groups;
  const Tensor* previous = nullptr;
  for (const auto index : order) {
    const auto& tensor = artifact.tensors[index];
    if (previous != nullptr && same_bytes(*previous, tensor)) {
      continue;
    }
    previous = &tensor;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& known) { return known.dtype == tensor.dtype; });
    if (group == groups.end()) {
      group = groups.insert(groups.end(), Group{tensor.dtype, {}, 0});
    }
    group->tensors.push_back(index);
    group->bytes += tensor.bytes;
  }
  return groups;
}

unsigned width_of(const Group& group) { return numeric::element_format(group.dtype).width; }

std::uint64_t carriers_of(const Group& group, std::uint64_t most) { return std::max<std::uint64_t>(1, (group.bytes + most - 1) / most); }

void load_group(const inspecting::Opened& opened, const Group& group, std::uint64_t most, const std::function<void(Loaded&)>& sink,
                const std::function<void(std::size_t tensor, const std::string& why)>& unread) {
  Loader loader(opened, group, most, sink);
  for (const auto tensor : group.tensors) {
    try {
      loader.load(tensor);
    } catch (const InputError& error) {
      unread(tensor, error.what());
    }
  }
  loader.finish();
}

}  // namespace upinspect::lowbits
