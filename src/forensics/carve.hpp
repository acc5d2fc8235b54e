// SPDX-License-Identifier: Apache-2.0
// Recognises files and the headers of hiding tools at the front of bytes, and proves them by parsing.
#pragma once

#include "forensics/little.hpp"
#include "upinspect/payload.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace upinspect::forensics {

/// What was recognised. `content` is the payload itself within `length` bytes, which count from the header.
struct Carved {
  std::string kind;
  std::string title;
  PayloadEvidence evidence = PayloadEvidence::proven;
  std::size_t length = 0;
  std::size_t content_offset = 0;
  std::size_t content_length = 0;
  double bits = 0;   ///< of a front without its file: how much its fields say, against chance
};

/// The file or header that begins at `offset` of `stream`; nothing where none does. A file counts as proven where its
/// own checksums hold or where its structure leads to its end; else its front alone may be known.
[[nodiscard]] std::optional<Carved> carve_at(std::span<const std::byte> stream, std::size_t offset);

/// False where carve_at finds nothing at the front of `bytes`, which are not empty: nearly always, at the cost of a look or two.
[[nodiscard]] bool may_carve(Bytes bytes) noexcept;

// One recogniser for each kind. `bytes` begins at the candidate.
[[nodiscard]] std::optional<Carved> carve_png(Bytes bytes);
[[nodiscard]] std::optional<Carved> carve_gzip(Bytes bytes);
[[nodiscard]] std::optional<Carved> carve_zlib(Bytes bytes);
[[nodiscard]] std::optional<Carved> carve_zip(Bytes bytes);
[[nodiscard]] std::optional<Carved> carve_elf(Bytes bytes);
[[nodiscard]] std::optional<Carved> carve_pe(Bytes bytes);
[[nodiscard]] std::optional<Carved> carve_pdf(Bytes bytes);
[[nodiscard]] std::optional<Carved> carve_pickle(Bytes bytes);
[[nodiscard]] std::optional<Carved> carve_safetensors(Bytes bytes);
[[nodiscard]] std::optional<Carved> carve_hidden_layer(Bytes bytes);
[[nodiscard]] std::optional<Carved> carve_lsb0(Bytes bytes);
[[nodiscard]] std::optional<Carved> carve_manta(Bytes bytes);
[[nodiscard]] std::optional<Carved> carve_neural_steg(Bytes bytes);

/// The first bytes of a program, picture, archive or document whose fields say too much for an accident (100 bits), whatever follows them.
[[nodiscard]] std::optional<Carved> carve_front(Bytes bytes);

}  // namespace upinspect::forensics
