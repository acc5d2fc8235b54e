// SPDX-License-Identifier: Apache-2.0
// What sniffers look at: the first bytes of a source, its size, and more of it on demand.
#pragma once

#include "bytes/source.hpp"
#include "upinspect/inspect.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace upinspect::numeric {
struct DtypeGuess;
}

namespace upinspect::formats {

class ZipReading;
struct JsonOutline;

class Probe {
 public:
  static constexpr std::size_t k_head_bytes = 4096;

  /// Reads the head of `source`. Throws ReadError where that fails.
  Probe(const bytes::Source& source, const InspectOptions& options);
  ~Probe();

  [[nodiscard]] const bytes::Source& source() const noexcept { return m_source; }
  [[nodiscard]] const InspectOptions& options() const noexcept { return m_options; }
  [[nodiscard]] std::uint64_t size() const noexcept { return m_source.size(); }

  /// The first bytes, at most k_head_bytes.
  [[nodiscard]] std::string_view head() const noexcept { return m_head; }

  /// True where the file starts with these bytes.
  [[nodiscard]] bool starts_with(std::string_view magic) const noexcept { return has_at(0, magic); }
  /// True where these bytes stand at `offset` within the head.
  [[nodiscard]] bool has_at(std::size_t offset, std::string_view magic) const noexcept;

  /// A little-endian integer at `offset` of the head; 0 where the head ends before it.
  [[nodiscard]] std::uint64_t le64(std::size_t offset) const noexcept;
  [[nodiscard]] std::uint8_t byte(std::size_t offset) const noexcept;

  /// The zip archive in the source, read when it is first asked for. Throws ReadError.
  [[nodiscard]] const ZipReading& zip() const;

  /// What the source tells as one JSON object, looked at when it is first asked for; null where it is none.
  [[nodiscard]] const JsonOutline* json_object() const noexcept;

  /// What the source is if it is numbers and nothing else, weighed when it is first asked for. Throws ReadError.
  [[nodiscard]] const numeric::DtypeGuess& numbers() const;

 private:
  const bytes::Source& m_source;
  const InspectOptions& m_options;
  std::string m_head;
  mutable std::unique_ptr<ZipReading> m_zip;
  mutable std::unique_ptr<const JsonOutline> m_json;
  mutable std::unique_ptr<const numeric::DtypeGuess> m_numbers;
  mutable bool m_json_sought = false;
};

}  // namespace upinspect::formats
