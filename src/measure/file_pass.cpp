// SPDX-License-Identifier: Apache-2.0
#include "measure/file_pass.hpp"

#include "measure/elements.hpp"
#include "measure/entry_tasks.hpp"
#include "measure/gather.hpp"
#include "measure/hash_thread.hpp"
#include "measure/spare_hand.hpp"
#include "measure/tensor_task.hpp"

#include <algorithm>
#include <fnmatch.h>
#include <map>
#include <numeric>
#include <queue>
#include <set>
#include <thread>
#include <tuple>

namespace upinspect::measure {

namespace {

// Tensors that overlap are measured together up to this many; each takes up to half a megabyte of tables.
constexpr std::size_t k_most_open = 16;
constexpr std::uint64_t k_gather_memory = std::uint64_t{8} << 20;
constexpr std::size_t k_listed_gaps = 64;

// Stands for the file itself where the packed offset of a deflated entry would stand.
constexpr std::uint64_t k_whole_file = UINT64_MAX;

/// The bytes of a tensor, in the file or in an unpacked entry.
struct InStream {
  std::uint64_t entry = k_whole_file;
  ByteRange range;
  Tensor* tensor = nullptr;
  bool as_it_is = false;  ///< they are its elements one after another; else a view gathers them
};

auto place_of(const InStream& item) { return std::tuple(item.entry, item.range.offset); }
auto content_of(const InStream& item) {
  return std::tuple(item.entry, item.range.offset, item.range.length, item.tensor->dtype, item.tensor->location.order);
}

/// The items that lie in a stream just as they are, in order of what they hold, those that hold the same in order of the file.
std::vector<std::uint32_t> by_content(const std::vector<InStream>& items) {
  std::vector<std::uint32_t> order(items.size());
  std::iota(order.begin(), order.end(), 0U);
  std::erase_if(order, [&items](std::uint32_t index) { return !items[index].as_it_is; });
  std::stable_sort(order.begin(), order.end(), [&items](std::uint32_t a, std::uint32_t b) { return content_of(items[a]) < content_of(items[b]); });
  return order;
}

/// A thread costs more than it brings for a file of a block or two.
bool pays_for_a_thread(const InspectOptions& options, std::uint64_t size) {
  const auto cores = options.jobs != 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency());
  return cores > 1 && size > 2 * HashThread::k_block_bytes;
}

/// The tasks of tensors that lie in a stream just as they are; a large one is shared with `hand`, where there is one.
class TensorTaskMaker final : public TaskMaker {
 public:
  TensorTaskMaker(const InspectOptions& options, numeric::Helper* hand) : m_options(options), m_hand(hand) {}
  [[nodiscard]] std::unique_ptr<StreamTask> make(ByteRange range, Tensor& tensor) const override {
    numeric::Helper* const helper = m_hand != nullptr && pays_for_a_thread(m_options, range.length) ? m_hand : nullptr;
    return std::make_unique<TensorTask>(range, tensor, m_options, InstrumentPool::of_this_thread(), helper);
  }

 private:
  const InspectOptions& m_options;
  numeric::Helper* m_hand;
};

class FilePass {
 public:
  FilePass(model::Builder& builder, const Coverage& coverage)
      : m_builder(builder), m_coverage(coverage), m_maker(builder.options(), &m_hand), m_alone(builder.options(), nullptr) {}
  void run();

 private:
  void plan();
  [[nodiscard]] std::optional<InStream> found(Tensor& tensor) const;
  void plan_tensors(std::vector<InStream> items);
  [[nodiscard]] static std::vector<const Tensor*> twins_of(const std::vector<InStream>& items);
  [[nodiscard]] bool wanted(const Tensor& tensor) const;
  bool within_budget(Tensor& tensor);
  void place_in_streams();
  void place(const InStream& item);
  void plan_checksums();
  void plan_gaps();
  [[nodiscard]] bool is_the_file(const InStream& item) const;
  [[nodiscard]] std::span<const std::byte> read_block(HashThread& hash, std::uint64_t offset, std::size_t length) const;
  void stream();
  void gather_rest();
  void gather_decoded();
  void gather_one(Tensor& tensor);
  void copy_twins();
  void tick(std::uint64_t done);

