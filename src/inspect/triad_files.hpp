// SPDX-License-Identifier: Apache-2.0
// Which files of a folder are the halves of an adapter, told by their names.
#pragma once

#include "lora/half_name.hpp"
#include "model/builder.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace upinspect::inspecting {

/// Where a directory entry leads: links are followed to files of the folder itself and no further.
enum class Leads : std::uint8_t { inside, outside, nowhere };

[[nodiscard]] Leads leads_to(const std::filesystem::path& file);

/// True for a link beside the builder's file that leaves the folder, or leads nowhere; which is told.
[[nodiscard]] bool refuse_link(model::Builder& builder, const std::filesystem::path& file);

struct TriadFile {
  std::string file;                 ///< its name
  std::filesystem::path path;       ///< where it lies; empty: in the folder
  lora::HalfName name;
  Leads leads = Leads::inside;
};

struct TriadFiles {
  std::vector<TriadFile> halves;    ///< up and down, sorted by module, then file
  std::vector<TriadFile> alphas;
  std::vector<TriadFile> repeated;  ///< a second file for the same half: not taken
  bool config = false;              ///< adapter_config.json lies in the folder
  std::filesystem::path config_path;  ///< one that lies elsewhere
  bool whole = false;               ///< so does a whole adapter, whose configuration it is

  [[nodiscard]] const TriadFile* half(std::string_view module, std::string_view role) const;
};

/// Lists the folder. Halves whose names are only plausible count where both are there; nothing is opened.
[[nodiscard]] TriadFiles triad_files(const std::filesystem::path& folder);

/// The halves and alphas among files that were named one by one, wherever they lie. No halves where no two make a pair.
[[nodiscard]] TriadFiles triad_of_files(const std::vector<std::string>& paths);

/// The weights of a whole adapter in a folder, as loaders choose them; empty where there are none.
[[nodiscard]] std::string whole_weights(const std::filesystem::path& folder);

/// The files that can hold a half: "up-param.bin (or .pt, .npy, …)".
[[nodiscard]] std::string wanted_names(const TriadFile& present);

constexpr const char* k_config_file = "adapter_config.json";

/// The finding of a half that is not there.
[[nodiscard]] inline std::string missing_id(std::string_view role) { return "lora.missing-" + std::string(role); }

}  // namespace upinspect::inspecting
