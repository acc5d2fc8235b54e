// SPDX-License-Identifier: Apache-2.0
#include "report/advice.hpp"

#include <algorithm>
#include <array>

namespace upinspect::report {
namespace {

struct Advice {
  std::string_view id;
  std::string_view text;
};

/// Sorted by id. Findings that say themselves what to do have no row.
constexpr std::array k_advice{
    Advice{"container.changed-while-read", "Read it again when nothing writes to it any more."},
    Advice{"container.leading-data", "Find out what put these bytes there before you pass the file on."},
    Advice{"container.malformed", "Fetch the file again; if it stays so, it was written by a broken or hostile tool."},
    Advice{"container.not-inspected", "Unpack it in a safe place and check what comes out; --max-memory moves the limits of size."},
    Advice{"container.overlapping-bytes", "No honest writer makes such a file; do not load it."},
    Advice{"container.trailing-data", "Loaders ignore what follows the weights; look at it before you pass the file on."},
    Advice{"container.truncated", "Fetch the file again and compare its size and SHA-256 with the publisher's."},
    Advice{"container.unlabelled-bytes", "Nothing reads these bytes, so they can hide anything; look at them."},
    Advice{"container.zero-filled", "Fetch the file again."},
    Advice{"format.extension-mismatch", "Rename the file, or ask where it comes from: names that lie get past filters."},
    Advice{"format.polyglot", "Do not load it before you know which reading was meant."},
    Advice{"gguf.byte-order", "Convert it with llama.cpp's gguf_convert_endian.py for the machine that is to load it."},
    Advice{"gguf.offset", "ggml refuses the file; bytes between tensors can hide anything."},
    Advice{"gguf.padding", "Nothing reads these bytes, so they can hide anything; look at them."},
    Advice{"gguf.template-code", "Do not render it; take the template from the base model's publisher."},
    Advice{"hash.empty-string", "Do not go by this hash; take the file's SHA-256 or the data area's."},
    Advice{"hash.mismatch", "Go by the file's SHA-256, and compare it with the publisher's."},
    Advice{"limit.reached", "Raise --max-memory if you trust the file; what was not read is not vouched for."},
    Advice{"lora.alpha-conflict", "Ask the publisher which alpha it was trained with, and set the strength by hand until you know."},
    Advice{"lora.base-ambiguous", "Name the one file of the base that the adapter is for."},
    Advice{"lora.base-missing", "Take the base that the adapter was trained on, or convert its names (upinspect convert)."},
    Advice{"lora.base-shape", "Take the base that the adapter was trained on."},
    Advice{"lora.dimension-mismatch", "No loader can apply this module; ask for a file that was written whole."},
    Advice{"lora.dominant-module", "Look at that module's halves and alpha: a scale gone wrong or a training that diverged looks so."},
    Advice{"lora.empty-part", "Save it again with the parameters gathered (DeepSpeed ZeRO-3), or ask for another copy."},
    Advice{"lora.guessed-rank", "Put adapter_config.json beside the halves, or give the shape of one: --as f32 --shape 4096x8."},
    Advice{"lora.magnitude-axis", "Check with the trainer which axis the magnitude scales before you merge it."},
    Advice{"lora.missing-down", "Ask for the file that holds the other half."},
    Advice{"lora.missing-part", "Ask for a file that was written whole."},
    Advice{"lora.missing-up", "Ask for the file that holds the other half."},
    Advice{"lora.non-finite", "Do not use it; go back to an earlier checkpoint."},
    Advice{"lora.rank-differs", "Take the configuration that was written with these weights."},
    Advice{"lora.rank-mismatch", "No loader can apply this module; ask for a file that was written whole."},
    Advice{"lora.same-halves", "Ask for the half that was lost."},
    Advice{"lora.scale-unknown", "Put the configuration that belongs to it beside the file."},
    Advice{"lora.unknown-key", "See whether the program you load it with says that it left keys out."},
    Advice{"lora.untargeted-module", "Add the modules to target_modules, or take the configuration that was written with them."},
    Advice{"lora.untrained", "Training did not reach it; take a later checkpoint."},
    Advice{"name.control-character", "Use --format json to see the name byte by byte."},
    Advice{"npy.object-array", "Do not load it with allow_pickle=True unless you trust its source."},
    Advice{"pickle.dangerous-global", "Do not load this file; take a safetensors copy from a source you trust."},
    Advice{"pickle.unknown-global", "Load it with torch.load(weights_only=True) only, or take a safetensors copy."},
    Advice{"privacy.caption", "Take it out before you publish the file; for weights upinspect convert --strip-metadata does."},
    Advice{"privacy.dataset", "Take it out before you publish the file; for weights upinspect convert --strip-metadata does."},
    Advice{"privacy.path", "Take it out before you publish the file; for weights upinspect convert --strip-metadata does."},
    Advice{"privacy.secret", "Revoke the token, and write a copy with upinspect convert --strip-metadata."},
    Advice{"safetensors.duplicate-key", "Readers differ in which of the two they take; do not load it before you know."},
    Advice{"tensor.malformed", "torch refuses such a tensor; ask for a file that was written whole."},
    Advice{"tensor.non-finite", "Training diverged or the file is damaged; compare it with an earlier checkpoint."},
    Advice{"torch.short-storage", "Old versions of torch read past its end; do not load it."},
    Advice{"torch.unreferenced-record", "Nothing loads these bytes; look at them before you pass the file on."},
    Advice{"zip.corrupt-data", "Fetch the file again."},
    Advice{"zip.crc-mismatch", "The data changed after the archive was made; compare with the publisher's SHA-256."},
};

}  // namespace

std::string_view advice(std::string_view finding_id) noexcept {
  const auto* const found = std::lower_bound(k_advice.begin(), k_advice.end(), finding_id,
                                             [](const Advice& row, std::string_view id) { return row.id < id; });
  return found != k_advice.end() && found->id == finding_id ? found->text : std::string_view{};
}

}  // namespace upinspect::report