  model::Builder& m_builder;
  const Coverage& m_coverage;
  SpareHand m_hand;
  InstrumentPool& m_pool = InstrumentPool::of_this_thread();
  TensorTaskMaker m_maker;
  TensorTaskMaker m_alone;
  StreamSweep m_sweep;
  std::map<std::uint64_t, DeflatedEntryTask*> m_deflated;
  std::vector<Tensor*> m_gathered;
  std::vector<std::pair<Tensor*, const Tensor*>> m_twins;
  std::vector<InStream> m_in_stream;
  const Tensor* m_whole = nullptr;  ///< a tensor that is the file from end to end
  std::uint64_t m_work = 0;
  std::uint64_t m_unpacked_size = 0;  ///< of the file, its deflated entries counted as they come out as well
};

HashThread::Mode hash_mode(const InspectOptions& options, bool known, std::uint64_t size) {
  return !options.sha256 || known ? HashThread::Mode::off : pays_for_a_thread(options, size) ? HashThread::Mode::threaded : HashThread::Mode::inline_;
}

void FilePass::tick(std::uint64_t done) {
  const auto& options = m_builder.options();
  if (options.stop != nullptr && options.stop->load(std::memory_order_relaxed)) {
    throw Stopped();
  }
  if (options.progress) {
    options.progress(done, m_builder.source().size());
  }
}

bool FilePass::wanted(const Tensor& tensor) const {
  const auto& glob = m_builder.options().tensor_glob;
  return tensor.unread.empty() && (glob.empty() || ::fnmatch(glob.c_str(), tensor.name.c_str(), 0) == 0);
}

bool FilePass::within_budget(Tensor& tensor) {
  const auto budget = std::max(k_free_work, m_unpacked_size * k_expansion);
  if (tensor.bytes > budget || m_work > budget - tensor.bytes) {
    tensor.unread = "not measured: the file's tensors overlap or repeat elements to more than " +
                    std::to_string(k_expansion) + " times its size";
    m_builder.find("tensor.expanded-view", Severity::warning,
                   "the view describes " + std::to_string(tensor.bytes) + " bytes of elements; " + tensor.unread,
                   tensor.location.packed, tensor.name);
    return false;
  }
  m_work += tensor.bytes;
  return true;
}

/// Nothing where the tensor cannot be measured, or need not be.
std::optional<InStream> FilePass::found(Tensor& tensor) const {
  if (!wanted(tensor)) {
    return std::nullopt;
  }
  const auto span = model::span_in_storage(tensor);
  if (!span) {
    tensor.unread = "its elements do not fit its storage";
    return std::nullopt;
  }
  const auto row_major = model::is_row_major(tensor);
  if (!row_major && tensor.elements > tensor.bytes) {
    tensor.unread = "a strided view of elements smaller than a byte";
    return std::nullopt;
  }
  const bool stored = tensor.location.packing == Packing::stored;
  const auto start = stored ? tensor.location.packed.offset : tensor.location.storage_start;
  return InStream{stored ? k_whole_file : tensor.location.packed.offset, ByteRange{start + span->offset, span->length}, &tensor, row_major};
}

/// For each item the first tensor that is the same bytes, nullptr where it is that itself. Empty where all are.
std::vector<const Tensor*> FilePass::twins_of(const std::vector<InStream>& items) {
  const auto repeats = [](const InStream& a, const InStream& b) { return place_of(a) >= place_of(b); };
  if (std::adjacent_find(items.begin(), items.end(), repeats) == items.end()) {
    return {};
  }
  std::vector<const Tensor*> out(items.size(), nullptr);
  const auto order = by_content(items);
  for (std::size_t i = 1; i < order.size(); ++i) {
    const auto& before = items[order[i - 1]];
    if (content_of(before) == content_of(items[order[i]])) {
      const auto* first = out[order[i - 1]];
      out[order[i]] = first != nullptr ? first : before.tensor;
    }
  }
  return out;
}

void FilePass::plan_tensors(std::vector<InStream> items) {
  const auto twins = twins_of(items);
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto& tensor = *items[i].tensor;
    if (!twins.empty() && twins[i] != nullptr) {
      m_twins.emplace_back(&tensor, twins[i]);
      continue;
    }
    if (!within_budget(tensor)) {
      continue;
    }
    if (items[i].as_it_is) {
      m_in_stream.push_back(items[i]);
    } else {
      m_gathered.push_back(&tensor);
    }
  }
}

