// SPDX-License-Identifier: Apache-2.0
// The table of formats. Its order is the order in which they are tried.
#include "formats/format.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace upinspect::formats {

// What a format file defines, one declaration for each.
using Sniff = Claim(const Probe&) noexcept;
using Read = void(const Probe&, model::Builder&);
namespace safetensors { Sniff sniff; Read read; }
namespace torch_zip { Sniff sniff; Read read; }
namespace torchscript { Sniff sniff; Read read; }
namespace torch_legacy { Sniff sniff; Read read; }
namespace pickles { Sniff sniff; Read read; }
namespace torch_tar { Sniff sniff; Read read; }
namespace tar { Sniff sniff; Read read; }
namespace zip { Sniff sniff; Read read; }
namespace gguf { Sniff sniff; Read read; }
namespace npy { Sniff sniff; Read read; }
namespace npz { Sniff sniff; Read read; }
namespace adapter_config { Sniff sniff; Read read; }
namespace shard_index { Sniff sniff_safetensors, sniff_torch; Read read; }
namespace raw { Sniff sniff; Read read; }
namespace named {
Sniff sniff_empty, sniff_gzip, sniff_xz, sniff_zstd, sniff_bzip2, sniff_seven_zip, sniff_rar, sniff_hdf5, sniff_ggla,
    sniff_ggml, sniff_elf, sniff_pe, sniff_pdf, sniff_png, sniff_onnx, sniff_git_lfs_pointer, sniff_html, sniff_json,
    sniff_text, sniff_unknown;
Read read_content, read_opaque, read_gzip, read_empty, read_git_lfs_pointer, read_json, read_html, read_text, read_unknown;
}  // namespace named

