// SPDX-License-Identifier: Apache-2.0
// miniz sorts the directory by name with a heap sort, which leaves equal names in an order of its own, and looks names
// up by halving, which stops at whichever equal name it hits first. Doing both step by step gives its choice.
#include "containers/zip_torch_lookup.hpp"

#include <algorithm>
#include <compare>
#include <numeric>
#include <utility>

namespace upinspect::containers {

namespace {

unsigned char lower(char c) { return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); }

std::weak_ordering compare_any_case(std::string_view a, std::string_view b) {
  const auto shared = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < shared; ++i) {
    if (lower(a[i]) != lower(b[i])) {
      return lower(a[i]) <=> lower(b[i]);
    }
  }
  return a.size() <=> b.size();
}

/// The heap sort of miniz 3, in its order of swaps.
class HeapSort {
 public:
  HeapSort(const std::vector<ZipEntry>& entries, std::vector<std::uint32_t>& order) : m_entries(entries), m_order(order) {}

  void run() {
    const auto size = m_order.size();
    for (std::size_t start = size / 2; start-- > 0;) {
      sink(start, size);
    }
    for (std::size_t end = size; end-- > 1;) {
      std::swap(m_order[end], m_order[0]);
      sink(0, end);
    }
  }

 private:
  [[nodiscard]] bool less(std::size_t a, std::size_t b) const {
    return compare_any_case(m_entries[m_order[a]].name, m_entries[m_order[b]].name) < 0;
  }

  void sink(std::size_t root, std::size_t end) {
    for (auto child = 2 * root + 1; child < end; child = 2 * root + 1) {
      child += child + 1 < end && less(child, child + 1) ? 1U : 0U;
      if (!less(root, child)) {
        return;
      }
      std::swap(m_order[root], m_order[child]);
      root = child;
    }
  }

  const std::vector<ZipEntry>& m_entries;
  std::vector<std::uint32_t>& m_order;
};

}  // namespace

std::vector<std::size_t> find_any_case(const ZipDirectory& directory, std::string_view name) {
  auto found = directory.find_similar(name);
  std::erase_if(found, [&](std::size_t i) { return compare_any_case(directory.entries[i].name, name) != 0; });
  return found;
}

void TorchLookup::sort() {
  m_order.resize(m_directory.entries.size());
  std::iota(m_order.begin(), m_order.end(), std::uint32_t{0});
  HeapSort(m_directory.entries, m_order).run();
}

const ZipEntry* TorchLookup::find(std::string_view name) {
  const auto all = find_any_case(m_directory, name);
  if (all.size() < 2) {
    return all.empty() ? nullptr : &m_directory.entries[all.front()];
  }
  if (m_order.empty()) {
    sort();
  }
  std::size_t low = 0;
  std::size_t high = m_order.size();  // one past the last
  while (low < high) {
    const auto middle = low + (high - 1 - low) / 2;
    const auto& entry = m_directory.entries[m_order[middle]];
    const auto order = compare_any_case(entry.name, name);
    if (order == 0) {
      return &entry;
    }
    (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
  }
  return &m_directory.entries[all.front()];
}

}  // namespace upinspect::containers
