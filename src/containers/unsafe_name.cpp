// SPDX-License-Identifier: Apache-2.0
#include "containers/unsafe_name.hpp"

#include <algorithm>

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

/// True of nearly all names: nothing stands in them that the checks look for. No step waits for the one before, so that a vector takes many.
bool is_plain(std::string_view name) {
  int odd = 0;
  for (const char c : name) {
    odd |= int{is_control(c)} | int{c == '\\'};
  }
  for (std::size_t i = 1; i < name.size(); ++i) {
    odd |= int{name[i - 1] == '.'} & int{name[i] == '.'};
  }
  return odd == 0 && !has_drive(name) && name.front() != '/';
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
