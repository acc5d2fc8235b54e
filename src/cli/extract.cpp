// SPDX-License-Identifier: Apache-2.0
#include "cli/extract.hpp"

#include "cli/output.hpp"

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
