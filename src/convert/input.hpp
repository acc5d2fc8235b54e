// SPDX-License-Identifier: Apache-2.0
// What is converted: the tensors of one or several files as one list, with the settings that belong to them.
#pragma once

#include "convert/outgoing.hpp"
#include "inspect/opened.hpp"
#include "inspect/triad_files.hpp"
#include "upinspect/artifact.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace upinspect::convert {

inline constexpr const char* k_config_name = "adapter_config.json";

/// Whether adapter_config.json beside a weight file is taken for its configuration.
enum class Beside : bool { ignored, followed };

struct InputOptions {
  InspectOptions inspect;
  std::string tensor_glob;  ///< only tensors whose name matches; empty: all
  Beside beside = Beside::followed;
};

class Input {
 public:
  /// Opens all of `paths`: weight files, adapter folders, halves of an adapter (a folder of them, or all named), and configurations (adapter_config.json), which may stand by
  /// themselves or lie beside the weights. Throws Refusal, with all reasons, where one cannot be read, is damaged,
  /// names two tensors alike or holds none.
  Input(const std::vector<std::string>& paths, const InputOptions& options);

  [[nodiscard]] const std::vector<Tensor>& tensors() const noexcept { return m_tensors; }
  /// What headers say; null where there is nothing.
  [[nodiscard]] const Value& metadata() const noexcept { return m_metadata; }
  /// adapter_config.json; null where there is none.
  [[nodiscard]] const Value& config() const noexcept { return m_config; }
  [[nodiscard]] const std::string& config_path() const noexcept { return m_config_path; }
  /// What the tensors mean; nothing where they are no adapter.
  [[nodiscard]] const std::optional<Adapter>& adapter() const noexcept { return m_adapter; }
  /// Of the first file that holds tensors.
  [[nodiscard]] const FormatName& format() const noexcept { return m_format; }
  [[nodiscard]] std::uint64_t data_bytes() const noexcept;
  /// What the meaning of the tensors contradicts.
  [[nodiscard]] const std::vector<Finding>& findings() const noexcept { return m_findings; }

  [[nodiscard]] std::optional<std::size_t> find(const std::string& tensor) const;
  void stream(std::size_t index, const ElementSink& sink) const;
  [[nodiscard]] std::vector<std::byte> load(std::size_t index) const;

  [[nodiscard]] bool changed_since_opened() const;

  /// The tensor as it stands, on its way to a file under its own name.
  [[nodiscard]] Outgoing outgoing(std::size_t index) const;

 private:
  struct Place {
    std::size_t file;
    std::size_t index;
  };

  void open(const std::string& path);
  void open_triad(const std::string& path, inspecting::TriadFiles files);
  [[nodiscard]] std::vector<std::string> open_halves(const std::vector<std::string>& paths);
  void take_tensors(std::size_t file);
  void take_config(const Value& config, const std::string& path);
  void look_beside(const std::string& path);
  void read_meaning();

  InputOptions m_options;
  std::vector<inspecting::Opened> m_files;
  std::vector<Tensor> m_tensors;
  std::vector<Place> m_places;
  std::unordered_map<std::string, std::size_t> m_index;
  Value m_metadata;
  Value m_config;
  std::string m_config_path;
  std::optional<Adapter> m_adapter;
  FormatName m_format;
  std::vector<Finding> m_findings;
};

}  // namespace upinspect::convert
