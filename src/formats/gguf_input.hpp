// SPDX-License-Identifier: Apache-2.0
// What the parts of the GGUF reader share: fields in the file's byte order, a memory budget, findings with a cap.
#pragma once

#include "model/builder.hpp"

#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace upinspect::formats::gguf {

/// Thrown where the file asks for more than the limits allow; not the file's fault, so no ParseError.
struct LimitReached {
  std::uint64_t offset;
  std::string why;
};

class Input {
 public:
  explicit Input(model::Builder& target);

  /// An integer in the file's byte order.
  template <std::integral T>
  [[nodiscard]] T number(std::string_view field) {
    return order == ByteOrder::little ? in.le<T>(field) : in.be<T>(field);
  }

  /// u64 length and that many bytes. Nothing where the memory allowed is spent: the bytes are passed over then.
  [[nodiscard]] std::optional<std::string> text(std::string_view field);

  /// Sets aside `size` bytes of the memory that file content may claim; false where they are not left.
  [[nodiscard]] bool afford(std::uint64_t size) noexcept;

  /// Records a finding; of each id only the first few hundred, so that findings cannot outgrow the file.
  void complain(const std::string& id, Severity severity, std::string message, ByteRange where, std::string tensor = {});

  /// Says how many findings were left out.
  void close_complaints();

  model::Builder& builder;
  bytes::Cursor in;
  ByteOrder order = ByteOrder::little;

 private:
  struct Count {
    std::uint64_t found = 0;
    Severity worst = Severity::note;
  };
  std::uint64_t m_left;
  std::map<std::string, Count> m_counts;
};

/// `text` in quotes as it stands in a message, cut where it is long.
[[nodiscard]] std::string quoted(std::string_view text);

/// True where `text` holds control characters, NUL included.
[[nodiscard]] bool has_control(std::string_view text) noexcept;

/// Runs `body`; a ParseError that leaves it says `where()` in front of its field.
template <typename Where, typename Body>
void in_context(const Where& where, const Body& body) {
  try {
    body();
  } catch (const bytes::ParseError& error) {
    bytes::ParseError named(error.offset(), where() + ": " + error.field(), error.why());
    named.truncated = error.truncated;
    throw named;
  }
}

}  // namespace upinspect::formats::gguf
