// SPDX-License-Identifier: Apache-2.0
#include "containers/unsafe_name.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace upinspect::containers {

namespace {

bool has_parent_step(std::string_view name) {
  while (!name.empty()) {
    const auto slash = name.find_first_of("/\\");
    if (name.substr(0, slash) == "..") {
      return true;
    }
    name = slash == std::string_view::npos ? std::string_view{} : name.substr(slash + 1);
  }
  return false;
}

bool has_drive(std::string_view name) {
  const auto letter = name.empty() ? '\0' : static_cast<char>(name[0] | 0x20);
  return name.size() >= 2 && name[1] == ':' && letter >= 'a' && letter <= 'z';
}

bool is_control(char c) {
  const auto code = static_cast<unsigned char>(c);
  return code < 0x20 || code == 0x7f;
}

/// A bit where eight characters hold a control character, a backslash or two dots side by side, and maybe where they do not: "./" looks
/// like the last.
std::uint64_t odd_among_eight(const char* text) {
  constexpr std::uint64_t k_ones = 0x0101010101010101;
  constexpr std::uint64_t k_tops = 0x80 * k_ones;
  std::uint64_t eight = 0;
  std::memcpy(&eight, text, sizeof(eight));
  const auto zero_in = [](std::uint64_t word) { return (word - k_ones) & ~word & k_tops; };
  const auto dots = zero_in(eight ^ ('.' * k_ones));
  const auto controls = (eight - 0x20 * k_ones) & ~eight & k_tops;
  return controls | zero_in(eight ^ (0x7f * k_ones)) | zero_in(eight ^ ('\\' * k_ones)) | (dots & (dots >> 8U));
}

/// True of nearly all names, and of none in which the checks would find anything.
bool is_plain(std::string_view name) {
  if (has_drive(name) || name.front() == '/') {
    return false;
  }
  constexpr std::size_t k_width = 8;
  std::uint64_t odd = 0;
  if (name.size() < k_width) {
    std::array<char, k_width> padded{};
    padded.fill('x');
    std::copy(name.begin(), name.end(), padded.begin());
    return odd_among_eight(padded.data()) == 0;
  }
  for (std::size_t i = 0; i + k_width < name.size(); i += k_width - 1) {  // each pair of neighbours stands in one of them
    odd |= odd_among_eight(name.data() + i);
  }
  return (odd | odd_among_eight(name.data() + name.size() - k_width)) == 0;
}

}  // namespace

std::string_view why_unsafe(std::string_view name) noexcept {
  if (name.empty()) {
    return "is empty";
  }
  if (is_plain(name)) {
    return {};
  }
  if (name.find('\0') != std::string_view::npos) {
    return "holds a NUL, where zipfile and C programs cut it";
  }
  if (has_parent_step(name)) {
    return "holds a '..' step, which leaves the folder it is unpacked to";
  }
  if (name[0] == '/' || name[0] == '\\') {
    return "is an absolute path";
  }
  if (has_drive(name)) {
    return "begins with a drive letter";
  }
  if (std::any_of(name.begin(), name.end(), is_control)) {
    return "holds control characters";
  }
  if (name.find('\\') != std::string_view::npos) {
    return "holds a backslash, which Windows takes for a slash";
  }
  return {};
}

}  // namespace upinspect::containers
