// SPDX-License-Identifier: Apache-2.0
// The whole of an adapter in halves: size and coverage are those of its files one after another, in the order of
// format.detail.files; offsets in findings and locations are each file's own.
#include "inspect/triad.hpp"

#include "bytes/json_reader.hpp"
#include "inspect/adapters.hpp"
#include "inspect/digests.hpp"
#include "inspect/readings.hpp"
#include "inspect/triad_part.hpp"
#include "inspect/triad_rank.hpp"
#include "lora/keys.hpp"
#include "lora/training.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace upinspect::inspecting {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t k_largest_config = std::uint64_t{16} << 20;


class TriadJoiner {
 public:
  TriadJoiner(const std::string& folder, const TriadFiles& files, const InspectOptions& options)
      : m_folder(folder), m_files(files), m_options(options), m_builder(m_nothing, m_options, folder) {
    m_options.tensor_glob.clear();
  }
  Inspected run();

 private:
  void read_config();
  void take_config(Artifact artifact, const std::string& path);
  void open(const TriadFile& file);
  void read_halves();
  void read_alphas();
  void read_alpha(TriadPart& part);
  void settle_shapes();
  void take(TriadPart& part);
  void take_tensors(TriadPart& part);
  void describe(const TriadPart& part, const Artifact& artifact);
  void apply_lone_alpha();
  void tell_missing();
  void tell_half(const TriadPart& part);
  void drop_findings_told_better();
  void finish();

  [[nodiscard]] std::string path_of(const TriadFile& file) const {
    return file.path.empty() ? (fs::path(m_folder) / file.file).string() : file.path.string();
  }
  [[nodiscard]] TriadPart* part_of(std::string_view module, std::string_view role);

  bytes::MemorySource m_nothing{std::span<const std::byte>{}};
  std::string m_folder;
  const TriadFiles& m_files;
  InspectOptions m_options;
  model::Builder m_builder;
  std::vector<TriadPart> m_parts;  ///< halves, then alphas
  Origins m_origins;
  std::optional<Value> m_config;
  Value::Array m_listing;
  std::unordered_map<std::string, std::string> m_file_of;  ///< by tensor
  std::unordered_set<std::string> m_dead_files;            ///< halves that stand alone
  std::optional<double> m_text_alpha;
};

TriadPart* TriadJoiner::part_of(std::string_view module, std::string_view role) {
  const auto found = std::find_if(m_parts.begin(), m_parts.end(), [&](const TriadPart& part) {
    return part.file.name.module == module && part.file.name.role == role;
  });
  return found == m_parts.end() ? nullptr : &*found;
}

// --- The configuration --------------------------------------------------------------------------------------------

void TriadJoiner::take_config(Artifact artifact, const std::string& path) {
  TriadPart part;
  part.file.file = k_config_file;
  part.file.name.role = "configuration";
  describe(part, artifact);
  for (auto& finding : artifact.findings) {
    finding.message.insert(0, std::string(k_config_file) + ": ");
    m_builder.artifact.findings.push_back(std::move(finding));
  }
  if (artifact.format.id == "adapter-config") {
    m_config = std::move(artifact.metadata);
    return;
  }
  // Only some programs write peft_type; the name of the file says what it is.
  const bytes::FileSource source(path);
  if (artifact.format.id == "json" && source.size() <= k_largest_config) {
    std::string text(static_cast<std::size_t>(source.size()), '\0');
    source.read_at(0, std::as_writable_bytes(std::span(text)));
    auto value = bytes::parse_json(text, 0, "configuration");
    m_config = value.if_object() == nullptr ? std::nullopt : std::optional(std::move(value));
  }
  if (!m_config) {
    m_builder.find("config.unreadable", Severity::warning,
                   std::string(k_config_file) + " (" + std::to_string(source.size()) +
                       " bytes) is no JSON object that can be read: what it says of rank and alpha is not used");
  }
}

void TriadJoiner::read_config() {
  const bool elsewhere = !m_files.config_path.empty();
  const auto path = elsewhere ? m_files.config_path.string() : (fs::path(m_folder) / k_config_file).string();
  if (!m_files.config && !elsewhere) {
    return;
  }
  if (!elsewhere && refuse_link(m_builder, path)) {
    return;
  }
  auto options = m_options;
  options.raw.reset();
  options.progress = nullptr;
  try {
    take_config(inspect_path(path, options, Neighbours::whole_elsewhere).artifact, path);
  } catch (const InputError& problem) {
    m_builder.find("config.unreadable", Severity::warning, std::string(k_config_file) + " cannot be read: " + problem.what());
  } catch (const bytes::ParseError& problem) {
    m_builder.find("config.unreadable", Severity::warning, std::string(k_config_file) + " cannot be read: " + problem.what());
  }
}

// --- The files ----------------------------------------------------------------------------------------------------

void TriadJoiner::open(const TriadFile& file) {
  TriadPart part;
  part.file = file;
  peek(part, path_of(file), m_options);
  m_parts.push_back(std::move(part));
}

