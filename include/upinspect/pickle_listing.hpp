// SPDX-License-Identifier: Apache-2.0
// What unpickling a file would do, opcode by opcode. Nothing is imported, nothing is called.
#pragma once

#include "upinspect/artifact.hpp"
#include "upinspect/inspect.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace upinspect {

/// One opcode as it stands in a stream. Names and effects are those of CPython's pickletools.
struct PickleStep {
  std::uint64_t offset = 0;  ///< in the stream: the file, or the unpacked record
  std::string opcode;
  std::string argument;      ///< decoded; empty where there is none. Raw text of the file
  std::string effect;        ///< on the stack, "before -> after"
  std::uint64_t stack = 0;   ///< objects on the stack before it
  std::uint64_t marks = 0;   ///< open marks before it
  std::string comment;       ///< what it fetches, calls, stores. Raw text of the file

  friend bool operator==(const PickleStep&, const PickleStep&) = default;
};

/// One line of the object that a stream describes, written as an expression of Python.
struct PickleExpressionLine {
  unsigned depth = 0;        ///< how far to indent it
  std::uint64_t offset = 0;  ///< of the opcode that makes the object
  std::string text;          ///< raw text of the file

  friend bool operator==(const PickleExpressionLine&, const PickleExpressionLine&) = default;
};

/// One pickle, from its first opcode to STOP or to where it breaks.
struct PickleStream {
  std::string entry;                       ///< of the archive that holds it; empty where it stands in the file itself
  std::optional<ByteRange> unpacked_from;  ///< where a compressed record lies; offsets are those of what it unpacks to
  std::optional<std::uint64_t> held_at;    ///< of the bytes that hold it, where it lies within another pickle
  std::uint64_t start = 0;
  std::uint64_t end = 0;                   ///< one past STOP; where it breaks, the offset of the failing opcode
  int protocol = -1;                       ///< of PROTO; -1 without one (protocol 0 or 1)
  std::uint64_t opcodes = 0;
  std::vector<PickleStep> steps;           ///< the first of them, as many as were asked for
  std::vector<PickleExpressionLine> object;
  bool object_whole = true;                ///< false where lines were left out
  std::string failure;                     ///< why it broke; empty where it did not
  std::uint64_t failed_at = 0;

  friend bool operator==(const PickleStream&, const PickleStream&) = default;
};

/// The verdict over all of them is `artifact.pickle`; absent where the file holds no pickle.
struct PickleListing {
  Artifact artifact;
  std::vector<PickleStream> streams;  ///< in the order in which they are read
  std::uint64_t unlisted_streams = 0; ///< that follow, run and judged like the others
};

struct PickleListingOptions {
  InspectOptions inspect;
  /// Listed of all streams together; what follows is counted. There are fewer where 2 KiB each are more than the memory, at
  /// most a stream for each 64 KiB of it, and 10,000 lines of objects.
  std::uint64_t most_steps = 100'000;
};

/// Reads every pickle of the file: records of archives, pickles one after another, those within byte strings (four
/// levels down). Throws InputError where the file cannot be opened.
[[nodiscard]] PickleListing list_pickles(const std::string& path, const PickleListingOptions& options);

}  // namespace upinspect
