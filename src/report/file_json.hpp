// SPDX-License-Identifier: Apache-2.0
// The answer of `upinspect file` for machines: schema upinspect.file/1, as docs/schema/file-1.schema.json has it.
#pragma once

#include "report/json_writer.hpp"
#include "upinspect/artifact.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upinspect::report {

enum class JsonForm : std::uint8_t {
  document,  ///< one document with all artifacts, laid out for people too
  lines,     ///< NDJSON: one line per artifact, {"schema":…,"tool":…,"artifact":…}
};

/// Writes artifacts one after another and keeps none: begin, artifact for each, end. `version` is the tool's.
class FileJson {
 public:
  FileJson(Sink sink, JsonForm form, std::string_view version);

  /// See JsonWriter::use_threads.
  void use_threads(bool several) noexcept { m_out.use_threads(several); }

  void begin();
  void artifact(const Artifact& artifact);
  /// Something in a folder that was not looked into. A document lists the first ten thousand at its end.
  void passed_over(std::string_view path, std::string_view why);
  void end();

 private:
  void preamble();

  JsonWriter m_out;
  JsonForm m_form;
  std::string m_version;
  std::vector<std::pair<std::string, std::string>> m_passed_over;
};

/// Writes `artifact` as the next value of `out`; for documents that hold artifacts within something else.
void write_artifact(JsonWriter& out, const Artifact& artifact);

/// Writes the member `pickle` of the open object.
void write_pickle(JsonWriter& out, const PickleReport& pickle);

/// Writes the member `findings` of the open object.
void write_findings(JsonWriter& out, const std::vector<Finding>& findings);

}  // namespace upinspect::report
