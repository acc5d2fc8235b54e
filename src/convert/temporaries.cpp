// SPDX-License-Identifier: Apache-2.0
#include "convert/temporaries.hpp"

#include "convert/new_file.hpp"

#include <array>
#include <atomic>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace upinspect::convert {

namespace {

struct Slot {
  std::atomic<bool> used{false};
  std::array<char, 4096> path{};
};

/// An output has at most a folder and two files.
std::array<Slot, 8> g_slots;

}  // namespace

void remember(const std::string& path) noexcept {
  for (auto& slot : g_slots) {
    if (!slot.used.load() && path.size() < slot.path.size()) {
      std::memcpy(slot.path.data(), path.c_str(), path.size() + 1);
      slot.used.store(true);
      return;
    }
  }
}

void forget(const std::string& path) noexcept {
  for (auto& slot : g_slots) {
    if (slot.used.load() && path == slot.path.data()) {
      slot.used.store(false);
    }
  }
}

void remove_temporaries() noexcept {
  for (const auto& slot : g_slots) {
    if (slot.used.load()) {
      ::unlink(slot.path.data());
    }
  }
  for (const auto& slot : g_slots) {
    if (slot.used.load()) {
      ::rmdir(slot.path.data());
    }
  }
}

}  // namespace upinspect::convert
