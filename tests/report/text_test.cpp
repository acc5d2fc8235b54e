// SPDX-License-Identifier: Apache-2.0
#include "report/text.hpp"

#include "report/samples.hpp"
#include "report/styles.hpp"
#include "report/width.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace upinspect;
using namespace upinspect::report;
using namespace upinspect::test;

namespace {

TextStyle coloured(TextStyle style) {
  style.colour = true;
  return style;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < text.size();) {
    const auto end = text.find('\n', start);
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

/// Without the sequences that set colours, which are all that we print.
std::string without_colours(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "\x1b[") == 0) {
      i = text.find('m', i);
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

std::vector<Artifact> samples() {
  return {sound_adapter(), headerless(), dangerous(), hostile(), many_tensors(60), headers_only()};
}

}  // namespace

TEST_CASE("colours add nothing but colour") {
  for (const auto& artifact : samples()) {
    const auto text = file_text(artifact, coloured(columns(80)));
    CHECK(without_colours(text) == file_text(artifact, columns(80)));
    CHECK(text.size() > file_text(artifact, columns(80)).size());
  }
}

TEST_CASE("errors are red, warnings yellow, labels dim") {
  const auto text = file_text(dangerous(), coloured(columns(80)));
  CHECK(has(text, "  \x1b[31merror\x1b[0m    unpickling"));
  CHECK(has(text, "  \x1b[33mwarning\x1b[0m  17 bytes"));
  CHECK(has(text, "  \x1b[2msize    \x1b[0m  181 bytes"));
  CHECK(has(text, "\x1b[31mdangerous: os.system"));
  CHECK(has(file_text(dangerous(), coloured(columns(80))), "\x1b[33m3\x1b[0m"));
}

TEST_CASE("without colour and in ASCII no byte is beyond printable ASCII") {
  for (const auto& artifact : samples()) {
    for (const auto character : file_text(artifact, ascii())) {
      REQUIRE((character == '\n' || (character >= ' ' && character <= '~')));
    }
  }
}

TEST_CASE("no line is wider than the terminal, and none ends in a space") {
  for (const auto& artifact : samples()) {
    for (unsigned width = 40; width <= 220; width += 3) {
      for (const auto& style : {columns(width), verbose(columns(width))}) {
        for (const auto& line : lines_of(file_text(artifact, style))) {
          CAPTURE(width, line);
          // Verbose digests are whole whatever the width.
          REQUIRE((display_width(line) <= width || (style.verbose() && (has(line, "sha256") || has(line, "xxh3")))));
          REQUIRE_FALSE(line.ends_with(' '));
        }
      }
    }
  }
}

TEST_CASE("widths that are no terminal's are taken as 40") {
  CHECK(file_text(dangerous(), columns(0)) == file_text(dangerous(), columns(40)));
}

TEST_CASE("many tensors: the first and the last, and what the hidden ones hide") {
  const auto lines = lines_of(file_text(many_tensors(60), columns(80)));
  std::size_t rows = 0;
  for (const auto& line : lines) {
    rows += line.starts_with("  layer.") ? 1U : 0U;
  }
  CHECK(rows == 39);
  const auto text = file_text(many_tensors(60), columns(80));
  CHECK(has(text, "\n  … 21 more, 1 of them with NaN or infinities (use --verbose or --format json)\n  layer.51 "));
  CHECK(has(text, "  NaN       1 value in 1 of 60 tensors, first in layer.30\n"));
  CHECK(has(file_text(many_tensors(60), verbose(columns(80))), "\n  layer.30 "));
  CHECK_FALSE(has(file_text(many_tensors(40), columns(80)), "more (use --verbose or --format json)\n  layer."));
  CHECK(has(file_text(many_tensors(40), columns(80)), "\n  layer.35 "));
}

TEST_CASE("a column for NaN is there only where there is one") {
  CHECK(has(file_text(dangerous(), columns(40)), "nan"));
  CHECK_FALSE(has(file_text(sound_adapter(), columns(200)), "nan"));
}

TEST_CASE("names cut in the middle are never taken for one another") {
  ArtifactBuilder file("f");
  file.format("npz", "NumPy archive");
  for (const auto* middle : {"1", "2"}) {
    const auto name = "one" + std::string(40, 'a') + middle + std::string(40, 'b');
    file.tensor(make_measured(name, {4}, file.end()));
  }
  const auto text = file_text(file.build(), columns(80));
  CHECK(has(text, "a1b"));
  CHECK(has(text, "a2b"));

  ArtifactBuilder distinct("f");
  distinct.format("npz", "NumPy archive");
  distinct.tensor(make_measured("first" + std::string(60, 'a'), {4}, 0));
  distinct.tensor(make_measured("second" + std::string(60, 'a'), {4}, 16));
  CHECK(has(file_text(distinct.build(), columns(80)), "  firstaaaaa"));
  CHECK(has(file_text(distinct.build(), columns(80)), "…"));
}

TEST_CASE("a tensor without a name is the whole file, or says that it has none") {
  CHECK(has(file_text(headerless(), columns(80)), "\n  (whole) "));
  ArtifactBuilder two("f");
  two.format("npz", "NumPy archive").tensor(make_measured("", {1}, 0)).tensor(make_measured("w", {1}, 4));
  CHECK(has(file_text(two.build(), columns(80)), "\n  (no name) "));
}

TEST_CASE("a line per file, as file(1) has it") {
  CHECK(file_line(sound_adapter(), columns(80)) ==
        "adapter.safetensors: safetensors, 2 float32 tensors, 24,576 parameters, 99.0 KiB\n");
  CHECK(file_line(dangerous(), columns(80)) ==
        "evil.bin: PyTorch zip archive, 1 float32 tensor, 16 parameters, 181 bytes; "
        "1 error, 1 warning: unpickling would call os.system\n");
}

TEST_CASE("several files: an empty line between them, one line each where quiet") {
  std::string text;
  FileText out([&text](std::string_view piece) { text += piece; }, columns(80));
  out.artifact(sound_adapter());
  out.artifact(headerless());
  CHECK(text == file_text(sound_adapter(), columns(80)) + "\n" + file_text(headerless(), columns(80)));

  text.clear();
  auto quiet = columns(80);
  quiet.verbosity = -1;
  FileText brief([&text](std::string_view piece) { text += piece; }, quiet);
  brief.artifact(sound_adapter());
  brief.artifact(headerless());
  CHECK(text == file_line(sound_adapter(), quiet) + file_line(headerless(), quiet));
}

TEST_CASE("headings say what there is") {
  const auto first_line = [](const Artifact& artifact) { return lines_of(file_text(artifact, columns(100))).front(); };
  CHECK(first_line(ArtifactBuilder("a").format("npz", "NumPy archive").build()) == "a: NumPy archive, no tensors");
  CHECK(first_line(ArtifactBuilder("a").format("html", "web page").build()) == "a: web page");
  CHECK(first_line(ArtifactBuilder("a").format("npy", "NumPy array").tensor(make_tensor("", {2, 3}, 0)).build()) ==
        "a: NumPy array, float32, 2 x 3");
  auto half = make_tensor("h", {2}, 8);
  half.dtype_name = "f16";
  CHECK(first_line(ArtifactBuilder("a").format("npz", "NumPy archive").tensor(make_tensor("w", {2}, 0)).tensor(half).build()) ==
        "a: NumPy archive, 2 tensors, 4 parameters");
  auto told = ArtifactBuilder("a").format("raw", "headerless numbers", {{"guessed", false}}).tensor(make_tensor("", {4}, 0));
  CHECK(first_line(told.build()) == "a: headerless numbers, read as float32 little-endian, 4");
}

TEST_CASE("the same artifact gives the same text") {
  CHECK(file_text(hostile(), columns(80)) == file_text(hostile(), columns(80)));
}