void TriadJoiner::read_halves() {
  for (const auto& file : m_files.halves) {
    open(file);
  }
  for (auto& part : m_parts) {
    auto* other = part_of(part.file.name.module, lora::opposite(part.file.name.role));
    const auto layout = layout_of_halves(&part, other, m_options);
    read_part(part, path_of(part.file), m_options, layout);
  }
}

void TriadJoiner::read_alpha(TriadPart& part) {
  const auto path = path_of(part.file);
  try {
    if (part.peeked && part.peeked->tensors.empty() && !part.headerless) {
      m_text_alpha = number_in_text(path);
      part.problem = m_text_alpha ? "" : "it holds neither a tensor nor a number";
      part.inspected = m_text_alpha ? std::optional(inspect_path(path, m_options, Neighbours::whole_elsewhere)) : std::nullopt;
      return;
    }
    const auto layout = part.headerless ? layout_of_number(path) : std::nullopt;
    if (part.headerless && !layout) {
      part.problem = "its " + std::to_string(part.peeked->size) + " bytes are no single number";
      return;
    }
    read_part(part, path, m_options, layout);
  } catch (const InputError& problem) {
    part.problem = problem.what();
  }
}

void TriadJoiner::read_alphas() {
  const auto first = m_parts.size();
  for (const auto& file : m_files.alphas) {
    open(file);
  }
  for (auto i = first; i < m_parts.size(); ++i) {
    read_alpha(m_parts[i]);
    if (!m_parts[i].problem.empty()) {
      m_builder.find("folder.unread-alpha", Severity::warning, m_parts[i].file.file + " gives no alpha: " + m_parts[i].problem);
    }
  }
}

void TriadJoiner::settle_shapes() {
  const auto* config = m_config ? &*m_config : nullptr;
  for (auto& part : m_parts) {
    const auto& name = part.file.name;
    auto* other = part_of(name.module, lora::opposite(name.role));
    if (name.role == "up") {
      settle_shape(&part, other, config, m_builder);
    } else if (name.role == "down" && other == nullptr) {
      settle_shape(nullptr, &part, config, m_builder);
    }
  }
}

// --- The whole ----------------------------------------------------------------------------------------------------

void TriadJoiner::describe(const TriadPart& part, const Artifact& artifact) {
  Value::Object entry{{"file", part.file.file}, {"role", part.file.name.role}, {"format", artifact.format.id}, {"size", artifact.size}};
  if (part.headerless && !artifact.tensors.empty()) {
    entry.emplace_back("read_as", artifact.tensors.front().dtype_name + (part.guessed_dtype ? " (a guess)" : ""));
  }
  if (artifact.digests.sha256) {
    entry.emplace_back("sha256", *artifact.digests.sha256);
  }
  m_listing.emplace_back(std::move(entry));
  auto& coverage = m_builder.artifact.coverage;
  const auto start = m_builder.artifact.size;
  const auto shifted = [&](Region region) {
    region.range.offset += start;
    region.label = part.file.file + ": " + label_of(region, artifact.tensors);
    region.tensor = Region::k_no_tensor;
    return region;
  };
  for (const auto& region : artifact.coverage.regions) {
    coverage.regions.push_back(shifted(region));
  }
  for (const auto& region : artifact.coverage.overlaps) {
    coverage.overlaps.push_back(shifted(region));
  }
  coverage.labelled += artifact.coverage.labelled;
  coverage.gaps += artifact.coverage.gaps;
  coverage.overlapped += artifact.coverage.overlapped;
  m_builder.artifact.size += artifact.size;
}

void TriadJoiner::take_tensors(TriadPart& part) {
  auto& tensors = part.inspected->artifact.tensors;
  const auto* lone = part.lone_matrix();
  for (auto& tensor : tensors) {
    auto name = joined_name(part, tensor, lone);
    const auto [first, fresh] = m_file_of.try_emplace(name, part.file.file);
    if (!fresh) {
      m_builder.find("folder.repeated-tensor", Severity::warning,
                     "\"" + name + "\" is in " + first->second + " and in " + part.file.file + "; the first is used");
      name = part.file.file + "/" + name;
      m_file_of.try_emplace(name, part.file.file);
    }
    tensor.name = std::move(name);
    tensor.location.entry = tensor.location.entry.empty() ? part.file.file : part.file.file + "/" + tensor.location.entry;
  }
  auto& all = m_builder.artifact.tensors;
  all.insert(all.end(), std::make_move_iterator(tensors.begin()), std::make_move_iterator(tensors.end()));
  m_origins.append_within(std::move(part.inspected->origins), m_options.limits);
}

