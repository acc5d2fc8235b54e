// SPDX-License-Identifier: Apache-2.0
// Assembles the files of torch.save, of every age, from pickles and storages.
#pragma once

#include "support/pickle_builder.hpp"
#include "support/tar_builder.hpp"
#include "support/zip_builder.hpp"

#include <cstring>
#include <string>
#include <vector>

namespace upinspect::test {

/// Elements as they lie in a little-endian file.
inline std::string floats(const std::vector<float>& values) {
  std::string out;
  for (const auto value : values) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    out += little(bits, 4);
  }
  return out;
}

inline std::string six_floats() { return floats({0, 1, 2, 3, 4, 5}); }

/// A torch.save archive: data.pkl, the storages by key, version.
inline ZipBuilder torch_archive(const PickleBuilder& object, const std::vector<std::pair<std::string, std::string>>& storages = {{"0", six_floats()}}) {
  ZipBuilder zip;
  zip.zip64 = true;
  zip.add_torch("archive/data.pkl", object.string());
  for (const auto& [key, content] : storages) {
    zip.add_torch("archive/data/" + key, content);
  }
  zip.add_torch("archive/version", "3\n");
  return zip;
}

/// The parts of a legacy stream; each may be replaced by what a test needs.
struct LegacyFile {
  std::string magic = std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
  std::string version = std::string("\x80\x02M\xe9\x03.", 6);
  std::string system = PickleBuilder().proto(2).empty_dict().text("little_endian").boolean(true).setitem().stop().string();
  std::string object;
  std::string keys;
  std::string storages;

  [[nodiscard]] std::string build() const { return magic + version + system + object + keys + storages; }
};

/// The list of storage keys.
inline std::string legacy_keys(const std::vector<std::string>& keys) {
  PickleBuilder out;
  out.proto(2).empty_list();
  for (const auto& key : keys) {
    out.text(key).append();
  }
  return out.stop().string();
}

inline std::string legacy_storage(std::int64_t elements, const std::string& content) {
  return little(static_cast<std::uint64_t>(elements), 8) + content;
}

/// The persistent id of a legacy storage, with the view at its end; `view` pushes None or a tuple.
inline PickleBuilder& legacy_id(PickleBuilder& out, std::string_view class_name, std::string_view key, std::int64_t elements,
                                const PickleBuilder& view = PickleBuilder().none()) {
  out.mark().text("storage").global("torch", class_name).text(key).text("cpu").integer(elements).raw(view.string());
  return out.tuple().persistent();
}

/// A tensor of a legacy stream.
inline PickleBuilder& legacy_tensor(PickleBuilder& out, std::string_view class_name, std::string_view key, std::int64_t elements,
                                    const std::vector<std::int64_t>& size, const PickleBuilder& view = PickleBuilder().none()) {
  out.global("torch._utils", "_rebuild_tensor_v2").mark();
  legacy_id(out, class_name, key, elements, view).integer(0);
  return out.integers(size).integers({1}).boolean(false).empty_ordered_dict().tuple().reduce();
}

/// {"a": six floats, "b": three integers}, whole.
inline LegacyFile legacy_file() {
  LegacyFile file;
  PickleBuilder object;
  object.proto(2).empty_dict().text("a");
  legacy_tensor(object, "FloatStorage", "100", 6, {6}).setitem().text("b");
  file.object = legacy_tensor(object, "LongStorage", "200", 3, {3}).setitem().stop().string();
  file.keys = legacy_keys({"100", "200"});
  file.storages = legacy_storage(6, six_floats()) + legacy_storage(3, little(0, 8) + little(1, 8) + little(2, 8));
  return file;
}

}  // namespace upinspect::test
