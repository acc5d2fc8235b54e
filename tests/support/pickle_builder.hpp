// SPDX-License-Identifier: Apache-2.0
// Assembles pickles opcode by opcode, so that a malformed one is a few readable lines.
#pragma once

#include "bytes/source.hpp"
#include "pickle/opcodes.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::test {

class PickleBuilder {
 public:
  using Opcode = pickle::Opcode;

  PickleBuilder& op(Opcode code) { return byte(static_cast<std::uint8_t>(code)); }
  PickleBuilder& byte(std::uint8_t value) { return raw(std::string(1, static_cast<char>(value))); }
  PickleBuilder& raw(std::string_view bytes) {
    m_bytes += bytes;
    return *this;
  }
  PickleBuilder& repeat(std::size_t times, std::string_view bytes) {
    for (; times > 0; --times) {
      raw(bytes);
    }
    return *this;
  }
  /// The lowest `width` bytes of `value`, least significant first.
  PickleBuilder& le(std::uint64_t value, unsigned width) {
    for (; width > 0; --width, value >>= 8) {
      byte(static_cast<std::uint8_t>(value));
    }
    return *this;
  }

  PickleBuilder& proto(std::uint8_t version) { return op(Opcode::proto).byte(version); }
  PickleBuilder& mark() { return op(Opcode::mark); }
  PickleBuilder& stop() { return op(Opcode::stop); }
  PickleBuilder& none() { return op(Opcode::none); }
  PickleBuilder& boolean(bool value) { return op(value ? Opcode::newtrue : Opcode::newfalse); }
  /// BININT, or LONG1 of eight bytes where that is too small.
  PickleBuilder& integer(std::int64_t value) {
    if (value >= INT32_MIN && value <= INT32_MAX) {
      return op(Opcode::binint).le(static_cast<std::uint64_t>(value), 4);
    }
    return op(Opcode::long1).byte(8).le(static_cast<std::uint64_t>(value), 8);
  }
  PickleBuilder& text(std::string_view utf8) { return op(Opcode::binunicode).le(utf8.size(), 4).raw(utf8); }
  PickleBuilder& bytes(std::string_view content) { return op(Opcode::binbytes).le(content.size(), 4).raw(content); }
  PickleBuilder& global(std::string_view module, std::string_view name) {
    return op(Opcode::global).raw(module).raw("\n").raw(name).raw("\n");
  }
  PickleBuilder& put(std::uint8_t index) { return op(Opcode::binput).byte(index); }
  PickleBuilder& get(std::uint8_t index) { return op(Opcode::binget).byte(index); }
  PickleBuilder& empty_tuple() { return op(Opcode::empty_tuple); }
  PickleBuilder& empty_dict() { return op(Opcode::empty_dict); }
  PickleBuilder& empty_list() { return op(Opcode::empty_list); }
  PickleBuilder& tuple() { return op(Opcode::tuple); }
  PickleBuilder& reduce() { return op(Opcode::reduce); }
  PickleBuilder& build() { return op(Opcode::build); }
  PickleBuilder& persistent() { return op(Opcode::binpersid); }
  PickleBuilder& setitem() { return op(Opcode::setitem); }
  PickleBuilder& setitems() { return op(Opcode::setitems); }
  PickleBuilder& append() { return op(Opcode::append); }
  /// A tuple of integers.
  PickleBuilder& integers(const std::vector<std::int64_t>& values) {
    mark();
    for (const auto value : values) {
      integer(value);
    }
    return tuple();
  }
  PickleBuilder& empty_ordered_dict() { return global("collections", "OrderedDict").empty_tuple().reduce(); }

  /// The persistent id of a torch storage, and the storage.
  PickleBuilder& storage(std::string_view class_name, std::string_view key, std::int64_t elements,
                         std::string_view location = "cpu", std::string_view module = "torch") {
    mark().text("storage").global(module, class_name).text(key).text(location).integer(elements).tuple();
    return persistent();
  }
  /// A tensor as torch.save of version 2 writes it, contiguous strides not assumed.
  PickleBuilder& tensor(std::string_view class_name, std::string_view key, std::int64_t elements,
                        const std::vector<std::int64_t>& size, const std::vector<std::int64_t>& stride,
                        std::int64_t storage_offset = 0) {
    global("torch._utils", "_rebuild_tensor_v2").mark().storage(class_name, key, elements).integer(storage_offset);
    return integers(size).integers(stride).boolean(false).empty_ordered_dict().tuple().reduce();
  }

  [[nodiscard]] const std::string& string() const { return m_bytes; }
  [[nodiscard]] std::size_t size() const { return m_bytes.size(); }
  [[nodiscard]] bytes::MemorySource source() const { return source_of(m_bytes); }

  [[nodiscard]] static bytes::MemorySource source_of(std::string_view content) {
    const auto raw = std::as_bytes(std::span(content));
    return bytes::MemorySource(std::vector<std::byte>(raw.begin(), raw.end()));
  }

 private:
  std::string m_bytes;
};

}  // namespace upinspect::test
