// SPDX-License-Identifier: Apache-2.0
#include "bytes/cursor.hpp"

#include <algorithm>

namespace upinspect::bytes {

namespace {
// Who jumps about reads little at a time; who goes on where the buffer ends gets twice as much each time.
constexpr std::size_t k_buffer_bytes = 4096;
constexpr std::size_t k_most_buffer_bytes = 65536;
}

Cursor::Cursor(const Source& source, ByteRange window, LabelSink* labels)
    : m_source(&source), m_position(window.offset), m_end(window.offset), m_labels(labels) {
  if (window.offset > source.size() || window.length > source.size() - window.offset) {
    throw ParseError(window.offset, "window", "lies outside of the " + std::to_string(source.size()) + " bytes there are");
  }
  m_end = window.end();
}

void Cursor::need(std::uint64_t length, std::string_view field) const {
  if (length > remaining()) {
    ParseError error(m_position, std::string(field),
                     "needs " + std::to_string(length) + " bytes, " + std::to_string(remaining()) + " are left");
    error.truncated = true;
    throw error;
  }
}

void Cursor::fill(std::span<std::byte> out) {
  if (!is_at_hand(out.size())) {
    if (out.size() > k_buffer_bytes / 4) {
      m_source->read_at(m_position, out);
      return;
    }
    refill();
  }
  const auto start = m_buffer.begin() + static_cast<std::ptrdiff_t>(m_position - m_buffer_offset);
  std::copy_n(start, out.size(), out.begin());
}

/// The buffer begins at the position. Where what is read ahead cannot be had, the little that is always read may still be.
void Cursor::refill() {
  const auto end = m_buffer_offset + m_buffer.size();
  const bool goes_on = m_position > m_buffer_offset && m_position <= end + k_buffer_bytes;
  const auto ahead = goes_on ? std::clamp(2 * m_buffer.size(), k_buffer_bytes, k_most_buffer_bytes) : k_buffer_bytes;
  m_buffer_offset = m_position;
  for (auto wanted = ahead;; wanted = k_buffer_bytes) {
    m_buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(wanted, remaining())));
    try {
      m_source->read_at(m_position, m_buffer);
      return;
    } catch (...) {
      m_buffer.clear();  // holds nothing that may be taken for the file's
      if (wanted == k_buffer_bytes) {
        throw;
      }
    }
  }
}

std::optional<FieldBlock> Cursor::block(std::size_t length) {
  if (m_labels != nullptr || length > k_buffer_bytes / 4 || length > remaining()) {
    return std::nullopt;
  }
  if (!is_at_hand(length)) {
    refill();
  }
  const FieldBlock fields(m_buffer.data() + (m_position - m_buffer_offset));
  m_position += length;
  return fields;
}

void Cursor::take(std::span<std::byte> out, std::string_view field) {
  need(out.size(), field);
  fill(out);
  const auto start = m_position;
  m_position += out.size();
  note(start, field, RegionKind::structure);
}

std::string Cursor::text(std::uint64_t length, std::string_view field, std::uint64_t cap) {
  need(length, field);
  if (length > cap) {
    fail(field, "is " + std::to_string(length) + " bytes long; at most " + std::to_string(cap) + " are read");
  }
  std::string out(static_cast<std::size_t>(length), '\0');
  take(std::as_writable_bytes(std::span(out)), field);
  return out;
}

void Cursor::text(std::uint64_t length, std::string_view field, std::string& out) {
  need(length, field);
  if (length > k_default_cap) {
    fail(field, "is " + std::to_string(length) + " bytes long; at most " + std::to_string(k_default_cap) + " are read");
  }
  if (m_labels == nullptr && is_at_hand(length)) {
    out.assign(reinterpret_cast<const char*>(m_buffer.data()) + (m_position - m_buffer_offset), static_cast<std::size_t>(length));
    m_position += length;
    return;
  }
  out.resize(static_cast<std::size_t>(length));
  take(std::as_writable_bytes(std::span(out)), field);
}

std::vector<std::byte> Cursor::bytes(std::uint64_t length, std::string_view field, std::uint64_t cap) {
  need(length, field);
  if (length > cap) {
    fail(field, "is " + std::to_string(length) + " bytes long; at most " + std::to_string(cap) + " are read");
  }
  std::vector<std::byte> out(static_cast<std::size_t>(length));
  take(out, field);
  return out;
}

void Cursor::skip(std::uint64_t length, std::string_view field, RegionKind kind) {
  need(length, field);
  const auto start = m_position;
  m_position += length;
  note(start, field, kind);
}

Cursor Cursor::window(std::uint64_t length, std::string_view field) {
  need(length, field);
  Cursor inner(*m_source, ByteRange{m_position, length}, m_labels);
  inner.m_open_structures = m_open_structures;
  m_position += length;
  return inner;
}

void Cursor::seek(std::uint64_t offset, std::string_view field) {
  if (offset > m_end) {
    fail_at(offset, field, "lies past the end at " + std::to_string(m_end));
  }
  m_position = offset;
}

void Cursor::fail(std::string_view field, std::string why) const { fail_at(m_position, field, std::move(why)); }

void Cursor::fail_at(std::uint64_t offset, std::string_view field, std::string why) {
  throw ParseError(offset, std::string(field), std::move(why));
}

void Cursor::note(std::uint64_t start, std::string_view field, RegionKind kind) {
  if (m_labels != nullptr && m_open_structures == 0 && m_position > start) {
    m_labels->label(ByteRange{start, m_position - start}, kind, field);
  }
}

Cursor::Structure::Structure(Cursor& cursor, std::string name, RegionKind kind)
    : m_cursor(cursor), m_name(std::move(name)), m_kind(kind), m_start(cursor.m_position) {
  ++m_cursor.m_open_structures;
}

Cursor::Structure::~Structure() {
  --m_cursor.m_open_structures;
  if (m_cursor.m_labels != nullptr && m_cursor.m_open_structures == 0 && m_cursor.m_position > m_start) {
    m_cursor.m_labels->label(ByteRange{m_start, m_cursor.m_position - m_start}, m_kind, m_name);
  }
}

}  // namespace upinspect::bytes
