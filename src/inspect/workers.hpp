// SPDX-License-Identifier: Apache-2.0
// Runs numbered pieces of work on a few threads; what one throws is thrown again to the caller.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace upinspect::inspecting {

/// `jobs` as asked for, 0 for one for each core, and no more than there are pieces.
[[nodiscard]] inline unsigned workers_for(unsigned jobs, std::size_t pieces) {
  const auto wanted = jobs != 0 ? jobs : std::max(1U, std::thread::hardware_concurrency());
  return static_cast<unsigned>(std::clamp<std::size_t>(wanted, 1, std::max<std::size_t>(pieces, 1)));
}

/// Calls `work(worker, piece)` for every piece below `pieces`; worker 0 is the calling thread.
template <typename Work>
void run_pieces(std::size_t pieces, unsigned workers, const Work& work) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto run = [&](unsigned worker) {
    try {
      for (auto piece = next.fetch_add(1); piece < pieces; piece = next.fetch_add(1)) {
        work(worker, piece);
      }
    } catch (...) {
      next.store(pieces);
      const std::lock_guard lock(failure_mutex);
      failure = failure ? failure : std::current_exception();
    }
  };
  {
    std::vector<std::jthread> threads;
    try {
      for (unsigned worker = 1; worker < workers; ++worker) {
        threads.emplace_back(run, worker);
      }
    } catch (const std::system_error&) {
      // Then those that there are do all of it.
    }
    run(0);
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
}

}  // namespace upinspect::inspecting