/// Hands the tensors that lie in a stream just as they are to that stream's sweep. Where too many overlap, the later
/// ones are read one by one afterwards.
void FilePass::place_in_streams() {
  std::stable_sort(m_in_stream.begin(), m_in_stream.end(), [](const InStream& a, const InStream& b) {
    return std::pair(a.entry, a.range.offset) < std::pair(b.entry, b.range.offset);
  });
  m_sweep.expect(m_in_stream.size());
  std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> open_ends;
  std::uint64_t entry = k_whole_file;
  for (const auto& item : m_in_stream) {
    if (item.entry != entry) {
      entry = item.entry;
      open_ends = {};
    }
    while (!open_ends.empty() && open_ends.top() <= item.range.offset) {
      open_ends.pop();
    }
    if (open_ends.size() >= k_most_open) {
      m_gathered.push_back(item.tensor);
      continue;
    }
    open_ends.push(item.range.end());
    place(item);
  }
  std::vector<InStream>().swap(m_in_stream);  // = {} would keep its memory
}

/// True where the tensor's elements are all bytes of the file just as they are: its XXH3 is the file's.
bool FilePass::is_the_file(const InStream& item) const {
  const ByteRange all{0, m_builder.source().size()};
  return item.range == all && item.tensor->bytes == all.length && all.length != 0 && item.tensor->location.order == ByteOrder::little;
}

void FilePass::place(const InStream& item) {
  if (item.entry == k_whole_file) {
    m_sweep.add(item.range, *item.tensor, m_maker);
    if (is_the_file(item)) {
      m_whole = item.tensor;
    }
    return;
  }
  const auto found = m_deflated.find(item.entry);
  if (found == m_deflated.end()) {
    item.tensor->unread = "its entry cannot be unpacked";
  } else {
    found->second->inside().add(item.range, *item.tensor, m_alone);  // what is unpacked does not stay for another thread
  }
}

void FilePass::plan_checksums() {
  m_unpacked_size = m_builder.source().size();
  for (const auto& claim : m_builder.checksums) {
    if (claim.packing == Packing::stored) {
      m_sweep.add(std::make_unique<StoredEntryTask>(claim, m_builder));
      continue;
    }
    // Deflate packs by 1032 at the most: what is declared beyond that never comes out.
    m_unpacked_size += std::min(claim.unpacked, claim.packed.length * bytes::k_deflate_best_ratio);
    auto task = std::make_unique<DeflatedEntryTask>(claim, m_builder);
    m_deflated.emplace(claim.packed.offset, task.get());
    m_sweep.add(std::move(task));
  }
}

void FilePass::plan_gaps() {
  std::size_t listed = 0;
  for (const auto& region : m_coverage.regions) {
    if (region.kind == RegionKind::gap && listed++ < k_listed_gaps) {
      m_sweep.add(std::make_unique<GapTask>(region.range, m_builder.gap_contents));
    }
  }
}

void FilePass::plan() {
  plan_checksums();
  plan_gaps();
  std::set<std::size_t> decoded;
  for (const auto& [index, storage] : m_builder.decoded) {
    decoded.insert(index);
  }
  auto& tensors = m_builder.artifact.tensors;
  std::vector<InStream> items;
  items.reserve(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (const auto item = decoded.contains(i) ? std::nullopt : found(tensors[i])) {
      items.push_back(*item);
    }
  }
  plan_tensors(std::move(items));
  place_in_streams();
  if (pays_for_a_thread(m_builder.options(), m_builder.source().size())) {
    m_sweep.share_with(m_hand);
  }
  m_sweep.start();
}

std::span<const std::byte> FilePass::read_block(HashThread& hash, std::uint64_t offset, std::size_t length) const {
  const auto block = hash.next_block().first(length);
  m_builder.source().read_at(offset, block);
  hash.push(length);
  return block;
}

