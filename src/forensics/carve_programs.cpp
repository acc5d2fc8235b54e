// SPDX-License-Identifier: Apache-2.0
// Programs and documents, recognised by fields that must agree: ELF (System V ABI), PE (Microsoft PE/COFF), PDF
// (ISO 32000), pickles, safetensors.
#include "bytes/json_reader.hpp"
#include "bytes/source.hpp"
#include "forensics/carve.hpp"
#include "forensics/little.hpp"
#include "pickle/machine.hpp"

#include <algorithm>
#include <array>

namespace upinspect::forensics {
namespace {

Carved proven(std::string kind, std::string title, std::uint64_t length, Bytes bytes) {
  const auto within = static_cast<std::size_t>(std::min<std::uint64_t>(length, bytes.size()));
  return {std::move(kind), std::move(title), PayloadEvidence::proven, within, 0, within};
}

/// Offsets of the fields of an ELF header that differ between its two classes.
struct ElfLayout {
  unsigned address;      ///< bytes of an address
  std::size_t header;
  std::size_t program_entry;
  std::size_t section_entry;
};
constexpr ElfLayout k_elf32{4, 52, 32, 40};
constexpr ElfLayout k_elf64{8, 64, 56, 64};

constexpr std::array<std::uint64_t, 6> k_pe_machines{0x14c, 0x8664, 0xaa64, 0x1c0, 0x1c4, 0x200};

/// The text of safetensors: an object of objects with data_offsets. Gives the end of the data.
std::optional<std::uint64_t> safetensors_end(std::string_view header) {
  std::uint64_t end = 0;
  try {
    const auto value = bytes::parse_json(header, 0, "header");
    const auto* object = value.if_object();
    if (object == nullptr || object->empty()) {
      return std::nullopt;
    }
    for (const auto& [name, entry] : *object) {
      const auto* offsets = entry.find("data_offsets");
      const auto* range = offsets != nullptr ? offsets->if_array() : nullptr;
      if (name == "__metadata__") {
        continue;
      }
      if (range == nullptr || range->size() != 2) {
        return std::nullopt;
      }
      const auto* last = std::get_if<std::uint64_t>(&range->back().data);
      const auto* signed_last = std::get_if<std::int64_t>(&range->back().data);
      end = std::max(end, last != nullptr ? *last : signed_last != nullptr && *signed_last > 0 ? static_cast<std::uint64_t>(*signed_last) : 0);
    }
  } catch (const bytes::ParseError&) {
    return std::nullopt;
  }
  return end;
}

}  // namespace

std::optional<Carved> carve_elf(Bytes bytes) {
  const auto elf_class = little(bytes, 4, 1);
  const auto data = little(bytes, 5, 1);
  if (bytes.size() < 64 || elf_class < 1 || elf_class > 2 || data < 1 || data > 2 || little(bytes, 6, 1) != 1) {
    return std::nullopt;
  }
  const auto read = [&](std::size_t at, unsigned width) { return data == 1 ? little(bytes, at, width) : big(bytes, at, width); };
  const auto& layout = elf_class == 1 ? k_elf32 : k_elf64;
  const auto tail = 24 + 3 * std::size_t{layout.address};  // e_flags follows the entry and two offsets
  const auto programs = read(tail + 8, 2);
  const auto sections = read(tail + 12, 2);
  if (read(20, 4) != 1 || read(tail + 4, 2) != layout.header || (programs != 0 && read(tail + 6, 2) != layout.program_entry) ||
      (sections != 0 && read(tail + 10, 2) != layout.section_entry)) {
    return std::nullopt;
  }
  const auto section_start = read(24 + 2 * std::size_t{layout.address}, layout.address);
  const auto length = section_start < bytes.size() && section_start != 0 ? section_start + sections * layout.section_entry : bytes.size();
  return proven("elf", "ELF program", length, bytes);
}

std::optional<Carved> carve_pe(Bytes bytes) {
  const auto header = static_cast<std::size_t>(little(bytes, 0x3c, 4));
  if (bytes.size() < 0x40 || header > 4096 || !has_text(bytes, header, std::string_view("PE\0\0", 4))) {
    return std::nullopt;
  }
  const auto machine = little(bytes, header + 4, 2);
  const auto sections = little(bytes, header + 6, 2);
  const auto optional_size = little(bytes, header + 20, 2);
  const auto magic = little(bytes, header + 24, 2);
  const bool known = std::find(k_pe_machines.begin(), k_pe_machines.end(), machine) != k_pe_machines.end();
  if (!known || sections > 96 || (magic != 0x10b && magic != 0x20b)) {
    return std::nullopt;
  }
  std::uint64_t end = header + 24 + optional_size + sections * 40;
  for (std::uint64_t i = 0; i < sections; ++i) {
    const auto section = static_cast<std::size_t>(header + 24 + optional_size + i * 40);
    end = std::max(end, little(bytes, section + 16, 4) + little(bytes, section + 20, 4));
  }
  return proven("pe", "Windows program", end, bytes);
}

std::optional<Carved> carve_pdf(Bytes bytes) {
  if (bytes.size() < 16 || !has_text(bytes, 6, ".")) {
    return std::nullopt;
  }
  constexpr std::string_view k_end = "%%EOF";
  for (auto at = bytes.size() - k_end.size(); at > 8; --at) {
    if (has_text(bytes, at, k_end)) {
      return proven("pdf", "PDF document", at + k_end.size(), bytes);
    }
  }
  return std::nullopt;
}

std::optional<Carved> carve_pickle(Bytes bytes) {
  // Eight opcodes that fit together do not come by chance: each does with about one in seven.
  constexpr std::uint64_t k_fewest_opcodes = 8;
  const bytes::MemorySource source(bytes);
  pickle::Options options;
  options.limits.memory = std::uint64_t{16} << 20;
  options.limits.opcodes = 1'000'000;
  const auto program = pickle::run(source, 0, options);
  if (program.failure || program.opcodes < k_fewest_opcodes) {
    return std::nullopt;
  }
  return proven("pickle", "Python pickle", program.end, bytes);
}

std::optional<Carved> carve_safetensors(Bytes bytes) {
  const auto length = little(bytes, 0, 8);
  if (bytes.size() < 10 || length < 2 || length > bytes.size() - 8) {
    return std::nullopt;
  }
  std::string header(static_cast<std::size_t>(length), '\0');
  std::transform(bytes.begin() + 8, bytes.begin() + 8 + static_cast<std::ptrdiff_t>(length), header.begin(),
                 [](std::byte byte) { return std::to_integer<char>(byte); });
  const auto end = safetensors_end(header);
  return end ? std::optional(proven("safetensors", "safetensors file", 8 + length + std::min<std::uint64_t>(*end, bytes.size()), bytes))
             : std::nullopt;
}

}  // namespace upinspect::forensics
