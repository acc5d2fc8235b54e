// SPDX-License-Identifier: Apache-2.0
// The artifacts that several tests of reporters draw.
#pragma once

#include "support/artifact_builder.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace upinspect::test {

/// Two measured tensors, metadata, no findings.
[[nodiscard]] inline Artifact sound_adapter() {
  ArtifactBuilder file("adapter.safetensors");
  file.format("safetensors", "safetensors", {{"header_bytes", std::uint64_t{3024}}}).digests();
  file.region(RegionKind::structure, 8, "header length").region(RegionKind::metadata, 3024, "header");
  file.tensor(make_measured("base_model.model.h.0.lora_A.weight", {8, 768}, file.end()));
  file.tensor(make_measured("base_model.model.h.0.lora_B.weight", {2304, 8}, file.end()));
  return file.metadata("format", "pt").build();
}

/// Headerless numbers with the reasons of the guess, and a note.
[[nodiscard]] inline Artifact headerless() {
  ArtifactBuilder file("up-param.bin");
  file.format("raw", "headerless numbers",
              {{"dtype", "f32"},
               {"byte_order", "little"},
               {"shape", Value::Array{8192, 4096}},
               {"guessed", true},
               {"why", Value::Array{"the exponent holds 2.9 of 8 bits", "f16, bf16 and f64 readings do not fit"}},
               {"shapes", Value::Array{"8192 x 4096", "4096 x 8192", "2097152 x 16"}}});
  file.digests().tensor(make_measured("", {8192, 4096}, 0));
  return file.finding({"lora.missing-down", Severity::note, "An up half alone is no adapter.", {}, {}, ""}).build();
}

/// A torch archive whose pickle calls os.system, with bytes behind its end.
[[nodiscard]] inline Artifact dangerous() {
  ArtifactBuilder file("evil.bin");
  file.format("torch-zip", "PyTorch zip archive").region(RegionKind::payload, 100, "data.pkl");
  auto tensor = make_measured("w", {4, 4}, file.end());
  auto odd = *tensor.stats;
  odd.nans = 3;
  tensor.stats = odd;
  file.tensor(tensor).region(RegionKind::gap, 17, "not claimed");
  PickleReport pickle;
  pickle.verdict = PickleVerdict::dangerous;
  pickle.weights_only_reason = "GLOBAL os system";
  pickle.weights_only_offset = 2;
  pickle.globals = {{"os", "system", 42, true, PickleVerdict::dangerous},
                    {"collections", "OrderedDict", 60, true, PickleVerdict::inert}};
  file.pickle(pickle);
  file.finding({"container.trailing-data", Severity::warning, "17 bytes follow the end of the archive", 164, 17, ""});
  return file.finding({"pickle.dangerous-global", Severity::error, "unpickling would call os.system", 42, {}, ""}).build();
}

/// Every text that comes from the file tries something: colours, NUL, a right-to-left override, broken UTF-8.
[[nodiscard]] inline Artifact hostile() {
  ArtifactBuilder file("dir/\x1b[2Jcls\xe2\x80\xae.bin");
  file.format("torch-zip", "PyTorch zip archive", {{"comment\x1b[1m", "\x07"}, {"names", Value::Array{"\xff", "ok\n"}}});
  auto tensor = make_measured("\x1b]0;owned\x07", {2}, 0);
  tensor.dtype_name = "f\x1b[31m";
  tensor.location.entry = "../\xff";
  tensor.unread = "no\x1b[0m";
  file.tensor(tensor);
  file.tensor(make_measured(std::string("a\0b", 3), {2}, 8));
  file.metadata("k\x9b", "v\xe2\x80\x8b\r\n::error::x").metadata("nested", Value::Object{{"\xfe", "\xfd"}});
  PickleReport pickle;
  pickle.verdict = PickleVerdict::unknown;
  pickle.weights_only_reason = "\x1b[8m";
  pickle.globals = {{"m\x1b", "n\xff", 1, false, PickleVerdict::unknown}};
  file.pickle(pickle).region(RegionKind::gap, 1, "gap\x1b[5m");
  return file.finding({"x.y", Severity::error, "bad \x1b[31m name \xff", 0, 4, "t\xe2\x80\xae"}).build();
}

/// `count` tensors, one in the middle with NaN; gaps, metadata and findings by the dozen.
[[nodiscard]] inline Artifact many_tensors(unsigned count) {
  ArtifactBuilder file("many.npz");
  file.format("npz", "NumPy archive");
  for (unsigned i = 0; i < count; ++i) {
    auto tensor = make_measured("layer." + std::to_string(i), {4}, file.end());
    auto stats = *tensor.stats;
    stats.nans = i == count / 2 ? 1 : 0;
    tensor.stats = stats;
    file.tensor(std::move(tensor));
  }
  for (unsigned i = 0; i < 20; ++i) {
    file.region(RegionKind::structure, 7, "record " + std::to_string(i)).region(RegionKind::gap, 1, "not claimed");
    file.metadata("key " + std::to_string(i), "value");
    file.finding({"container.unlabelled-bytes", Severity::warning, "nothing claims a byte", file.end() - 1, 1, ""});
  }
  return file.build();
}

/// What --quick gives: nothing is measured.
[[nodiscard]] inline Artifact headers_only() {
  ArtifactBuilder file("quick.safetensors");
  file.format("safetensors", "safetensors").region(RegionKind::structure, 1000, "header");
  file.tensor(make_tensor("a.weight", {300, 2}, file.end()));
  return file.tensor(make_tensor("b", {}, file.end())).build();
}

}  // namespace upinspect::test