namespace {

using enum Severity;
constexpr auto k_named = Reach::named;
constexpr std::string_view k_not_read = "format.not-read";

// clang-format off
constexpr std::array k_formats{
    Format{"empty", "empty file", named::sniff_empty, named::read_empty, "", k_named, "container.empty-file", error,
           "there is nothing in it: download it again"},
    Format{"npy", "NumPy array", npy::sniff, npy::read, ".npy"},
    Format{"safetensors", "safetensors", safetensors::sniff, safetensors::read, ".safetensors .sft .st"},
    Format{"gguf", "GGUF", gguf::sniff, gguf::read, ".gguf"},
    Format{"torch-zip", "PyTorch zip archive", torch_zip::sniff, torch_zip::read, ".pt .pth .ckpt .zip"},
    Format{"torchscript", "TorchScript archive", torchscript::sniff, torchscript::read, ".pt .pth .ptl .zip"},
    Format{"npz", "NumPy archive", npz::sniff, npz::read, ".npz .zip"},
    Format{"torch-tar", "PyTorch tar archive of 0.1.x", torch_tar::sniff, torch_tar::read, ".tar .pt .pth"},
    Format{"tar", "tar archive", tar::sniff, tar::read, ".tar", k_named, k_not_read, warning,
           "no weights were recognised in it: unpack it in a safe place and look at the files"},
    Format{"zip", "zip archive", zip::sniff, zip::read, ".zip", k_named, k_not_read, warning,
           "no weights were recognised in it: unpack it in a safe place and look at the files"},
    Format{"torch-legacy", "PyTorch file from before 1.6", torch_legacy::sniff, torch_legacy::read, ".pt .pth .ckpt"},
    Format{"git-lfs-pointer", "Git LFS pointer, not the file itself", named::sniff_git_lfs_pointer, named::read_git_lfs_pointer, "",
           k_named, "container.lfs-pointer", error, "the weights are elsewhere: run git lfs pull, or download the file itself"},
    Format{"gzip", "gzip-compressed file", named::sniff_gzip, named::read_gzip, ".gz .tgz", k_named, k_not_read, warning,
           "no loader opens it as it is: unpack it with gunzip and look at what comes out"},
    Format{"xz", "xz-compressed file", named::sniff_xz, named::read_opaque, ".xz", k_named, k_not_read, warning,
           "no loader opens it as it is: unpack it with xz -d"},
    Format{"zstd", "zstd-compressed file", named::sniff_zstd, named::read_opaque, ".zst", k_named, k_not_read, warning,
           "no loader opens it as it is: unpack it with zstd -d"},
    Format{"bzip2", "bzip2-compressed file", named::sniff_bzip2, named::read_opaque, ".bz2", k_named, k_not_read, warning,
           "no loader opens it as it is: unpack it with bunzip2"},
    Format{"seven-zip", "7-Zip archive", named::sniff_seven_zip, named::read_opaque, ".7z", k_named, k_not_read, warning,
           "scanners cannot look inside, and malicious pickles have been hidden so: unpack it in a safe place first"},
    Format{"rar", "RAR archive", named::sniff_rar, named::read_opaque, ".rar", k_named, k_not_read, warning,
           "scanners cannot look inside: unpack it in a safe place first"},
    Format{"hdf5", "HDF5 file (Keras weights, for one)", named::sniff_hdf5, named::read_content, ".h5 .hdf5 .keras", k_named, k_not_read,
           note, "h5dump or h5ls show what is in it"},
    Format{"ggla", "llama.cpp LoRA of 2023 (ggla)", named::sniff_ggla, named::read_content, "", k_named, k_not_read, note,
           "the format was given up for GGUF: convert the original adapter with llama.cpp's convert_lora_to_gguf.py"},
    Format{"ggml", "ggml model from before GGUF", named::sniff_ggml, named::read_content, ".ggml", k_named, k_not_read, note,
           "the format was given up for GGUF: fetch or make a GGUF of the model"},
    Format{"elf", "ELF program or library", named::sniff_elf, named::read_content, "", k_named, "format.executable", error,
           "this is a program, not weights: do not run it"},
    Format{"pe", "Windows program or library", named::sniff_pe, named::read_content, ".exe .dll", k_named, "format.executable", error,
           "this is a program, not weights: do not run it"},
    Format{"pdf", "PDF document", named::sniff_pdf, named::read_content, ".pdf", k_named, k_not_read, warning,
           "this is a document, not weights"},
    Format{"png", "PNG picture", named::sniff_png, named::read_content, ".png", k_named, k_not_read, warning,
           "this is a picture, not weights"},
    Format{"onnx", "ONNX model", named::sniff_onnx, named::read_content, ".onnx", k_named, k_not_read, note,
           "onnx.checker or netron show what is in it"},
    Format{"pickle", "Python pickle", pickles::sniff, pickles::read, ".pkl .pickle .joblib"},
    Format{"html", "web page saved in place of a file", named::sniff_html, named::read_html, ".html .htm", k_named,
           "container.html-page", error, "the download went to a login or error page: fetch the file itself"},
    Format{"safetensors-index", "index of sharded safetensors", shard_index::sniff_safetensors, shard_index::read, ".index.json .json"},
    Format{"torch-index", "index of sharded PyTorch files", shard_index::sniff_torch, shard_index::read, ".index.json .json"},
    Format{"adapter-config", "adapter configuration", adapter_config::sniff, adapter_config::read, ".json"},
    Format{"json", "JSON text", named::sniff_json, named::read_json, ".json", k_named, k_not_read, note,
           "jq shows what is in it"},
    Format{"text", "text", named::sniff_text, named::read_text, ".txt .md .py .yaml .yml .csv", k_named, k_not_read, note,
           "this is text, not weights"},
    Format{"raw", "headerless numbers", raw::sniff, raw::read, ".raw .dat .f32 .f16 .bf16"},
    Format{"unknown", "unknown data", named::sniff_unknown, named::read_unknown, "", k_named, "format.unknown", warning,
           "no reader claims it: if it is a dump of numbers, say how to read it with --as, --shape and --skip"},
};
// clang-format on

bool same_letters(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

bool ends_with(std::string_view path, std::string_view ending) {
  return path.size() >= ending.size() &&
         std::equal(ending.begin(), ending.end(), path.end() - static_cast<std::ptrdiff_t>(ending.size()), same_letters);
}

}  // namespace

std::span<const Format> registry() noexcept { return k_formats; }

const Format* find_format(std::string_view id) noexcept {
  const auto found = std::find_if(k_formats.begin(), k_formats.end(), [id](const Format& row) { return row.id == id; });
  return found == k_formats.end() ? nullptr : &*found;
}

bool promises(const Format& format, std::string_view path) noexcept {
  auto rest = format.extensions;
  while (!rest.empty()) {
    const auto space = std::min(rest.find(' '), rest.size());
    if (space > 0 && ends_with(path, rest.substr(0, space))) {
      return true;
    }
    rest.remove_prefix(std::min(space + 1, rest.size()));
  }
  return false;
}

}  // namespace upinspect::formats
