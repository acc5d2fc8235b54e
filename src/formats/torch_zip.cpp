// SPDX-License-Identifier: Apache-2.0
// torch-zip: what torch.save writes since 1.6. A zip archive whose names share a prefix ("archive/", the file's stem):
//
//   P data.pkl       a pickle of the object; storages are persistent ids ('storage', class, key, device, elements)
//   P data/KEY       the bytes of each storage, as the writer's machine orders them
//   P version        decimal text, 3 since 1.6
//   P byteorder      "little" or "big" (2.1 on); without it little
//   P .data/serialization_id, .format_version, .storage_alignment   (2.1, 2.6 on)
//
// torch reads names, sizes and offsets from the central directory and never checks a CRC; here the data pass does.
#include "bytes/parse_error.hpp"
#include "formats/format.hpp"
#include "formats/torch_archive.hpp"

namespace upinspect::formats::torch_zip {

Claim sniff(const Probe& probe) noexcept {
  try {
    const auto& zip = probe.zip();
    const bool torch = zip.found() && !zip.prefix().empty() && zip.has("data.pkl") && !zip.has("constants.pkl");
    return torch && !is_in_tar(zip, probe.source()) ? Claim::certain : Claim::none;
  } catch (...) {
    return Claim::none;
  }
}

void read(const Probe& probe, model::Builder& builder) {
  if (!probe.zip().found()) {
    throw bytes::ParseError(0, "archive", "there is none; torch takes the file for a legacy stream");
  }
  TorchArchive archive(probe.zip(), builder);
  archive.begin();
  archive.read_pickle({"data.pkl", {"data/"}, {}, {}});
  archive.report_unused({"data/"});
  archive.report_unknown();
  archive.report_packed();
}

}  // namespace upinspect::formats::torch_zip
