// SPDX-License-Identifier: Apache-2.0
// torch-tar: what torch.save wrote up to 0.1.9. A tar archive of four members:
//
//   sys_info   a pickle: protocol version, byte order, sizes of C's types; never looked at
//   storages   pickle N; N x { pickle (key, device, storage class), int64 elements, the elements };
//              pickle [(key of the view, key of the storage, offset, elements)...]
//   tensors    pickle N; N x { pickle (key, storage key, tensor class), int32 dimensions, 4 bytes,
//              int64 sizes, int64 strides, int64 storage offset }
//   pickle     the object; tensors are persistent ids: their keys
//
// All integers are little-endian. torch unpacks the first members into a folder; here they are read in place.
#include "containers/tar.hpp"
#include "formats/format.hpp"
#include "formats/pickled.hpp"
#include "formats/tar_members.hpp"
#include "formats/tar_tables.hpp"

#include <algorithm>
#include <array>

namespace upinspect::formats::torch_tar {

namespace {

using containers::TarKind;
using containers::TarMember;

constexpr std::array<std::string_view, 3> k_needed{"storages", "tensors", "pickle"};
constexpr std::size_t k_most_judged = 10'000;

bool is_checkpoint(const containers::TarArchive& archive) {
  return std::all_of(k_needed.begin(), k_needed.end(), [&archive](std::string_view name) {
    const auto* member = archive.find(name);
    return member != nullptr && member->kind == TarKind::file;
  });
}

class CheckpointReader {
 public:
  explicit CheckpointReader(model::Builder& builder) : m_builder(builder), m_options(pickle_options(builder.options())) {}

  void read();

 private:
  void label_others(const containers::TarArchive& archive);
  void judge(const pickle::Program& program, std::string_view what);
  void read_object(ByteRange member);
  [[nodiscard]] std::optional<PersistentTensor> find_tensor(const std::string& key) const;

  model::Builder& m_builder;
  pickle::Options m_options;
  std::map<std::string, TarStorage> m_storages;
  std::map<std::string, TarTensor> m_tensors;
  std::size_t m_judged = 0;
};

/// sys_info is never looked at, and nothing else is of the format: what they hold is for the conductor to see.
void CheckpointReader::label_others(const containers::TarArchive& archive) {
  for (const auto& member : archive.members) {
    const bool read = std::any_of(k_needed.begin(), k_needed.end(), [&](std::string_view name) {
      return archive.find(name) == &member;
    });
    if (!read) {
      m_builder.coverage.label(member.data, RegionKind::payload, "member " + member.name);
      claim_member(m_builder, member);
    }
  }
}

/// torch unpickles every one of them.
void CheckpointReader::judge(const pickle::Program& program, std::string_view what) {
  if (++m_judged > k_most_judged) {
    return;
  }
  PickleSetting setting;
  setting.stream = &m_builder.source();
  report_stream(m_builder, program, std::string(what));
  judge_stream(m_builder, program, setting, program.start, m_options);
}

std::optional<PersistentTensor> CheckpointReader::find_tensor(const std::string& key) const {
  const auto found = m_tensors.find(key);
  if (found == m_tensors.end()) {
    return std::nullopt;
  }
  const auto& described = found->second;
  PersistentTensor out;
  out.view.offset = described.described_at;
  out.view.size = described.size;
  out.view.stride = described.stride;
  out.view.storage_offset = described.storage_offset;
  if (const auto storage = m_storages.find(described.storage); storage != m_storages.end()) {
    out.view.dtype = storage->second.dtype;
    out.view.dtype_name = storage->second.dtype_name;
    out.view.element_bytes = storage->second.element_bytes;
    out.data = storage->second.data;
  }
  return out;
}

void CheckpointReader::read_object(ByteRange member) {
  auto options = m_options;
  options.end = member.end();
  const auto program = pickle::run(m_builder.source(), member.offset, options);
  judge(program, "object pickle");
  PickleSetting setting;
  setting.stream = &m_builder.source();
  setting.find_tensor = [this](const std::string& key) { return find_tensor(key); };
  auto added = add_objects(m_builder, program, setting);
  label_around(m_builder, ByteRange{program.start, program.end - program.start}, RegionKind::payload, "object pickle",
               std::move(added.inside));
}

void CheckpointReader::read() {
  const auto archive = containers::read_tar(m_builder.source(), &m_builder.coverage, m_builder.artifact.findings);
  label_others(archive);
  constexpr std::uint64_t k_end_blocks = 1024;
  if (m_builder.source().size() - archive.end < k_end_blocks) {
    m_builder.find("container.truncated", Severity::warning, "tar: two blocks of zeros end an archive; they are not whole here",
                   ByteRange{archive.end, 0});
  }
  if (!is_checkpoint(archive)) {
    m_builder.find("torch.missing-record", Severity::error,
                   "the archive lacks one of storages, tensors and pickle; torch refuses it");
    return;
  }
  const auto each = [this](const pickle::Program& program, std::string_view what) { judge(program, what); };
  m_storages = read_tar_storages(m_builder, archive.find("storages")->data, each);
  m_tensors = read_tar_tensors(m_builder, archive.find("tensors")->data, each);
  m_builder.detail("storages", static_cast<std::uint64_t>(m_storages.size()));
  m_builder.detail("tensors", static_cast<std::uint64_t>(m_tensors.size()));
  read_object(archive.find("pickle")->data);
  if (m_judged > k_most_judged) {
    m_builder.find("limit.reached", Severity::error, "more than 10000 pickles: the rest was not judged");
  }
  if (auto& report = m_builder.artifact.pickle) {
    report->weights_only_loads = false;
    report->weights_only_reason = "Cannot use weights_only=True with files saved in the legacy .tar format (2.6 on)";
    report->weights_only_offset.reset();
  }
}

}  // namespace

Claim sniff(const Probe& probe) noexcept {
  try {
    if (!containers::tar_header_at(probe.source(), 0)) {
      return Claim::none;
    }
    containers::TarLimits limits;
    limits.members = 64;  // torch wrote four
    std::vector<Finding> ignored;
    return is_checkpoint(containers::read_tar(probe.source(), nullptr, ignored, limits)) ? Claim::certain : Claim::none;
  } catch (...) {
    return Claim::none;
  }
}

void read(const Probe&, model::Builder& builder) { CheckpointReader(builder).read(); }

}  // namespace upinspect::formats::torch_tar
