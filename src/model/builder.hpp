// SPDX-License-Identifier: Apache-2.0
// What a format's reader writes into: the artifact, its coverage and the checks that the data pass owes it.
#pragma once

#include "model/budget.hpp"
#include "model/coverage_map.hpp"
#include "upinspect/inspect.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::pickle {
class Watcher;
}

namespace upinspect::model {

/// A checksum that the container declares for bytes which only the data pass reads.
struct ChecksumClaim {
  std::string entry;
  ByteRange packed;
  Packing packing = Packing::stored;
  std::uint64_t unpacked = 0;  ///< declared size
  std::uint32_t crc32 = 0;
  std::uint64_t declared_at = 0;
};

/// A file beside an index, and the tensors that the index says are in it.
struct ShardClaim {
  std::string file;
  std::vector<std::string> tensors;
};

/// A member of an archive that the archive's reader does not read itself.
struct MemberClaim {
  enum class Packing : std::uint8_t { stored, deflated, gzip, zlib };

  std::string name;
  ByteRange packed;
  Packing packing = Packing::stored;
  std::uint64_t unpacked = UINT64_MAX;  ///< declared size; the largest number where none is
  std::string unread;                   ///< why it cannot be told what it holds, as the end of a sentence about it
};

/// What a stretch that no reader claimed turned out to hold.
struct GapContent {
  ByteRange range;
  double entropy = 0;           ///< bits per byte
  bool all_zero = false;
  std::vector<std::byte> head;  ///< its first bytes
  std::string looks_like;       ///< title of the format that they start like, empty where none is recognised
};

class Builder {
 public:
  Builder(const bytes::Source& source, const InspectOptions& options, std::string path)
      : budget(options.limits.memory / 8 * 3), coverage(budget), m_metadata(options.limits.memory / 8), m_source(source),
        m_options(options) {
    artifact.path = std::move(path);
    artifact.size = source.size();
  }

  [[nodiscard]] const bytes::Source& source() const noexcept { return m_source; }
  [[nodiscard]] const InspectOptions& options() const noexcept { return m_options; }
  [[nodiscard]] bool full() const noexcept { return m_options.depth == Depth::full; }

  /// A cursor over the whole file, or a window of it, that labels what it reads.
  [[nodiscard]] bytes::Cursor cursor() { return bytes::Cursor(m_source, &coverage); }
  [[nodiscard]] bytes::Cursor cursor(ByteRange window) { return bytes::Cursor(m_source, window, &coverage); }

  /// Of each id the first thousand are kept; `close` counts the others.
  void find(std::string id, Severity severity, std::string message, std::optional<ByteRange> where = std::nullopt,
            std::string tensor = {});

  /// Says what was left out, findings and what the memory allowed had no room for. Once, when all is read.
  void close();

  /// Throws bytes::LimitReached where `bytes` more are not left for `what`.
  void afford(std::uint64_t bytes, std::string_view what);
  /// What `add` will take for such a tensor, with what is measured and reported of it.
  [[nodiscard]] static std::uint64_t heap_of(const Tensor& tensor) noexcept {
    return heap_of(tensor.name.size(), tensor.shape.size()) + tensor.location.entry.size();
  }
  /// The same before there is a tensor: by the bytes of its name and the number of its dimensions.
  [[nodiscard]] static std::uint64_t heap_of(std::size_t name, std::size_t dimensions) noexcept;

  /// Adds a tensor: fills in `dtype_name`, `elements`, `bytes` and row-major strides where they are not set, and
  /// turns what cannot be (a shape whose product overflows) into a finding. Throws bytes::LimitReached.
  void add(Tensor tensor);

  /// Adds a tensor whose elements do not stand in the file as they are: its whole storage, decoded. `Location::packed`
  /// then only says where they come from.
  void add_decoded(Tensor tensor, std::vector<std::byte> storage);

  /// How many more bytes may be kept decoded: together they take a quarter of the memory allowed.
  [[nodiscard]] std::uint64_t room_for_decoded() const noexcept;
  /// Counts bytes that a reader keeps decoded by itself.
  void charge_decoded(std::uint64_t bytes) noexcept {
    m_decoded_bytes += bytes;
    static_cast<void>(budget.take(bytes));
  }

  static constexpr std::size_t k_most_members = 10'000;
  /// Leaves a member for the conductor to look into, one that holds something. Beyond `k_most_members` they are counted.
  void add_member(MemberClaim member);

  /// A detail of the format, shown under its heading.
  void detail(std::string key, Value value);
  /// Where the memory for metadata is spent, it is counted and not kept.
  void metadata(std::string key, Value value);
  /// Sets memory aside for a member that the caller keeps; false where it is spent.
  [[nodiscard]] bool affords_metadata(std::uint64_t bytes) noexcept;

  Artifact artifact;
  Budget budget;  ///< of what is kept: tensors, labels, storages that were decoded
  CoverageMap coverage;
  std::vector<ChecksumClaim> checksums;
  std::vector<std::pair<std::size_t, std::vector<std::byte>>> decoded;  ///< by index of the tensor
  std::vector<ShardClaim> shards;        ///< of an index; the conductor reads them
  std::vector<MemberClaim> members;      ///< of an archive; the conductor looks into them
  std::uint64_t members_left_out = 0;
  std::string inside;                    ///< the way to what is read, where it is a member: "outer.zip > inner.pt"
  std::vector<GapContent> gap_contents;  ///< filled by the data pass
  pickle::Watcher* pickle_watcher = nullptr;  ///< is told of every pickle that is judged; may be nullptr
  /// How bad it is that a tensor cannot be measured, where a format's own reader goes on without its data.
  Severity unread_severity = Severity::error;

 private:
  struct Count {
    std::uint64_t found = 0;
    Severity worst = Severity::note;
  };
  std::map<std::string, Count> m_found;  ///< by finding id
  Budget m_metadata;
  std::uint64_t m_metadata_dropped = 0;
  std::uint64_t m_decoded_bytes = 0;
  const bytes::Source& m_source;
  const InspectOptions& m_options;
};

/// Row-major strides, in elements, of a shape; saturating where the shape is too large to exist.
[[nodiscard]] std::vector<std::int64_t> row_major_strides(const std::vector<std::uint64_t>& shape);

/// True where the tensor's elements lie one after another in row-major order from its first element on.
[[nodiscard]] bool is_row_major(const Tensor& tensor);

/// Bytes of `elements` elements of a dtype, rounded up to whole blocks; nothing where that overflows or is unknown.
[[nodiscard]] std::optional<std::uint64_t> size_of(Dtype dtype, std::uint64_t elements);

/// The storage bytes that the tensor's elements span, as [first, last] relative to the storage's start; nothing
/// where the view does not fit its storage.
[[nodiscard]] std::optional<ByteRange> span_in_storage(const Tensor& tensor);

}  // namespace upinspect::model
