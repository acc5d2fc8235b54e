// SPDX-License-Identifier: Apache-2.0
#include "formats/probe.hpp"

#include "formats/json_text.hpp"
#include "formats/number_guess.hpp"
#include "formats/zip_reading.hpp"

#include <algorithm>
#include <span>

namespace upinspect::formats {

Probe::Probe(const bytes::Source& source, const InspectOptions& options)
    : m_source(source),
      m_options(options),
      m_head(static_cast<std::size_t>(std::min<std::uint64_t>(source.size(), k_head_bytes)), '\0') {
  source.read_at(0, std::as_writable_bytes(std::span(m_head)));
}

Probe::~Probe() = default;

const ZipReading& Probe::zip() const {
  if (!m_zip) {
    m_zip = std::make_unique<ZipReading>(m_source, m_options);
  }
  return *m_zip;
}

const JsonOutline* Probe::json_object() const noexcept {
  if (!m_json_sought) {
    m_json_sought = true;
    if (const auto outline = outline_json_object(*this)) {
      m_json = std::make_unique<const JsonOutline>(*outline);
    }
  }
  return m_json.get();
}

const numeric::DtypeGuess& Probe::numbers() const {
  if (!m_numbers) {
    m_numbers = std::make_unique<const numeric::DtypeGuess>(guess_numbers(m_source));
  }
  return *m_numbers;
}

bool Probe::has_at(std::size_t offset, std::string_view magic) const noexcept {
  return offset <= m_head.size() && head().substr(offset, magic.size()) == magic;
}

std::uint64_t Probe::le64(std::size_t offset) const noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i-- > 0;) {
    value = (value << 8) | byte(offset + i);
  }
  return value;
}

std::uint8_t Probe::byte(std::size_t offset) const noexcept {
  return offset < m_head.size() ? static_cast<std::uint8_t>(m_head[offset]) : std::uint8_t{0};
}

}  // namespace upinspect::formats