void TriadJoiner::take(TriadPart& part) {
  if (!part.inspected) {
    return;
  }
  auto& artifact = part.inspected->artifact;
  describe(part, artifact);
  for (auto& finding : artifact.findings) {
    finding.message.insert(0, part.file.file + ": ");
    m_builder.artifact.findings.push_back(std::move(finding));
  }
  adopt_pickle(m_builder, artifact.pickle);
  const auto* metadata = artifact.format.id == "safetensors" ? artifact.metadata.if_object() : nullptr;
  for (const auto& [key, value] : metadata == nullptr ? Value::Object{} : *metadata) {
    if (m_builder.artifact.metadata.find(key) == nullptr) {
      m_builder.metadata(key, value);
    }
  }
  take_tensors(part);
}

/// One alpha for modules that all have names of their own: every one of them has it.
void TriadJoiner::apply_lone_alpha() {
  std::optional<double> value = m_text_alpha;
  std::string file = "alpha";
  const auto& artifact = m_builder.artifact;
  const bool nameless = std::any_of(artifact.tensors.begin(), artifact.tensors.end(), [](const Tensor& tensor) {
    const auto reading = lora::read_key(tensor.name);
    return reading && reading->module.empty() && reading->weight == lora::Weight::strong;
  });
  for (const auto& part : m_parts) {
    const bool alone = part.file.name.role == "alpha" && part.file.name.module.empty();
    const auto tensor = std::find_if(artifact.tensors.begin(), artifact.tensors.end(),
                                     [&part](const Tensor& candidate) { return candidate.name == part.file.file; });
    if (alone && !nameless && tensor != artifact.tensors.end()) {
      value = scalar_value(artifact, m_origins, *tensor, m_options);
    }
  }
  if (value) {
    m_builder.metadata("alpha", *value);
  }
}

void TriadJoiner::tell_half(const TriadPart& part) {
  const auto& name = part.file.name;
  const auto other = lora::opposite(name.role);
  auto* partner = part_of(name.module, other);
  const bool empty = part.peeked && part.peeked->size == 0;
  if (!part.problem.empty()) {
    m_builder.find(missing_id(name.role), Severity::error,
                   "the adapter is dead: " + part.file.file + ", its " + name.role + " half, gives no tensor: " + part.problem);
    if (empty) {
      m_builder.find("lora.empty-part", Severity::error, part.file.file + " is empty (0 bytes)");
    }
  }
  if (partner != nullptr && partner->problem.empty()) {
    return;
  }
  m_dead_files.insert(part.file.file);
  const auto& adapter = m_builder.artifact.adapter;
  const bool whole = adapter && std::none_of(adapter->unpaired.begin(), adapter->unpaired.end(), [&](const std::string& tensor) {
                       return m_file_of[tensor] == part.file.file;
                     });
  if (partner == nullptr && !whole) {
    m_builder.find(missing_id(other), Severity::error,
                   "the adapter is dead: " + part.file.file + " is its " + name.role + " half, and its " + std::string(other) +
                       " half is missing; sought in the same folder: " + wanted_names(part.file));
  }
}

void TriadJoiner::tell_missing() {
  for (const auto& part : m_parts) {
    if (part.file.name.role != "alpha") {
      tell_half(part);
    }
  }
  for (const auto& file : m_files.repeated) {
    m_builder.find("folder.repeated-half", Severity::warning,
                   file.file + " is a second " + file.name.role + (file.name.role == "alpha" ? "" : " half") + "; the first by name is used");
  }
}

/// Of files that stand alone it is said once that they do. Offsets of what is said of the whole would be a file's.
void TriadJoiner::drop_findings_told_better() {
  auto& findings = m_builder.artifact.findings;
  findings.erase(std::remove_if(findings.begin(), findings.end(),
                                [this](const Finding& finding) {
                                  const auto file = m_file_of.find(finding.tensor);
                                  return finding.id.starts_with("lora.missing-") && file != m_file_of.end() &&
                                         m_dead_files.contains(file->second);
                                }),
                 findings.end());
  for (auto& finding : findings) {
    if (finding.id.starts_with("lora.")) {
      finding.offset.reset();
      finding.length.reset();
    }
  }
}

void TriadJoiner::finish() {
  auto& artifact = m_builder.artifact;
  artifact.format.id = "raw-triad";
  artifact.format.title = "halves in files of their own";
  m_builder.detail("files", std::move(m_listing));
  apply_lone_alpha();
  artifact.training = lora::training_summary(artifact.metadata);
  read_adapter(artifact, m_origins, m_options, m_config ? &*m_config : nullptr);
  tell_missing();
  drop_findings_told_better();
  sort_findings(artifact.findings);
  if (m_options.depth == Depth::full && m_options.tensor_sha256) {
    artifact.digests.content = content_digest(artifact);
  }
}

Inspected TriadJoiner::run() {
  read_halves();
  read_config();
  settle_shapes();
  read_alphas();
  for (auto& part : m_parts) {
    take(part);
  }
  finish();
  return {std::move(m_builder.artifact), std::move(m_origins)};
}

}  // namespace

Inspected inspect_triad(const std::string& folder, const TriadFiles& files, const InspectOptions& options) {
  return TriadJoiner(folder, files, options).run();
}

}  // namespace upinspect::inspecting
