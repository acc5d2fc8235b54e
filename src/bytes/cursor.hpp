// SPDX-License-Identifier: Apache-2.0
// The one class that touches raw bytes: to read a field is to name it.
#pragma once

#include "bytes/parse_error.hpp"
#include "bytes/source.hpp"
#include "upinspect/artifact.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::bytes {

/// Receives the label of every stretch of the file that a cursor reads.
class LabelSink {
 public:
  virtual ~LabelSink() = default;
  virtual void label(ByteRange range, RegionKind kind, std::string_view what) = 0;
  /// The label "`what` `name`".
  virtual void label_named(ByteRange range, RegionKind kind, std::string_view what, std::string_view name) {
    label(range, kind, std::string(what).append(1, ' ').append(name));
  }
  /// So many labels are about to come; they may be fewer or more.
  virtual void expect(std::size_t /*labels*/) {}
};

/// Fields that are known to be there, read as a Cursor reads them.
class FieldBlock {
 public:
  explicit FieldBlock(const std::byte* at) noexcept : m_at(at) {}
  template <std::integral T>
  [[nodiscard]] T le(std::string_view /*field*/) noexcept {
    std::array<std::byte, sizeof(T)> raw;
    std::memcpy(raw.data(), m_at, sizeof(T));
    m_at += sizeof(T);
    if constexpr (std::endian::native != std::endian::little) {
      std::reverse(raw.begin(), raw.end());
    }
    return std::bit_cast<T>(raw);
  }
  void skip(std::uint64_t length, std::string_view /*field*/) noexcept { m_at += length; }

 private:
  const std::byte* m_at;
};

/// Reads fields one after another from a window [begin, end) of a source. Each read names its field: the name is
/// the text of the error (a ParseError at the field's offset) and, unless a Structure is open, the label of the bytes.
/// A read that does not fit moves nothing. Reads go through a small buffer, so that fields cost no system call each.
class Cursor {
 public:
  Cursor(const Source& source, ByteRange window, LabelSink* labels = nullptr);
  explicit Cursor(const Source& source, LabelSink* labels = nullptr)
      : Cursor(source, ByteRange{0, source.size()}, labels) {}

  [[nodiscard]] std::uint64_t offset() const noexcept { return m_position; }
  [[nodiscard]] std::uint64_t end() const noexcept { return m_end; }
  [[nodiscard]] std::uint64_t remaining() const noexcept { return m_end - m_position; }
  [[nodiscard]] bool at_end() const noexcept { return m_position == m_end; }

  /// An unsigned or signed integer of sizeof(T) bytes, little-endian.
  template <std::integral T>
  [[nodiscard]] T le(std::string_view field) {
    return load<T>(field, std::endian::little);
  }

  /// The same, big-endian.
  template <std::integral T>
  [[nodiscard]] T be(std::string_view field) {
    return load<T>(field, std::endian::big);
  }

  /// `length` bytes as they are. Nothing is allocated before the window is known to hold them; more than `cap` is an
  /// error that says so.
  [[nodiscard]] std::string text(std::uint64_t length, std::string_view field, std::uint64_t cap = k_default_cap);
  /// The same into a string that is used again and again.
  void text(std::uint64_t length, std::string_view field, std::string& out);
  [[nodiscard]] std::vector<std::byte> bytes(std::uint64_t length, std::string_view field,
                                             std::uint64_t cap = k_default_cap);

  /// The next `length` bytes in one, for a record of many fields, and passes over them; they are good until the next read. Nothing where
  /// they do not fit in the window or in the buffer, or where each field wants its label: then they are read field by field.
  [[nodiscard]] std::optional<FieldBlock> block(std::size_t length);

  /// Passes over `length` bytes without reading them.
  void skip(std::uint64_t length, std::string_view field, RegionKind kind = RegionKind::structure);

  /// A cursor on the next `length` bytes, over which this one passes.
  [[nodiscard]] Cursor window(std::uint64_t length, std::string_view field);

  /// Moves to `offset`, which must lie within the window.
  void seek(std::uint64_t offset, std::string_view field);

  /// A ParseError at the current position, or at `offset`.
  [[noreturn]] void fail(std::string_view field, std::string why) const;
  [[noreturn]] static void fail_at(std::uint64_t offset, std::string_view field, std::string why);

  /// While it lives, the fields read share one label in the coverage map: fields name errors, structures name bytes.
  class Structure {
   public:
    Structure(Cursor& cursor, std::string name, RegionKind kind = RegionKind::structure);
    ~Structure();
    Structure(const Structure&) = delete;
    Structure& operator=(const Structure&) = delete;

   private:
    Cursor& m_cursor;
    std::string m_name;
    RegionKind m_kind;
    std::uint64_t m_start;
  };

  static constexpr std::uint64_t k_default_cap = std::uint64_t{256} << 20;

 private:
  template <std::integral T>
  T load(std::string_view field, std::endian order) {
    std::array<std::byte, sizeof(T)> raw{};
    if (m_labels == nullptr && is_at_hand(sizeof(T))) {
      std::memcpy(raw.data(), m_buffer.data() + (m_position - m_buffer_offset), sizeof(T));
      m_position += sizeof(T);
    } else {
      take(raw, field);
    }
    if (order != std::endian::native) {
      for (std::size_t i = 0; i < sizeof(T) / 2; ++i) {
        std::swap(raw[i], raw[sizeof(T) - 1 - i]);
      }
    }
    return std::bit_cast<T>(raw);
  }

  /// Whether the next `length` bytes are in the buffer, which never reaches past the window.
  [[nodiscard]] bool is_at_hand(std::uint64_t length) const noexcept {
    const auto start = m_position - m_buffer_offset;
    return m_position >= m_buffer_offset && start <= m_buffer.size() && length <= m_buffer.size() - start;
  }
  void need(std::uint64_t length, std::string_view field) const;
  void take(std::span<std::byte> out, std::string_view field);
  void fill(std::span<std::byte> out);
  void refill();
  void note(std::uint64_t start, std::string_view field, RegionKind kind);

  const Source* m_source;
  std::uint64_t m_position;
  std::uint64_t m_end;
  LabelSink* m_labels;
  unsigned m_open_structures = 0;
  std::vector<std::byte> m_buffer;
  std::uint64_t m_buffer_offset = 0;
};

}  // namespace upinspect::bytes
