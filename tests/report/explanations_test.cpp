// SPDX-License-Identifier: Apache-2.0
// What findings mean: the table, the ids that were meant, and the pens.
#include "report/advice.hpp"
#include "report/explain_markdown.hpp"
#include "report/explain_text.hpp"
#include "report/explanations.hpp"
#include "report/styles.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace upinspect;
using namespace upinspect::report;
using namespace upinspect::test;
using Ids = std::vector<std::string_view>;

TEST_CASE("explanations: sorted, found by id alone, with the advice that reports print") {
  const auto all = explanations();
  CHECK(std::is_sorted(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; }));
  const auto* row = explanation("zip.crc-mismatch");
  REQUIRE(row != nullptr);
  CHECK(row->title == "A checksum does not match");
  CHECK(row->advice == advice("zip.crc-mismatch"));
  CHECK(explanation("zip.crc-mismatc") == nullptr);
  CHECK(explanation("") == nullptr);
  CHECK(explanation("zzz.zzz") == nullptr);
}

TEST_CASE("explanations: no advice stands in both tables") {
  for (const auto drawer : {containers_explanations(), zip_explanations(), arrays_explanations(), folders_explanations(),
                            pickle_explanations(), torch_explanations(), adapters_explanations(),
                            tensors_explanations(), bits_explanations(), checks_explanations()}) {
    for (const auto& row : drawer) {
      INFO(row.id);
      CHECK(row.advice.empty() != advice(row.id).empty());
    }
  }
}

TEST_CASE("explanations: the ids that somebody may have meant") {
  CHECK(similar_ids("zip.crc-mismach").front() == "zip.crc-mismatch");
  CHECK(similar_ids("crc-mismatch").front() == "zip.crc-mismatch");
  CHECK(similar_ids("lora.missing-dwon").front() == "lora.missing-down");
  CHECK(similar_ids("privacy") == Ids{"privacy.caption", "privacy.dataset", "privacy.path", "privacy.secret"});
  CHECK(similar_ids("zip.").size() == 5);
  CHECK(similar_ids("no such thing at all").empty());
  CHECK(similar_ids("").empty());
  CHECK(similar_ids(std::string(100'000, 'z')).empty());
}

TEST_CASE("explanations: as text, in lines of the terminal's width") {
  const ExplainedFinding row{"a.b", "Some words", "What was found is this.", "It matters.", "Do that."};
  CHECK(explain_text(row, ascii()) ==
        "a.b: Some words\n\n  what it means\n    What was found is this.\n\n  why it matters\n    It matters.\n\n  what to do\n    Do that.\n");
  auto narrow = ascii();
  narrow.width = 40;
  const std::vector<ExplainedFinding> rows{row, {"a.long-name-of-a-finding", "Words that have no room beside it", "", "", ""}};
  CHECK(explain_list_text(rows, narrow) ==
        "a.b                       Some words\na.long-name-of-a-finding\n    Words that have no room beside it\n");
}

TEST_CASE("explanations: Markdown takes nothing for a mark") {
  const ExplainedFinding row{"a.b", "A <b> of __class__", "x|y", "1*2*3", "Write `z`."};
  CHECK(explain_markdown(row) ==
        "# a.b: A \\<b\\> of \\_\\_class\\_\\_\n\n## What it means\n\nx\\|y\n\n## Why it matters\n\n1\\*2\\*3\n\n## What to do\n\nWrite \\`z\\`.\n\n"
        "[All findings](README.md)\n");
}
