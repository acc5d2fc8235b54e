// SPDX-License-Identifier: Apache-2.0
#include "inspect/triad_files.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

namespace upinspect::inspecting {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 6> k_whole{"adapter_model.safetensors", "adapter_model.bin", "adapters.safetensors",
                                                  "pytorch_lora_weights.safetensors", "pytorch_lora_weights.bin",
                                                  "adapter_model.safetensors.index.json"};
// A folder of shards or datasets can have more entries; halves are few.
constexpr std::size_t k_most_files = 4096;

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder.empty() ? fs::path(".") : folder, error), end; !error && it != end; it.increment(error)) {
    auto name = it->path().filename().string();
    std::error_code unknown;
    if ((name == k_config_file || lora::read_half_name(name)) && (it->is_symlink(unknown) || it->is_regular_file(unknown))) {
      names.push_back(std::move(name));
    }
  }
  std::sort(names.begin(), names.end());
  names.resize(std::min(names.size(), k_most_files));
  return names;
}

bool same_place(const TriadFile& a, const TriadFile& b) { return a.name.module == b.name.module && a.name.role == b.name.role; }

/// The first by name is taken; the others are told.
void set_repeated_apart(std::vector<TriadFile>& files, std::vector<TriadFile>& repeated) {
  std::vector<TriadFile> kept;
  for (auto& file : files) {
    const bool fresh = std::none_of(kept.begin(), kept.end(), [&file](const TriadFile& other) { return same_place(file, other); });
    (fresh ? kept : repeated).push_back(std::move(file));
  }
  files = std::move(kept);
}

void drop_lone_plausible(TriadFiles& found) {
  std::vector<TriadFile> kept;
  for (const auto& half : found.halves) {
    if (half.name.sureness == lora::Sureness::certain || found.half(half.name.module, lora::opposite(half.name.role)) != nullptr) {
      kept.push_back(half);
    }
  }
  found.halves = std::move(kept);
}

void put_in_order(TriadFiles& found) {
  for (auto* files : {&found.halves, &found.alphas}) {
    std::stable_sort(files->begin(), files->end(), [](const TriadFile& a, const TriadFile& b) {
      return std::tie(a.name.module, a.file) < std::tie(b.name.module, b.file);
    });
    set_repeated_apart(*files, found.repeated);
  }
  drop_lone_plausible(found);
}

}  // namespace

Leads leads_to(const fs::path& file) {
  std::error_code error;
  const auto target = fs::canonical(file, error);
  if (error || !fs::is_regular_file(target, error)) {
    return Leads::nowhere;
  }
  const auto parent = file.parent_path();
  const auto folder = fs::canonical(parent.empty() ? fs::path(".") : parent, error);
  return !error && target.parent_path() == folder ? Leads::inside : Leads::outside;
}

bool refuse_link(model::Builder& builder, const fs::path& file) {
  std::error_code error;
  const bool refused = fs::is_symlink(fs::symlink_status(file, error)) && leads_to(file) != Leads::inside;
  if (refused) {
    builder.find("folder.unsafe-path", Severity::warning,
                 file.filename().string() + " is a link that leaves the folder, or leads nowhere; not followed");
  }
  return refused;
}

const TriadFile* TriadFiles::half(std::string_view module, std::string_view role) const {
  const auto found = std::find_if(halves.begin(), halves.end(), [&](const TriadFile& file) {
    return file.name.module == module && file.name.role == role;
  });
  return found == halves.end() ? nullptr : &*found;
}

TriadFiles triad_files(const fs::path& folder) {
  TriadFiles found;
  for (const auto& name : names_in(folder)) {
    if (name == k_config_file) {
      found.config = true;
      continue;
    }
    const auto half = lora::read_half_name(name);
    (half->role == "alpha" ? found.alphas : found.halves).push_back({name, folder / name, *half, leads_to(folder / name)});
  }
  put_in_order(found);
  found.whole = !whole_weights(folder).empty();
  return found;
}

TriadFiles triad_of_files(const std::vector<std::string>& paths) {
  TriadFiles found;
  for (const auto& path : paths) {
    const auto name = fs::path(path).filename().string();
    if (const auto half = lora::read_half_name(name)) {
      // Who names a link means what it leads to.
      (half->role == "alpha" ? found.alphas : found.halves).push_back({name, path, *half, Leads::inside});
    }
  }
  put_in_order(found);
  const bool pair = std::any_of(found.halves.begin(), found.halves.end(), [&found](const TriadFile& half) {
    return found.half(half.name.module, lora::opposite(half.name.role)) != nullptr;
  });
  return pair ? found : TriadFiles{};
}

std::string whole_weights(const fs::path& folder) {
  std::error_code error;
  for (const auto& name : k_whole) {
    if (fs::is_regular_file(folder / name, error)) {
      return (folder / name).string();
    }
  }
  return {};
}

std::string wanted_names(const TriadFile& present) {
  auto name = present.file;
  const auto replace = [&name](std::string_view from, std::string_view to) {
    const auto at = name.rfind(from);
    if (at != std::string::npos) {
      name.replace(at, from.size(), to);
    }
    return at != std::string::npos;
  };
  const bool up = present.name.role == "up";
  const auto dot = name.rfind('.');
  name.resize(dot);
  for (const auto& [one, other] : {std::pair{"up", "down"}, {"Up", "Down"}, {"UP", "DOWN"}, {"lora_B", "lora_A"}, {"lora_b", "lora_a"}, {"B", "A"}}) {
    if (replace(up ? one : other, up ? other : one)) {
      break;
    }
  }
  return name + present.file.substr(dot) + " or the same with another extension";
}

}  // namespace upinspect::inspecting
