// SPDX-License-Identifier: Apache-2.0
#include "convert/input.hpp"

#include "bytes/json_reader.hpp"
#include "bytes/parse_error.hpp"
#include "bytes/source.hpp"
#include "convert/listing.hpp"
#include "convert/refusal.hpp"
#include "lora/adapter_reading.hpp"
#include "numeric/values.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fnmatch.h>

namespace upinspect::convert {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t k_most_in_one_piece = std::uint64_t{1} << 30;
constexpr std::uint64_t k_largest_config = std::uint64_t{64} << 20;

/// What a pickle would run is no matter here: nothing of it is run, and nothing of it gets into the output. What the
/// tensors mean is judged where their meaning is used.
bool stands_in_the_way(const Finding& finding) {
  return finding.severity == Severity::error && !finding.id.starts_with("pickle.") && !finding.id.starts_with("lora.") &&
         !finding.id.starts_with("adapter.");
}

void require_sound(const Artifact& artifact, const std::string& path) {
  Reasons reasons;
  for (const auto& finding : artifact.findings) {
    if (stands_in_the_way(finding)) {
      reasons.add(path + ": " + finding.message + (finding.offset ? " (offset " + std::to_string(*finding.offset) + ")" : "") +
                  " [" + finding.id + "]");
    }
  }
  reasons.settle();
}

inspecting::Opened opened(const std::string& path, const InspectOptions& options) {
  try {
    return inspecting::Opened(path, options);
  } catch (const InputError& error) {
    throw Refusal(path + ": " + error.what());
  }
}

/// An adapter's folder is its weights, as loaders choose them, and its configuration.
std::string file_of(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    return path;
  }
  auto weights = inspecting::whole_weights(path);
  if (weights.empty()) {
    throw Refusal(path + ": is a folder, and no adapter's: name its files");
  }
  return weights;
}

bool is_folder_of_halves(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error) && inspecting::whole_weights(path).empty() && !inspecting::triad_files(path).halves.empty();
}

/// What keeps halves from being one update that is sure.
void require_pairs(const Artifact& artifact, const std::string& path) {
  static constexpr std::array<std::string_view, 6> k_ids{"lora.missing-up", "lora.missing-down", "lora.rank-mismatch",
                                                         "lora.empty-part", "lora.same-halves", "lora.dimension-mismatch"};
  Reasons reasons;
  for (const auto& finding : artifact.findings) {
    const bool guess = finding.id == "lora.guessed-rank" && finding.severity == Severity::warning;
    if (guess || std::find(k_ids.begin(), k_ids.end(), finding.id) != k_ids.end()) {
      reasons.add(path + ": " + finding.message +
                  (guess ? "; give adapter_config.json, or the shape of a half (--as f32 --shape 4096x8)" : "") + " [" + finding.id + "]");
    }
  }
  reasons.settle();
}

/// Checksums of zip entries are only held against the data where these are read.
bool has_checksums(const Artifact& artifact) {
  static constexpr std::array<std::string_view, 4> k_ids{"torch-zip", "torchscript", "npz", "zip"};
  return std::find(k_ids.begin(), k_ids.end(), artifact.format.id) != k_ids.end();
}

Value read_config_file(const std::string& path) {
  const bytes::FileSource source(path);
  if (source.size() > k_largest_config) {
    throw Refusal(path + ": is too large for a configuration");
  }
  std::vector<std::byte> raw(source.size());
  source.read_at(0, raw);
  std::string text(raw.size(), '\0');
  std::transform(raw.begin(), raw.end(), text.begin(), [](std::byte byte) { return static_cast<char>(byte); });
  try {
    auto value = bytes::parse_json(text, 0, "configuration");
    if (value.if_object() != nullptr) {
      return value;
    }
  } catch (const bytes::ParseError& error) {
    throw Refusal(path + ": is no JSON: " + error.what());
  }
  throw Refusal(path + ": is no configuration: it is not a JSON object");
}

}  // namespace

Input::Input(const std::vector<std::string>& paths, const InputOptions& options) : m_options(options) {
  const auto others = open_halves(paths);
  for (const auto& path : others) {
    is_folder_of_halves(path) ? open_triad(path, inspecting::triad_files(path)) : open(file_of(path));
  }
  if (m_config.if_object() == nullptr && m_options.beside == Beside::followed && !others.empty() && !is_folder_of_halves(others.front())) {
    look_beside(file_of(others.front()));
  }
  if (m_tensors.empty()) {
    throw Refusal(paths.front() + ": holds no tensors" +
                  (m_options.tensor_glob.empty() ? "" : " whose name matches \"" + m_options.tensor_glob + "\"") +
                  (m_format.title.empty() ? "" : " (" + m_format.title + ")"));
  }
  read_meaning();
}

void Input::open(const std::string& path) {
  auto options = m_options.inspect;
  options.depth = Depth::headers;
  options.sha256 = false;
  auto file = opened(path, options);
  if (has_checksums(file.artifact())) {
    options.depth = Depth::full;
    file = opened(path, options);
  }
  require_sound(file.artifact(), path);
  if (file.artifact().format.id == "adapter-config" && file.artifact().tensors.empty()) {
    take_config(file.artifact().metadata, path);
    return;
  }
  if (m_format.id.empty() || m_tensors.empty()) {
    m_format = file.artifact().format;
  }
  m_files.push_back(std::move(file));
  take_tensors(m_files.size() - 1);
}

