// SPDX-License-Identifier: Apache-2.0
#include "forensics/carrier.hpp"

#include "forensics/field_packer.hpp"

#include <algorithm>
#include <numeric>

namespace upinspect::forensics {

Walk::Walk(const Carrier& carrier, std::vector<std::size_t> order) : m_carrier(carrier), m_order(std::move(order)) {
  for (const auto part : m_order) {
    m_starts.push_back(m_count);
    m_count += carrier.parts[part].count;
  }
}

Walk::Place Walk::place(std::size_t index) const {
  const auto after = std::upper_bound(m_starts.begin(), m_starts.end(), index);
  const auto step = static_cast<std::size_t>(after - m_starts.begin()) - 1;
  return {step, index - m_starts[step]};
}

std::size_t Walk::index_of(std::size_t carrier_element) const {
  for (std::size_t step = 0; step < m_order.size(); ++step) {
    const auto& part = m_carrier.parts[m_order[step]];
    if (carrier_element >= part.start && carrier_element - part.start < part.count) {
      return m_starts[step] + carrier_element - part.start;
    }
  }
  return m_count;
}

std::vector<std::byte> Walk::read(const Field& field, unsigned character_bits, std::uint64_t from, std::uint64_t characters) const {
  const auto taken = elements_of(field, m_count);
  const auto first = static_cast<std::size_t>(from / field.bits);
  const auto rest = static_cast<unsigned>(from % field.bits);
  if (first >= taken) {
    return {};
  }
  const auto wanted = (characters * character_bits + rest + field.bits - 1) / field.bits;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, taken - first));
  std::vector<std::byte> elements;
  elements.reserve(count * m_carrier.width);
  Place at{};
  for (std::size_t i = 0; i < count; ++i) {
    const auto index = element_at(field, m_count, first + i);
    const bool same_part = i != 0 && index >= m_starts[at.step] && index - m_starts[at.step] < part(at).count;
    at = same_part ? Place{at.step, index - m_starts[at.step]} : place(index);
    const auto offset = (part(at).start + at.element) * m_carrier.width;
    elements.insert(elements.end(), m_carrier.bytes.begin() + static_cast<std::ptrdiff_t>(offset),
                    m_carrier.bytes.begin() + static_cast<std::ptrdiff_t>(offset + m_carrier.width));
  }
  auto plain = field;
  plain.stride = 1;
  plain.phase = 0;
  plain.reversed = false;
  return read_characters({elements, m_carrier.width}, plain, character_bits, rest, characters);
}

std::vector<Walk> walks_of(const Carrier& carrier) {
  std::vector<std::size_t> filed(carrier.parts.size());
  std::iota(filed.begin(), filed.end(), std::size_t{0});
  auto listed = filed;
  std::stable_sort(listed.begin(), listed.end(), [&](auto a, auto b) { return carrier.parts[a].listed < carrier.parts[b].listed; });
  auto named = listed;
  std::stable_sort(named.begin(), named.end(), [&](auto a, auto b) { return carrier.parts[a].tensor < carrier.parts[b].tensor; });
  std::vector<std::vector<std::size_t>> orders;
  const auto add = [&orders](std::vector<std::size_t> order) {
    if (!order.empty() && std::find(orders.begin(), orders.end(), order) == orders.end()) {
      orders.push_back(std::move(order));
    }
  };
  for (const auto& order : {filed, listed, named}) {
    add(order);
  }
  for (const auto& order : {filed, listed, named}) {
    add({order.rbegin(), order.rend()});
  }
  for (auto order : {listed, named}) {
    order.erase(std::remove_if(order.begin(), order.end(), [&](auto part) { return carrier.parts[part].flat; }), order.end());
    add(std::move(order));
  }
  std::vector<Walk> walks;
  for (auto& order : orders) {
    walks.emplace_back(carrier, std::move(order));
  }
  return walks;
}

}  // namespace upinspect::forensics