void FilePass::stream() {
  const auto& source = m_builder.source();
  const auto known = source.sha256();
  const auto mode = hash_mode(m_builder.options(), known.has_value(), source.size());
  const auto at_hand = mode == HashThread::Mode::off ? source.bytes() : std::nullopt;
  HashThread hash(mode, at_hand ? 0 : source.size());
  const MakingWay making_way(m_hand, hash);
  bytes::Xxh3_128 xxh3;
  std::uint64_t offset = 0;
  while (offset < source.size()) {
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(HashThread::k_block_bytes, source.size() - offset));
    const auto piece = at_hand ? at_hand->subspan(static_cast<std::size_t>(offset), length) : read_block(hash, offset, length);
    if (m_whole == nullptr) {
      xxh3.add(piece);
    }
    m_sweep.feed(piece);
    offset += length;
    tick(offset);
  }
  m_sweep.finish();
  auto& digests = m_builder.artifact.digests;
  digests.xxh3_128 = m_whole != nullptr ? m_whole->digests.xxh3_128.value_or("") : xxh3.hex();
  if (m_builder.options().sha256) {
    digests.sha256 = known ? *known : hash.hex();
  }
}

void FilePass::gather_one(Tensor& tensor) {
  TensorGauge gauge(tensor, m_builder.options(), m_pool);
  const auto sink = [&](std::span<const std::byte> piece) {
    tick(m_builder.source().size());
    gauge.feed(piece);
  };
  if (tensor.location.packing == Packing::stored) {
    gauge.begin();
    gather(m_builder.source(), tensor.location.packed.offset, tensor, k_gather_memory, sink);
    gauge.end();
    return;
  }
  if (tensor.location.storage_bytes > m_builder.options().limits.memory / 2) {
    tensor.unread = "a strided view of a deflated entry larger than the memory allowed";
    return;
  }
  const auto unpacked = bytes::unpack(m_builder.source(), tensor.location.packed, m_builder.options().limits.memory / 2);
  const bytes::MemorySource storage{std::span<const std::byte>(unpacked.data)};
  gauge.begin();
  gather(storage, tensor.location.storage_start, tensor, k_gather_memory, sink);
  gauge.end();
}

void FilePass::gather_decoded() {
  for (const auto& [index, bytes] : m_builder.decoded) {
    auto& tensor = m_builder.artifact.tensors[index];
    if (!wanted(tensor)) {
      continue;
    }
    if (!model::span_in_storage(tensor)) {
      tensor.unread = "its elements do not fit its storage";
      continue;
    }
    if (!within_budget(tensor)) {
      continue;
    }
    TensorGauge gauge(tensor, m_builder.options(), m_pool);
    const bytes::MemorySource storage{std::span<const std::byte>(bytes)};
    gauge.begin();
    gather(storage, 0, tensor, k_gather_memory, [&gauge](std::span<const std::byte> piece) { gauge.feed(piece); });
    gauge.end();
  }
}

void FilePass::gather_rest() {
  for (auto* tensor : m_gathered) {
    try {
      gather_one(*tensor);
    } catch (const bytes::ParseError& error) {
      tensor->unread = std::string("its entry cannot be unpacked: ") + error.what();
    }
  }
}

void FilePass::copy_twins() {
  for (const auto& [tensor, measured] : m_twins) {
    tensor->digests = measured->digests;
    tensor->stats = measured->stats;
    tensor->entropy = measured->entropy;
    tensor->provenance = measured->provenance;
    tensor->unread = measured->unread;
  }
}

void FilePass::run() {
  plan();
  try {
    stream();
    gather_rest();
    gather_decoded();
  } catch (const bytes::ReadError& error) {
    m_builder.find("container.changed-while-read", Severity::error,
                   std::string(error.what()) + "; no digest or statistic that depends on the missing bytes is given",
                   ByteRange{error.offset(), 0});
    m_builder.artifact.digests = {};
  }
  copy_twins();
}

}  // namespace

void read_data(model::Builder& builder, const Coverage& coverage) { FilePass(builder, coverage).run(); }

}  // namespace upinspect::measure
