// SPDX-License-Identifier: Apache-2.0
#include "lora/pattern.hpp"
#include "support/catch.hpp"

#include <string>

using namespace upinspect::lora;

namespace {

Match match(const char* pattern, const std::string& text) { return Pattern(pattern).matches(text); }

}  // namespace

TEST_CASE("Patterns match as re.fullmatch does") {
  CHECK(match("", "") == Match::yes);
  CHECK(match("a|b", "b") == Match::yes);
  CHECK(match("(q|k)_proj", "v_proj") == Match::no);
  CHECK(match(".*\\.layers\\.\\d+\\..*", "model.layers.12.q") == Match::yes);
  CHECK(match(".*\\.layers\\.\\d+\\..*", "model.layersx12.q") == Match::no);
  CHECK(match("a{2,3}?", "aaa") == Match::yes);
  CHECK(match("a{2,3}", "aaaa") == Match::no);
  CHECK(match("a{2,}", "aaaaa") == Match::yes);
  CHECK(match("a{2}", "a") == Match::no);
  CHECK(match("[a-c_]+", "ab_c") == Match::yes);
  CHECK(match("[^a-c]+", "xaz") == Match::no);
  CHECK(match("[]x]", "]") == Match::yes);
  CHECK(match("(?:.*?\\bmodel\\b.*?)", "the.model.layers") == Match::yes);
  CHECK(match("(?:.*?\\bmodel\\b.*?)", "the.models.layers") == Match::no);
  CHECK(match("^a$", "a") == Match::yes);
  CHECK(match("(a*)*b", std::string(4000, 'a')) == Match::no);
}

TEST_CASE("What is no regular language, or too large, is unknown and never a match") {
  for (const auto* pattern : {"(?=a)a", "(?!a)b", "(a)\\1", "(", ")", "a{3", "a{300}", "[a", "*a", "a\\", "[z-a]", "((a{200}){200}){200}"}) {
    INFO(pattern);
    CHECK(match(pattern, "a") == Match::unknown);
  }
  CHECK(match("a*", std::string(5000, 'a')) == Match::unknown);
  CHECK(Pattern(std::string(10'000, 'a')).matches("a") == Match::unknown);
  CHECK(Pattern(std::string(1000, '(')).matches("a") == Match::unknown);
}
