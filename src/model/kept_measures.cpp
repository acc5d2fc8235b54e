// SPDX-License-Identifier: Apache-2.0
// size u32 | width u8 | what a measure needs to be read again | its numbers, 8 bytes each | its counts, `width` bytes each
#include "upinspect/measures.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>

namespace upinspect {

namespace {

std::uint8_t width_of(std::uint64_t largest) {
  return largest <= UINT8_MAX ? 1 : largest <= UINT16_MAX ? 2 : largest <= UINT32_MAX ? 4 : 8;
}

class Packer {
 public:
  explicit Packer(std::uint64_t largest_count) : m_width(width_of(largest_count)) {
    put(std::uint32_t{0});
    put(m_width);
  }

  template <class T>
  void put(T value) {
    static_assert(std::is_arithmetic_v<T>);
    std::array<char, sizeof(T)> raw{};
    std::memcpy(raw.data(), &value, sizeof(T));
    m_bytes.append(raw.data(), raw.size());
  }
  void count(std::uint64_t number) {
    switch (m_width) {
      case 1: return put(static_cast<std::uint8_t>(number));
      case 2: return put(static_cast<std::uint16_t>(number));
      case 4: return put(static_cast<std::uint32_t>(number));
      default: return put(number);
    }
  }
  [[nodiscard]] std::unique_ptr<unsigned char[]> take() const {
    auto out = std::make_unique<unsigned char[]>(m_bytes.size());
    std::memcpy(out.get(), m_bytes.data(), m_bytes.size());
    const auto size = static_cast<std::uint32_t>(m_bytes.size());
    std::memcpy(out.get(), &size, sizeof(size));
    return out;
  }

 private:
  std::uint8_t m_width;
  std::string m_bytes;
};

class Unpacker {
 public:
  explicit Unpacker(const unsigned char* bytes) : m_next(bytes + sizeof(std::uint32_t)), m_width(get<std::uint8_t>()) {}

  template <class T>
  T get() {
    T value{};
    std::memcpy(&value, m_next, sizeof(T));
    m_next += sizeof(T);
    return value;
  }
  std::uint64_t count() {
    switch (m_width) {
      case 1: return get<std::uint8_t>();
      case 2: return get<std::uint16_t>();
      case 4: return get<std::uint32_t>();
      default: return get<std::uint64_t>();
    }
  }

 private:
  const unsigned char* m_next;
  std::uint8_t m_width;
};

// --- Stats --------------------------------------------------------------------------------------------------------

template <class T>
void put_if(Packer& out, const T* value) {
  if (value != nullptr) {
    out.put(*value);
  }
}

void put_number(Packer& out, const Number& number) {
  out.put(static_cast<std::uint8_t>(number.index()));
  put_if(out, std::get_if<std::int64_t>(&number));
  put_if(out, std::get_if<std::uint64_t>(&number));
  put_if(out, std::get_if<double>(&number));
}

Number get_number(Unpacker& in) {
  switch (in.get<std::uint8_t>()) {
    case 1: return in.get<std::int64_t>();
    case 2: return in.get<std::uint64_t>();
    case 3: return in.get<double>();
    default: return {};
  }
}

void put_optional(Packer& out, const std::optional<double>& value) {
  out.put(static_cast<std::uint8_t>(value.has_value()));
  put_if(out, value ? &*value : nullptr);
}

std::optional<double> get_optional(Unpacker& in) {
  return in.get<std::uint8_t>() != 0 ? std::optional(in.get<double>()) : std::nullopt;
}

std::unique_ptr<unsigned char[]> pack(const Stats& stats) {
  const auto counts = {stats.zeros, stats.nans, stats.infs, stats.subnormals};
  Packer out(std::max(counts));
  put_number(out, stats.min);
  put_number(out, stats.max);
  put_optional(out, stats.mean);
  put_optional(out, stats.std);
  put_optional(out, stats.l2);
  for (const auto count : counts) {
    out.count(count);
  }
  return out.take();
}

void unpack(Unpacker& in, Stats& stats) {
  stats.min = get_number(in);
  stats.max = get_number(in);
  stats.mean = get_optional(in);
  stats.std = get_optional(in);
  stats.l2 = get_optional(in);
  for (auto* count : {&stats.zeros, &stats.nans, &stats.infs, &stats.subnormals}) {
    *count = in.count();
  }
}

// --- Entropy ------------------------------------------------------------------------------------------------------

std::unique_ptr<unsigned char[]> pack(const Entropy& entropy) {
  const auto largest = std::max_element(entropy.bit_ones.begin(), entropy.bit_ones.end());
  Packer out(std::max(entropy.elements, largest == entropy.bit_ones.end() ? 0 : *largest));
  out.put(static_cast<std::uint16_t>(entropy.byte_planes.size()));
  out.put(static_cast<std::uint16_t>(entropy.bit_ones.size()));
  out.put(entropy.byte);
  for (const auto plane : entropy.byte_planes) {
    out.put(plane);
  }
  out.count(entropy.elements);
  for (const auto ones : entropy.bit_ones) {
    out.count(ones);
  }
  return out.take();
}

void unpack(Unpacker& in, Entropy& entropy) {
  entropy.byte_planes.resize(in.get<std::uint16_t>());
  entropy.bit_ones.resize(in.get<std::uint16_t>());
  entropy.byte = in.get<double>();
  for (auto& plane : entropy.byte_planes) {
    plane = in.get<double>();
  }
  entropy.elements = in.count();
  for (auto& ones : entropy.bit_ones) {
    ones = in.count();
  }
}

}  // namespace

template <class Measure>
Kept<Measure>::Kept(const Measure& measure) : m_packed(pack(measure)) {}

template <class Measure>
Kept<Measure>::Kept(const Kept& other) {
  if (other.m_packed) {
    std::uint32_t size = 0;
    std::memcpy(&size, other.m_packed.get(), sizeof(size));
    m_packed = std::make_unique<unsigned char[]>(size);
    std::memcpy(m_packed.get(), other.m_packed.get(), size);
  }
}

template <class Measure>
Measure Kept<Measure>::operator*() const {
  Measure out;
  Unpacker in(m_packed.get());
  unpack(in, out);
  return out;
}

template class Kept<Stats>;
template class Kept<Entropy>;

}  // namespace upinspect
