// SPDX-License-Identifier: Apache-2.0
#include "containers/unsafe_name.hpp"
#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace upinspect;

namespace {

/// Rule by rule, without a short way for names in which nothing stands out.
bool is_unsafe(const std::string& name) {
  bool unsafe = name.empty() || name.front() == '/';
  for (const char c : name) {
    unsafe = unsafe || static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\';
  }
  unsafe = unsafe || (name.size() >= 2 && name[1] == ':' && (name[0] == 'c' || name[0] == 'C'));
  const auto steps = "/" + name + "/";
  return unsafe || steps.find("/../") != std::string::npos;
}

}  // namespace

TEST_CASE("A name is unsafe for a reason, whatever its letters and their order") {
  constexpr std::string_view k_letters{"aC./\\:\0\x1f\x7f\x80", 10};
  std::size_t names = 0;
  for (std::size_t code = 0; code < 100'000; ++code) {
    std::string name;
    for (auto rest = code; rest != 0; rest /= k_letters.size()) {
      name.push_back(k_letters[rest % k_letters.size()]);
    }
    const bool drive_of_a = name.size() >= 2 && name[0] == 'a' && name[1] == ':';
    names += containers::why_unsafe(name).empty() == (is_unsafe(name) || drive_of_a) ? 1U : 0U;
  }
  CHECK(names == 0);
}

TEST_CASE("What makes a name unsafe is seen at every place in it") {
  constexpr std::string_view k_letters{"a./\\\x1f\x7f\x80", 7};
  std::size_t wrong = 0;
  for (std::size_t before = 0; before < 20; ++before) {
    for (std::size_t after = 0; after < 9; ++after) {
      for (std::size_t code = 0; code < k_letters.size() * k_letters.size() * k_letters.size() * k_letters.size(); ++code) {
        std::string name(before, '0');
        auto rest = code;
        for (unsigned i = 0; i < 4; ++i, rest /= k_letters.size()) {
          name.push_back(k_letters[rest % k_letters.size()]);
        }
        name.append(after, '/');
        wrong += containers::why_unsafe(name).empty() == is_unsafe(name) ? 1U : 0U;
      }
    }
  }
  CHECK(wrong == 0);
}
