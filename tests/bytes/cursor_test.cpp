// SPDX-License-Identifier: Apache-2.0
// Whatever order a cursor is read in, and whichever way, it gives the bytes that stand there, and asks its source for few.
#include "bytes/cursor.hpp"

#include "support/catch.hpp"
#include "support/noise.hpp"

#include <random>

using namespace upinspect;
using bytes::Cursor;

namespace {

/// Counts what is asked of it.
class CountedSource final : public bytes::Source {
 public:
  explicit CountedSource(std::vector<std::byte> content) : m_content(std::move(content)) {}
  [[nodiscard]] std::uint64_t size() const noexcept override { return m_content.size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset + out.size() > m_readable) {
      throw bytes::ReadError(m_readable, "the disk is broken from here on");
    }
    ++m_reads;
    m_bytes += out.size();
    std::copy_n(m_content.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
  }
  void break_at(std::uint64_t offset) { m_readable = offset; }
  [[nodiscard]] std::uint64_t reads() const { return m_reads; }
  [[nodiscard]] std::uint64_t bytes_read() const { return m_bytes; }
  [[nodiscard]] std::uint32_t word(std::uint64_t offset) const {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) {
      value = (value << 8) | std::to_integer<std::uint32_t>(m_content[static_cast<std::size_t>(offset) + i]);
    }
    return value;
  }

 private:
  std::vector<std::byte> m_content;
  std::uint64_t m_readable = UINT64_MAX;
  mutable std::uint64_t m_reads = 0;
  mutable std::uint64_t m_bytes = 0;
};

}  // namespace

TEST_CASE("a block of fields and the same fields one by one are the same") {
  const CountedSource source(test::noise(300'000, 1));
  std::mt19937_64 random(2);
  Cursor blocks(source);
  Cursor fields(source);
  while (fields.remaining() >= 40) {
    const auto start = fields.offset();
    auto block = blocks.block(12);
    REQUIRE(block);
    block->skip(4, "passed over");
    fields.skip(4, "passed over");
    REQUIRE(block->le<std::uint32_t>("a word") == source.word(start + 4));
    REQUIRE(fields.le<std::uint32_t>("a word") == source.word(start + 4));
    REQUIRE(block->le<std::uint16_t>("half a word") == (source.word(start + 8) & 0xffffU));
    fields.skip(4, "the rest");
    REQUIRE(blocks.offset() == fields.offset());
    const auto gap = random() % 28;
    blocks.skip(gap, "a gap");
    fields.skip(gap, "a gap");
  }
}

TEST_CASE("a block that does not fit is left to be read field by field, which says what is missing") {
  const CountedSource source(test::noise(10, 3));
  Cursor in(source);
  CHECK_FALSE(in.block(11));
  CHECK(in.offset() == 0);
  CHECK(in.block(10));
  CHECK(in.at_end());
  Cursor windowed(source, ByteRange{2, 4});
  CHECK_FALSE(windowed.block(5));
  CHECK(windowed.block(4)->le<std::uint32_t>("a word") == source.word(2));
}

TEST_CASE("who reads on gets more at a time, who jumps about little") {
  const CountedSource source(test::noise(4'000'000, 4));
  Cursor straight(source);
  while (straight.remaining() >= 4) {
    const auto at = straight.offset();
    REQUIRE(straight.le<std::uint32_t>("a word") == source.word(at));
  }
  CHECK(source.bytes_read() == 4'000'000);
  CHECK(source.reads() < 80);

  Cursor jumps(source);
  std::mt19937_64 random(5);
  const auto before = source.bytes_read();
  for (unsigned i = 0; i < 1000; ++i) {
    const auto at = random() % (source.size() - 4);
    jumps.seek(at, "a place");
    REQUIRE(jumps.le<std::uint32_t>("a word") == source.word(at));
  }
  CHECK(source.bytes_read() - before < 1000 * 4500);
}

TEST_CASE("what cannot be read ahead takes nothing of what can be read") {
  CountedSource source(test::noise(300'000, 6));
  source.break_at(250'000);
  Cursor in(source);
  const auto read_on = [&] {
    while (in.remaining() >= 4) {
      const auto at = in.offset();
      const auto word = in.le<std::uint32_t>("a word");
      REQUIRE(word == source.word(at));
    }
  };
  CHECK_THROWS_AS(read_on(), bytes::ReadError);
  CHECK(in.offset() > 250'000 - 4096);
  CHECK_THROWS_AS(in.le<std::uint32_t>("a word again"), bytes::ReadError);
}
