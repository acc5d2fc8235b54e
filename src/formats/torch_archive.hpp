// SPDX-License-Identifier: Apache-2.0
// What the archives of torch.save and torch.jit.save have in common: records behind one prefix, pickles, storages.
#pragma once

#include "containers/zip_torch_lookup.hpp"
#include "formats/pickled.hpp"
#include "formats/zip_reading.hpp"

#include <set>
#include <string>
#include <vector>

namespace upinspect::formats {

class TorchArchive {
 public:
  TorchArchive(const ZipReading& zip, model::Builder& builder)
      : m_zip(zip), m_builder(builder), m_prefix(zip.prefix()), m_lookup(zip.directory()) {}

  /// Hands on what the zip reader found, labels every record and reads the settings: version, byte order, and so on.
  /// What torch would refuse the archive for is an error.
  void begin();

  /// The record behind the prefix that torch would read; nullptr where there is none.
  [[nodiscard]] const containers::ZipEntry* record(const std::string& name);
  /// The names of the records in `folder`, which ends in a slash, without prefix.
  [[nodiscard]] std::vector<std::string> names_in(const std::string& folder) const;
  /// The content of a record of at most `most` bytes; empty where it is missing or, which is a finding, unreadable.
  [[nodiscard]] std::string content(const std::string& name, std::uint64_t most = 4096);

  /// Where a pickle's storages lie and how its things are called.
  struct PickleRecord {
    std::string name;
    std::vector<std::string> folders{"data/"};  ///< tried in turn
    std::string called;                         ///< stands before all names
    std::function<pickle::Continue(const pickle::Step&)> observer;
  };

  /// Runs, judges and lists the pickle of a record. A missing record is an error.
  void read_pickle(const PickleRecord& wanted);

  /// The storage record of this key.
  [[nodiscard]] std::optional<FoundStorage> find_storage(const std::vector<std::string>& folders, const std::string& key);
  /// Why there is none, as the end of a sentence.
  [[nodiscard]] std::string why_missing(const std::vector<std::string>& folders, const std::string& key);
  /// The byte order of the archive's numbers.
  [[nodiscard]] ByteOrder order() const { return m_order; }

  /// Storage records that belong to no tensor, once all pickles are read.
  void report_unused(const std::vector<std::string>& folders);
  /// Storages that a memory map would not show as they are.
  void report_packed();
  /// Records that torch.load never looks at. A program may be told to (`pickle_file`), so that what they hold counts.
  void report_unknown();
  /// The same for torch.jit.load, without a word: programs carry files of their own. Their code, and what is kept of its source
  /// for tracebacks, no unpickler of Python's ever sees.
  void claim_extra();

 private:
  void label_records();
  void check_start();
  void check_disks();
  void check_names();
  void check_version();
  void note_settings();
  void check_serialization_id();
  void run(const containers::ZipEntry& entry, const PickleRecord& wanted);
  void judge_rivals(const containers::ZipEntry& chosen);
  void judge_rival(const containers::ZipEntry& entry, const std::string& why);
  void use(const pickle::Program& program, PickleSetting setting, std::uint64_t start, const pickle::Options& options,
           const PickleRecord& wanted);

  const ZipReading& m_zip;
  model::Builder& m_builder;
  std::string m_prefix;
  containers::TorchLookup m_lookup;
  ByteOrder m_order = ByteOrder::little;
  std::set<std::string> m_other_case;  ///< records that are there in other letters only
  std::set<std::string> m_other_case_names;  ///< how these are spelt
  std::set<std::string> m_used;  ///< records that a tensor or a pickle refers to
  bool m_complete = true;        ///< every pickle reached its STOP
};

}  // namespace upinspect::formats
