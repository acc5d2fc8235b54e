// SPDX-License-Identifier: Apache-2.0
// Of libcrypto its functions for one digest each, which OpenSSL 3 would rather have called through EVP: that brings all of the
// library's algorithms with it, and thousands of places to relocate: a hundred of the three hundred pages of a quick look.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "bytes/digest.hpp"

#include <array>
#include <new>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <stdexcept>
#include <string_view>
#include <zlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace upinspect::bytes {

namespace {

XXH3_state_t* xxh_state(void* state) { return static_cast<XXH3_state_t*>(state); }

void require(bool done) {
  if (!done) {
    throw std::runtime_error("libcrypto cannot compute a digest");
  }
}

}  // namespace

// --- SHA-256 and SHA-1 --------------------------------------------------------------------------------------------

union CryptoDigest::Context {
  SHA256_CTX sha256;
  SHA_CTX sha1;
};

void CryptoDigest::Free::operator()(Context* context) const noexcept { delete context; }

CryptoDigest::CryptoDigest(Algorithm algorithm) : m_algorithm(algorithm), m_context(new Context) { start(); }

void CryptoDigest::start() {
  require((m_algorithm == Algorithm::sha1 ? SHA1_Init(&m_context->sha1) : SHA256_Init(&m_context->sha256)) == 1);
  m_ended = false;
}

void CryptoDigest::add(std::span<const std::byte> data) {
  if (m_ended) {
    start();
  }
  require((m_algorithm == Algorithm::sha1 ? SHA1_Update(&m_context->sha1, data.data(), data.size())
                                          : SHA256_Update(&m_context->sha256, data.data(), data.size())) == 1);
}

std::string CryptoDigest::hex() {
  if (m_ended) {
    start();
  }
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  const bool is_sha1 = m_algorithm == Algorithm::sha1;
  require((is_sha1 ? SHA1_Final(digest.data(), &m_context->sha1) : SHA256_Final(digest.data(), &m_context->sha256)) == 1);
  m_ended = true;
  return to_hex(std::as_bytes(std::span(digest).first(is_sha1 ? SHA_DIGEST_LENGTH : SHA256_DIGEST_LENGTH)));
}

// --- XXH3-128 ---------------------------------------------------------------------------------------------------

void Xxh3_128::Free::operator()(void* state) const noexcept { XXH3_freeState(xxh_state(state)); }

Xxh3_128::Xxh3_128() : m_state(XXH3_createState()) {
  if (m_state == nullptr) {
    throw std::bad_alloc();
  }
  XXH3_128bits_reset(xxh_state(m_state.get()));
}

void Xxh3_128::reset() { XXH3_128bits_reset(xxh_state(m_state.get())); }

void Xxh3_128::add(std::span<const std::byte> data) {
  XXH3_128bits_update(xxh_state(m_state.get()), data.data(), data.size());
}

std::string Xxh3_128::hex() const {
  XXH128_canonical_t canonical{};
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(xxh_state(m_state.get())));
  return to_hex(std::as_bytes(std::span(canonical.digest)));
}

// --- CRC-32 -----------------------------------------------------------------------------------------------------

void Crc32::add(std::span<const std::byte> data) {
  // zlib takes a null pointer for "give me the initial value", which an empty span may hold.
  if (!data.empty()) {
    m_value = static_cast<std::uint32_t>(::crc32_z(m_value, reinterpret_cast<const Bytef*>(data.data()), data.size()));
  }
}

// --- At once ----------------------------------------------------------------------------------------------------

std::string sha256_hex(std::span<const std::byte> data) {
  Sha256 digest;
  digest.add(data);
  return digest.hex();
}

std::string md5_hex(std::span<const std::byte> data) {
  std::array<unsigned char, MD5_DIGEST_LENGTH> digest{};
  static_cast<void>(MD5(reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest.data()));
  return to_hex(std::as_bytes(std::span(digest)));
}

std::uint64_t xxh3_64(std::string_view text) noexcept { return XXH3_64bits(text.data(), text.size()); }

std::string xxh3_128_hex(std::span<const std::byte> data) {
  Xxh3_128 digest;
  digest.add(data);
  return digest.hex();
}

std::uint32_t crc32(std::span<const std::byte> data) {
  Crc32 digest;
  digest.add(data);
  return digest.value();
}

std::string to_hex(std::span<const std::byte> data) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string out;
  out.reserve(data.size() * 2);
  for (const auto byte : data) {
    out.push_back(k_digits[std::to_integer<std::size_t>(byte >> 4)]);
    out.push_back(k_digits[std::to_integer<std::size_t>(byte & std::byte{15})]);
  }
  return out;
}

}  // namespace upinspect::bytes
