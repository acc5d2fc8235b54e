// SPDX-License-Identifier: Apache-2.0
// Records that another reader takes for the one that is read here. torch looks names up without case and, of entries
// with one name, picks one or another by how many there are; zipfile takes the last; netron goes by local headers; and
// of two archives in a row torch reads the first, zipfile the second. What unpickling any of them would do counts.
#include "formats/torch_archive.hpp"

#include "bytes/parse_error.hpp"

#include <algorithm>
#include <span>

namespace upinspect::formats {

namespace {

using containers::ZipDirectory;
using containers::ZipEntry;

constexpr std::size_t k_most_rivals = 16;

/// The indices of the entries that some reader may take for `chosen`.
std::vector<std::size_t> rivals_of(const ZipDirectory& directory, const ZipEntry& chosen) {
  auto found = directory.find_similar(chosen.name);
  for (const auto& [index, local_name] : directory.local_names) {
    if (local_name == chosen.name) {
      found.push_back(index);
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::erase_if(found, [&](std::size_t index) { return &directory.entries[index] == &chosen; });
  return found;
}

}  // namespace

void TorchArchive::judge_rival(const ZipEntry& entry, const std::string& why) {
  m_builder.find("torch.rival-record", Severity::error,
                 "\"" + entry.name + "\" " + why + ": its pickle is judged too, its tensors are not listed", entry.data);
  try {
    const auto cap = std::min(m_builder.options().limits.pickle, m_builder.options().limits.memory / 4);
    const bytes::MemorySource unpacked(containers::read_entry(m_builder.source(), entry, cap).data);
    const auto options = pickle_options(m_builder.options());
    PickleSetting setting;
    setting.stream = &unpacked;
    setting.unpacked_from = entry.data;
    setting.entry = entry.name;
    judge_stream(m_builder, pickle::run(unpacked, 0, options), setting, 0, options);
  } catch (const bytes::ParseError& error) {
    m_builder.find("torch.unreadable-record", Severity::error, entry.name + ": " + error.what(), entry.data);
  }
}

void TorchArchive::judge_rivals(const ZipEntry& chosen) {
  const auto& directory = m_zip.directory();
  const auto rivals = rivals_of(directory, chosen);
  for (const auto index : std::span(rivals).first(std::min(rivals.size(), k_most_rivals))) {
    const auto& rival = directory.entries[index];
    const bool is_last = directory.find(chosen.name) == &rival;
    judge_rival(rival, "at " + std::to_string(rival.data.offset) +
                           (is_last ? " is what Python's zipfile reads; torch reads the one at "
                                    : " is what some readers take for the one that torch reads, at ") +
                           std::to_string(chosen.data.offset));
  }
  if (rivals.size() > k_most_rivals) {
    m_builder.find("limit.reached", Severity::error,
                   std::to_string(rivals.size() - k_most_rivals) + " more records that may be read in place of \"" +
                       chosen.name + "\" are not judged");
  }
  const auto other = m_zip.other_directory(m_builder.source());
  const auto* theirs = other ? other->find(chosen.name) : nullptr;
  if (theirs != nullptr && theirs->data != chosen.data) {
    judge_rival(*theirs, "at " + std::to_string(theirs->data.offset) + " is what Python's zipfile reads; torch reads the one at " +
                             std::to_string(chosen.data.offset));
  }
}

}  // namespace upinspect::formats
