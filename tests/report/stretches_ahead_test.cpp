// SPDX-License-Identifier: Apache-2.0
#include "report/stretches_ahead.hpp"

#include "support/catch.hpp"

#include <atomic>
#include <stdexcept>

using namespace upinspect;
using report::StretchesAhead;

TEST_CASE("every stretch is written once, by one thread or the other, and comes in its turn") {
  for (const unsigned slow : {0U, 1U, 2U}) {  // nobody, the caller, the second thread
    std::string document;
    std::atomic<unsigned> written{0};
    const auto write = [&written](std::size_t stretch, std::string& text) {
      text += std::to_string(stretch) + ";";
      ++written;
    };
    const auto wait = [slow](unsigned who) {
      if (slow == who) {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
    };
    StretchesAhead ahead(100, [&](std::size_t stretch, std::string& text) {
      wait(2);
      write(stretch, text);
    });
    std::string text = "what was here before";
    for (std::size_t stretch = 0; stretch < 100; ++stretch) {
      wait(1);
      if (!ahead.take(stretch, text)) {
        text.clear();
        write(stretch, text);
      }
      document += text;
    }
    std::string wanted;
    for (unsigned stretch = 0; stretch < 100; ++stretch) {
      wanted += std::to_string(stretch) + ";";
    }
    CHECK(document == wanted);
    CHECK(written == 100);
  }
}

TEST_CASE("what the second thread throws reaches the caller") {
  StretchesAhead ahead(100, [](std::size_t stretch, std::string& text) {
    text = "sound";
    if (stretch > 5) {
      throw std::runtime_error("no room left");
    }
  });
  const auto take_all = [&ahead] {
    std::string text;
    for (std::size_t stretch = 0; stretch < 100; ++stretch) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      static_cast<void>(ahead.take(stretch, text));
    }
  };
  CHECK_THROWS_AS(take_all(), std::runtime_error);
}

TEST_CASE("who stops early waits for nothing but the stretch that is being written") {
  std::atomic<unsigned> written{0};
  {
    StretchesAhead ahead(1000, [&written](std::size_t, std::string& text) {
      text = "x";
      ++written;
    });
    std::string text;
    static_cast<void>(ahead.take(0, text));
  }
  CHECK(written <= 4);
}
