// SPDX-License-Identifier: Apache-2.0
// torchscript: what torch.jit.save writes. A zip archive whose names share a prefix, told from torch.save's by its
// constants:
//
//   P data.pkl, data/KEY             the module as a pickle of protocol 2, its tensors' storages
//   P constants.pkl, constants/KEY   the tensors that the code names
//   P code/....py, ....debug_pkl     TorchScript source, which torch.jit.load compiles
//   P bytecode.pkl                   instructions for the mobile interpreter
//   P extra/NAME                     files of the user
//   P version                        1 to 10
//
// and before 1.2: P model.json (see torchscript_json.cpp), P tensors/N, P attributes.pkl, P code/. The pickles are
// read by an unpickler in C++ that knows few opcodes and no Python: it imports nothing.
#include "formats/format.hpp"
#include "formats/torch_archive.hpp"
#include "formats/torchscript_json.hpp"

#include <algorithm>

namespace upinspect::formats::torchscript {

namespace {

using pickle::Opcode;

constexpr Opcode k_known_opcodes[] = {
    Opcode::proto,      Opcode::stop,        Opcode::mark,       Opcode::empty_list, Opcode::empty_tuple,
    Opcode::empty_dict, Opcode::binput,      Opcode::long_binput, Opcode::binget,    Opcode::long_binget,
    Opcode::newtrue,    Opcode::newfalse,    Opcode::none,       Opcode::binint1,    Opcode::binint2,
    Opcode::binint,     Opcode::long1,       Opcode::binunicode, Opcode::binfloat,   Opcode::tuple,
    Opcode::tuple1,     Opcode::tuple2,      Opcode::tuple3,     Opcode::appends,    Opcode::list,
    Opcode::dict,       Opcode::setitems,   Opcode::global,     Opcode::newobj,
    Opcode::build,      Opcode::reduce,      Opcode::binpersid,
};

/// Classes of the archive's own code and the helpers of the unpickler in C++.
bool belongs(const PickleGlobal& global) {
  const bool own = global.module == "__torch__" || global.module.starts_with("__torch__.");
  return own || global.module == "torch.jit._pickle" || (global.module == "__main__" && (global.name == "TensorID" || global.name == "IntList"));
}

class ScriptReader {
 public:
  ScriptReader(const ZipReading& zip, model::Builder& builder) : m_builder(builder), m_archive(zip, builder) {}

  void read();

 private:
  void read_pickle(const std::string& name, std::vector<std::string> folders, const std::string& called);
  void list_code();
  void list_extra();
  void judge();

  model::Builder& m_builder;
  TorchArchive m_archive;
};

void ScriptReader::read_pickle(const std::string& name, std::vector<std::string> folders, const std::string& called) {
  std::optional<Finding> unknown;
  TorchArchive::PickleRecord record{name, std::move(folders), called, {}};
  record.observer = [&](const pickle::Step& step) {
    const auto* known = std::find(std::begin(k_known_opcodes), std::end(k_known_opcodes), step.opcode.code);
    if (!unknown && known == std::end(k_known_opcodes)) {
      unknown = Finding{"torchscript.unknown-opcode", Severity::error,
                        name + ": " + std::string(step.opcode.name) + " at " + std::to_string(step.offset) +
                            " is not among the opcodes that torch.jit.load knows; it refuses the archive",
                        step.offset, std::nullopt, {}};
    }
    return pickle::Continue::yes;
  };
  m_archive.read_pickle(record);
  const auto* entry = m_archive.record(name);
  if (unknown && entry != nullptr) {
    m_builder.find(unknown->id, unknown->severity, unknown->message, entry->data);
  }
}

/// Code is data here: its names and sizes are told, and where loading alone would run some of it.
void ScriptReader::list_code() {
  constexpr std::size_t k_listed = 256;
  constexpr std::uint64_t k_longest_source = std::uint64_t{1} << 20;
  Value::Array listed;
  std::uint64_t sources = 0;
  for (const auto* folder : {"code/", "libs/"}) {
    for (const auto& name : m_archive.names_in(folder)) {
      if (!name.ends_with(".py")) {
        continue;
      }
      ++sources;
      const auto& entry = *m_archive.record(name);
      if (listed.size() < k_listed) {
        listed.emplace_back(name);
      }
      const bool readable = sources <= k_listed && entry.unpacked_size <= k_longest_source && containers::why_unreadable(entry).empty();
      if (readable && m_archive.content(name, k_longest_source).find("def __setstate__") != std::string::npos) {
        m_builder.find("torchscript.code-on-load", Severity::warning,
                       name + " defines __setstate__, which torch.jit.load runs", entry.data);
      }
    }
  }
  m_builder.detail("code_files", sources);
  if (sources > 0) {
    m_builder.detail("code", std::move(listed));
  }
  m_builder.detail("mobile", m_archive.record("bytecode.pkl") != nullptr);
}

void ScriptReader::list_extra() {
  Value::Array listed;
  for (const auto& name : m_archive.names_in("extra/")) {
    listed.emplace_back(name.substr(std::string_view("extra/").size()));
  }
  if (!listed.empty()) {
    m_builder.detail("extra_files", std::move(listed));
  }
}

/// The unpickler in C++ makes objects of the archive's own classes; no module of Python is touched.
void ScriptReader::judge() {
  auto& report = m_builder.artifact.pickle;
  if (!report) {
    return;
  }
  auto worst = PickleVerdict::inert;
  for (auto& global : report->globals) {
    global.verdict = belongs(global) ? PickleVerdict::inert : global.verdict;
    worst = std::max(worst, global.verdict);
  }
  report->verdict = worst;
  report->weights_only_loads = false;
  report->weights_only_reason = "torch.load hands TorchScript archives to torch.jit.load, and refuses them with weights_only=True (2.6 on)";
  report->weights_only_offset.reset();
}

void ScriptReader::read() {
  m_archive.begin();
  list_code();
  list_extra();
  if (m_archive.record("model.json") != nullptr) {
    read_script_json(m_archive, m_builder);
  } else {
    read_pickle("data.pkl", {"data/", "constants/"}, "");
    read_pickle("constants.pkl", {"constants/", "data/"}, "constants");
    m_archive.report_unused({"data/", "constants/"});
  }
  judge();
  m_archive.claim_extra();
}

}  // namespace

Claim sniff(const Probe& probe) noexcept {
  try {
    const auto& zip = probe.zip();
    const bool script = zip.found() && !zip.prefix().empty() &&
                        (zip.has("constants.pkl") || (zip.has("model.json") && zip.has("version") && !zip.has("data.pkl")));
    return script && !is_in_tar(zip, probe.source()) ? Claim::certain : Claim::none;
  } catch (...) {
    return Claim::none;
  }
}

void read(const Probe& probe, model::Builder& builder) { ScriptReader(probe.zip(), builder).read(); }

}  // namespace upinspect::formats::torchscript
