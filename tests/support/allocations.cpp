// SPDX-License-Identifier: Apache-2.0
#include "support/allocations.hpp"

#include "support/sanitized.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<std::size_t> g_largest{0};
}

namespace upinspect::test {

void watch_allocations() noexcept { g_largest = 0; }
std::size_t largest_allocation() noexcept { return g_largest; }

}  // namespace upinspect::test

#if !UPINSPECT_SANITIZED
// Sanitizers keep operator new for themselves.
// The array and nothrow forms of the standard library come down to these two.
void* operator new(std::size_t size) {
  auto largest = g_largest.load(std::memory_order_relaxed);
  while (size > largest && !g_largest.compare_exchange_weak(largest, size, std::memory_order_relaxed)) {
  }
  if (void* const memory = std::malloc(size > 0 ? size : 1)) {
    return memory;
  }
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif
