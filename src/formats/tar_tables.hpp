// SPDX-License-Identifier: Apache-2.0
// The tables of storages and tensors in a checkpoint of torch 0.1.x.
#pragma once

#include "model/builder.hpp"
#include "pickle/machine.hpp"
#include "pickle/torch_tensors.hpp"

#include <map>
#include <string>

namespace upinspect::formats {

struct TarStorage {
  Dtype dtype = Dtype::other;
  std::string dtype_name;
  std::uint64_t element_bytes = 0;
  std::string location;
  ByteRange data;

  friend bool operator==(const TarStorage&, const TarStorage&) = default;
};

struct TarTensor {
  std::string storage;  ///< its key
  std::vector<std::int64_t> size;
  std::vector<std::int64_t> stride;
  std::int64_t storage_offset = 0;
  std::uint64_t described_at = 0;

  friend bool operator==(const TarTensor&, const TarTensor&) = default;
};

/// Called for each pickle of the tables: all of them are unpickled by torch.
using EachPickle = std::function<void(const pickle::Program&, std::string_view what)>;

/// Reads the member `storages` and labels its bytes. What breaks off becomes a finding; what was read until then stays.
[[nodiscard]] std::map<std::string, TarStorage> read_tar_storages(model::Builder& builder, ByteRange member,
                                                                  const EachPickle& each);

/// The same for the member `tensors`.
[[nodiscard]] std::map<std::string, TarTensor> read_tar_tensors(model::Builder& builder, ByteRange member,
                                                                const EachPickle& each);

}  // namespace upinspect::formats
