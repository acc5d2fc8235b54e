// SPDX-License-Identifier: Apache-2.0
#include "cli/extract.hpp"

#include "cli/command.hpp"
#include "cli/output.hpp"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <stdexcept>

namespace upinspect::cli {
namespace {

std::string suffix_of(const std::string& kind) {
  if (kind == "text" || kind == "utf8") {
    return ".txt";
  }
  if (kind == "pickle") {
    return ".pkl";
  }
  if (kind == "gzip") {
    return ".gz";
  }
  const bool has_own = kind == "png" || kind == "zip" || kind == "elf" || kind == "pdf" || kind == "safetensors";
  return has_own ? "." + kind : ".bin";
}

}  // namespace

void Extraction::declare(::CLI::App& app) {
  app.add_option("--extract", file, "Write the bytes of the best message here")->type_name("FILE");
  app.add_option("--extract-dir", folder, "Write the bytes of every message into this folder")->type_name("DIR");
  app.add_flag("--force", force, "Let --extract and --extract-dir overwrite files");
}

void Extraction::check() const {
  if (!file.empty()) {
    expect_writable(file, force ? Overwrite::yes : Overwrite::no);
  }
}

bool Extraction::write(const std::vector<Payload>& payloads) const {
  const auto overwrite = force ? Overwrite::yes : Overwrite::no;
  if (!folder.empty()) {
    extract_all(folder, payloads, overwrite);
  }
  if (file.empty()) {
    return true;
  }
  if (payloads.empty()) {
    complain(file, "not written: no message was found");
    return false;
  }
  extract_to(file, payloads.front(), overwrite);
  return true;
}

void expect_writable(const std::string& path, Overwrite overwrite) {
  std::error_code ignored;
  if (overwrite == Overwrite::no && path != "-" && std::filesystem::exists(std::filesystem::symlink_status(path, ignored))) {
    throw std::runtime_error(path + ": exists; --force overwrites it");
  }
}

void extract_to(const std::string& path, const Payload& payload, Overwrite overwrite) {
  expect_writable(path, overwrite);
  Output output(path);
  std::string bytes;
  bytes.reserve(payload.content.size());
  for (const auto byte : payload.content) {
    bytes += std::to_integer<char>(byte);
  }
  output.write(bytes);
  output.commit();
}

std::vector<std::string> extract_all(const std::string& folder, const std::vector<Payload>& payloads, Overwrite overwrite) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw std::runtime_error(folder + ": cannot be made: " + error.message());
  }
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    paths.push_back((std::filesystem::path(folder) / ("payload-" + std::to_string(i + 1) + suffix_of(payloads[i].kind))).string());
    expect_writable(paths.back(), overwrite);
  }
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    extract_to(paths[i], payloads[i], overwrite);
  }
  return paths;
}

}  // namespace upinspect::cli
