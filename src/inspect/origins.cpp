// SPDX-License-Identifier: Apache-2.0
#include "inspect/origins.hpp"

#include "measure/elements.hpp"

#include <algorithm>
#include <iterator>

namespace upinspect::inspecting {

namespace {

// Pieces of this size pass the cache while their consumer looks at them, and cost a read call each that is not felt.
constexpr std::uint64_t k_piece = std::uint64_t{1} << 20;
// What a strided view may hold, as the measuring pass has it.
constexpr std::uint64_t k_gather_memory = std::uint64_t{8} << 20;
// The usual limit on open files is 1024.
constexpr std::size_t k_most_open = 512;

[[noreturn]] void refuse(const Tensor& tensor, const std::string& why) {
  throw InputError(tensor.name.empty() ? "the tensor cannot be read: " + why
                                       : "the tensor \"" + tensor.name + "\" cannot be read: " + why);
}

std::string words(NotKept why) {
  return why == NotKept::too_many_files ? "more than " + std::to_string(k_most_open) + " files of one artifact are not held open"
                                        : "decoding the files' storages would take more memory than is allowed";
}

/// The tensor as its decoded storage has it.
Tensor in_storage(Tensor tensor, std::uint64_t storage_bytes) {
  tensor.location.packed = {0, storage_bytes};
  tensor.location.packing = Packing::stored;
  tensor.location.storage_bytes = storage_bytes;
  return tensor;
}

}  // namespace

void Origins::append(Origins other) {
  tensors.insert(tensors.end(), std::make_move_iterator(other.tensors.begin()), std::make_move_iterator(other.tensors.end()));
  decoded_bytes += other.decoded_bytes;
  open_files += other.open_files;
}

void Origins::append_within(Origins other, const Limits& limits) {
  const bool too_many = open_files >= k_most_open;
  const bool too_large = decoded_bytes + other.decoded_bytes > limits.memory / 2;
  for (auto& origin : other.tensors) {
    if (too_many) {
      origin = Origin{nullptr, false, NotKept::too_many_files};
    } else if (too_large && origin.decoded) {
      origin = Origin{nullptr, true, NotKept::too_much_decoded};
    }
  }
  other.open_files = too_many ? 0 : other.open_files;
  other.decoded_bytes = too_large || too_many ? 0 : other.decoded_bytes;
  append(std::move(other));
}

bool Origins::changed_since_opened() const {
  const bytes::Source* asked = nullptr;
  for (const auto& origin : tensors) {
    if (origin.source && origin.source.get() != asked) {
      asked = origin.source.get();
      if (asked->changed_since_opened()) {
        return true;
      }
    }
  }
  return false;
}

Origins origins_of(model::Builder& builder, const SharedSource& source) {
  Origins origins;
  origins.tensors.assign(builder.artifact.tensors.size(), Origin{source, false, NotKept::no});
  origins.open_files = 1;
  for (auto& [index, storage] : builder.decoded) {
    origins.decoded_bytes += storage.size();
    origins.tensors[index] = Origin{std::make_shared<bytes::MemorySource>(std::move(storage)), true, NotKept::no};
  }
  builder.decoded.clear();
  return origins;
}

namespace {

void stop_if_asked(const InspectOptions& options) {
  if (options.stop != nullptr && options.stop->load(std::memory_order_relaxed)) {
    throw Stopped();
  }
}

/// Calls `reading` with the source, the tensor as it lies there, and the memory that reading it may take.
template <typename Reading>
void read_from(const Origin& origin, const Tensor& tensor, const Reading& reading) {
  if (!origin.source) {
    refuse(tensor, words(origin.missing));
  }
  const auto memory = model::is_row_major(tensor) ? k_piece : k_gather_memory;
  try {
    if (origin.decoded) {
      reading(*origin.source, in_storage(tensor, origin.source->size()), memory);
    } else {
      reading(*origin.source, tensor, memory);
    }
  } catch (const measure::Unreadable& why) {
    refuse(tensor, why.what());
  }
}

}  // namespace

void stream_tensor(const Origin& origin, const Tensor& tensor, const InspectOptions& options,
                   const measure::ElementSink& sink) {
  const measure::ElementSink stoppable = [&](std::span<const std::byte> piece) {
    stop_if_asked(options);
    sink(piece);
  };
  read_from(origin, tensor, [&](const bytes::Source& source, const Tensor& lies, std::uint64_t memory) {
    measure::stream_elements(source, lies, memory, options.limits.memory, stoppable);
  });
}

void load_tensor(const Origin& origin, const Tensor& tensor, const InspectOptions& options, std::vector<std::byte>& out) {
  stop_if_asked(options);
  bool loaded = false;
  read_from(origin, tensor, [&](const bytes::Source& source, const Tensor& lies, std::uint64_t /*memory*/) {
    loaded = measure::load_elements(source, lies, out);
  });
  if (!loaded) {
    out.clear();
    stream_tensor(origin, tensor, options, [&out](std::span<const std::byte> piece) { out.insert(out.end(), piece.begin(), piece.end()); });
  }
}

std::vector<std::byte> load_tensor(const Origin& origin, const Tensor& tensor, const InspectOptions& options,
                                   std::uint64_t most) {
  if (tensor.bytes > most) {
    refuse(tensor, "it has " + std::to_string(tensor.bytes) + " bytes, more than the " + std::to_string(most) + " allowed");
  }
  std::vector<std::byte> out;
  load_tensor(origin, tensor, options, out);
  return out;
}

}  // namespace upinspect::inspecting
