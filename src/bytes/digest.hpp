// SPDX-License-Identifier: Apache-2.0
// Streaming digests: SHA-256, SHA-1, XXH3-128 and the CRC-32 of zip and gzip.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace upinspect::bytes {

/// A digest of libcrypto's. `hex` ends it and gives its lower-case digits; another `add` after it starts a new one.
class CryptoDigest {
 public:
  void add(std::span<const std::byte> data);
  [[nodiscard]] std::string hex();

 protected:
  enum class Algorithm : std::uint8_t { sha256, sha1 };
  explicit CryptoDigest(Algorithm algorithm);

 private:
  union Context;
  struct Free {
    void operator()(Context* context) const noexcept;
  };
  void start();

  Algorithm m_algorithm;
  std::unique_ptr<Context, Free> m_context;
  bool m_ended = false;
};

/// SHA-256 (FIPS 180-4): 64 digits, as `sha256sum` prints them.
class Sha256 : public CryptoDigest {
 public:
  Sha256() : CryptoDigest(Algorithm::sha256) {}
};

/// SHA-1 (FIPS 180-4): 40 digits, as `sha1sum` prints them. Only to verify what others wrote with it: collisions can be made.
class Sha1 : public CryptoDigest {
 public:
  Sha1() : CryptoDigest(Algorithm::sha1) {}
};

/// XXH3 with 128 bits and seed 0. `hex` gives 32 lower-case digits, as `xxhsum -H2` prints them (the canonical, most
/// significant byte first, form of the xxHash specification); it ends nothing, more data may follow.
class Xxh3_128 {
 public:
  Xxh3_128();
  /// Starts a new digest.
  void reset();
  void add(std::span<const std::byte> data);
  [[nodiscard]] std::string hex() const;

 private:
  struct Free {
    void operator()(void* state) const noexcept;
  };
  std::unique_ptr<void, Free> m_state;
};

/// CRC-32 of ISO 3309 (polynomial 0xEDB88320), as zip, gzip and png use it.
class Crc32 {
 public:
  void add(std::span<const std::byte> data);
  [[nodiscard]] std::uint32_t value() const noexcept { return m_value; }

 private:
  std::uint32_t m_value = 0;
};

[[nodiscard]] std::string sha256_hex(std::span<const std::byte> data);
[[nodiscard]] std::string xxh3_128_hex(std::span<const std::byte> data);

/// XXH3 with 64 bits and seed 0: for tables in memory, never shown.
[[nodiscard]] std::uint64_t xxh3_64(std::string_view text) noexcept;
[[nodiscard]] std::uint32_t crc32(std::span<const std::byte> data);

/// MD5 (RFC 1321), only to verify what others wrote with it.
[[nodiscard]] std::string md5_hex(std::span<const std::byte> data);

/// Two lower-case digits for each byte.
[[nodiscard]] std::string to_hex(std::span<const std::byte> data);

}  // namespace upinspect::bytes