/// Halves that are all named are opened as one; gives what else was named.
std::vector<std::string> Input::open_halves(const std::vector<std::string>& paths) {
  auto files = m_options.beside == Beside::followed ? inspecting::triad_of_files(paths) : inspecting::TriadFiles{};
  if (files.halves.empty()) {
    return paths;
  }
  std::vector<std::string> others;
  for (const auto& path : paths) {
    const auto name = fs::path(path).filename();
    const auto is_it = [&path](const inspecting::TriadFile& file) { return file.path == path; };
    const bool taken = std::any_of(files.halves.begin(), files.halves.end(), is_it) || std::any_of(files.alphas.begin(), files.alphas.end(), is_it);
    if (name == k_config_name) {
      files.config_path = path;
    } else if (!taken) {
      others.push_back(path);
    }
  }
  std::error_code error;
  for (const auto& path : paths) {
    const auto beside = fs::path(path).parent_path() / k_config_name;
    if (files.config_path.empty() && fs::is_regular_file(beside, error)) {
      files.config_path = beside;
    }
  }
  const auto first = files.halves.front().path;
  open_triad(first.string(), std::move(files));
  return others;
}

/// Checksums of any container in it are held against the data where these are read.
void Input::open_triad(const std::string& path, inspecting::TriadFiles files) {
  auto options = m_options.inspect;
  options.depth = Depth::full;
  options.sha256 = false;
  inspecting::Opened whole(path, files, options);
  require_sound(whole.artifact(), path);
  require_pairs(whole.artifact(), path);
  const auto config = files.config_path.empty() ? fs::path(path) / k_config_name : files.config_path;
  const bool beside = files.config && inspecting::leads_to(config) == inspecting::Leads::inside;
  if (beside || !files.config_path.empty()) {
    take_config(read_config_file(config.string()), config.string());
  }
  m_format = m_tensors.empty() ? whole.artifact().format : m_format;
  m_files.push_back(std::move(whole));
  take_tensors(m_files.size() - 1);
}

void Input::take_config(const Value& config, const std::string& path) {
  if (m_config.if_object() != nullptr) {
    throw Refusal(path + ": is a second configuration beside " + m_config_path);
  }
  m_config = config;
  m_config_path = path;
}

void Input::take_tensors(std::size_t file) {
  const auto& artifact = m_files[file].artifact();
  for (std::size_t i = 0; i < artifact.tensors.size(); ++i) {
    auto tensor = artifact.tensors[i];
    if (!m_options.tensor_glob.empty() && ::fnmatch(m_options.tensor_glob.c_str(), tensor.name.c_str(), 0) != 0) {
      continue;
    }
    if (!tensor.unread.empty()) {
      throw Refusal(artifact.path + ": \"" + tensor.name + "\" cannot be read: " + tensor.unread);
    }
    m_tensors.push_back(std::move(tensor));
    m_places.push_back({file, i});
  }
  if (m_metadata.if_object() == nullptr || m_metadata.if_object()->empty()) {
    m_metadata = artifact.metadata;
  }
}

/// A weight file's configuration lies beside it. What else is there is not looked at.
void Input::look_beside(const std::string& path) {
  std::error_code error;
  const auto beside = fs::path(path).parent_path() / k_config_name;
  if (fs::is_regular_file(path, error) && fs::is_regular_file(beside, error)) {
    take_config(read_config_file(beside.string()), beside.string());
  }
}

void Input::read_meaning() {
  const auto scalar = [this](const Tensor& tensor) -> std::optional<double> {
    const auto index = find(tensor.name);
    if (!index || tensor.elements != 1 || !numeric::has_values(tensor.dtype) || info(tensor.dtype).block_elements != 1) {
      return std::nullopt;
    }
    double value = 0;
    numeric::decode_values(tensor.dtype, load(*index), std::span(&value, 1));
    return value;
  };
  for (std::size_t i = 0; i < m_tensors.size(); ++i) {
    if (!m_index.emplace(m_tensors[i].name, i).second) {
      throw Refusal(m_files[m_places[i].file].artifact().path + ": two tensors are called \"" + m_tensors[i].name + "\"");
    }
  }
  m_adapter = lora::read_adapter(m_tensors, m_metadata, m_config.if_object() == nullptr ? nullptr : &m_config, m_findings, scalar);
}

std::uint64_t Input::data_bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& tensor : m_tensors) {
    sum += tensor.bytes;
  }
  return sum;
}

std::optional<std::size_t> Input::find(const std::string& tensor) const {
  const auto found = m_index.find(tensor);
  return found == m_index.end() ? std::nullopt : std::optional(found->second);
}

bool Input::changed_since_opened() const {
  return std::any_of(m_files.begin(), m_files.end(), [](const inspecting::Opened& file) { return file.changed_since_opened(); });
}

void Input::stream(std::size_t index, const ElementSink& sink) const {
  const auto& place = m_places.at(index);
  try {
    m_files[place.file].stream(place.index, sink);
  } catch (const InputError& error) {
    throw Refusal(m_files[place.file].artifact().path + ": " + error.what());
  }
}

std::vector<std::byte> Input::load(std::size_t index) const {
  const auto& place = m_places.at(index);
  try {
    return m_files[place.file].load(place.index, k_most_in_one_piece);
  } catch (const InputError& error) {
    throw Refusal(m_files[place.file].artifact().path + ": " + error.what());
  }
}

Outgoing Input::outgoing(std::size_t index) const {
  const auto& tensor = m_tensors.at(index);
  return {tensor.name, tensor.dtype, tensor.shape, [this, index](const ElementSink& sink) { stream(index, sink); }};
}

}  // namespace upinspect::convert
