// SPDX-License-Identifier: Apache-2.0
// What a set of tensors means as an adapter: its modules, how their halves pair, and how strongly each one acts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect {

/// Where an alpha, or a scale that stands in its place, was found.
enum class AlphaSource : std::uint8_t { absent, tensor, adapter_config, metadata };

/// An alpha as one source has it; sources can disagree.
struct AlphaReading {
  AlphaSource source = AlphaSource::absent;
  std::string where;  ///< the tensor, the key or the file
  double value = 0;

  friend bool operator==(const AlphaReading&, const AlphaReading&) = default;
};

/// How strongly a module acts: norms of scale x update, over the update as an out x in (x kh x kw) matrix.
struct UpdateStrength {
  double frobenius = 0;
  double spectral = 0;
  double effective_rank = 0;             ///< exp of the Shannon entropy of the normalised squared singular values
  std::vector<double> singular_values;   ///< largest first, at most as many as the rank

  friend bool operator==(const UpdateStrength&, const UpdateStrength&) = default;
};

/// A tensor of a module, under the part that it plays: "up", "down", "mid", "alpha", "magnitude", "hada_w1_a", …
struct AdapterPart {
  static constexpr std::uint32_t k_no_index = UINT32_MAX;

  std::string role;
  std::string tensor;
  std::uint32_t index = k_no_index;  ///< in Artifact::tensors, where it is known

  friend bool operator==(const AdapterPart&, const AdapterPart&) = default;
};

/// One module of the base model and what the adapter does to it.
struct AdapterModule {
  std::string name;                 ///< as the adapter spells it, without the part's suffix
  std::string canonical;            ///< the one spelling for all families (docs/digests.md)
  std::string path;                 ///< in the base model, where the name does not tell it (llama.cpp); else empty
  std::string method;               ///< lora, dora, adalora, loha, lokr, glora, ia3, oft, boft, full, norm
  std::vector<AdapterPart> parts;   ///< in the order of the file
  std::optional<std::uint64_t> rank;
  std::optional<std::uint64_t> in_features;    ///< input channels for a convolution
  std::optional<std::uint64_t> out_features;
  std::vector<std::uint64_t> kernel;           ///< of a convolution, empty for a linear module
  std::optional<double> alpha;
  AlphaSource alpha_source = AlphaSource::absent;
  std::vector<AlphaReading> alpha_readings;    ///< everything that states an alpha for this module
  std::optional<double> scale;                 ///< what the update is multiplied by; nothing where it cannot be known
  std::string scale_rule;                      ///< in words: "alpha / rank", "alpha / sqrt(rank)", "1 (no alpha in this family)"
  bool transposed = false;                     ///< halves are stored the other way round (MLX): down in x r, up r x out
  bool down_transposed = false;                ///< the down half alone is (GGUF's token_embd)
  bool base_transposed = false;                ///< the base stores its weight in x out: embeddings, fan_in_fan_out
  std::string magnitude_axis;                  ///< of a DoRA magnitude: "out" (one per row of the weight) or "in"; empty: none
  std::uint64_t groups = 1;                    ///< fused layers: as many updates as this, their output rows one after another
  std::vector<bool> enabled;                   ///< which of the layer's equal blocks of output rows the groups act on; empty: all
  std::uint64_t experts = 1;                   ///< of a mixture: both halves have them as their first axis
  std::optional<UpdateStrength> strength;      ///< JSON: "delta"
  std::string why_unmeasured;                  ///< why there is none, though it was asked for; JSON: "delta_note"

  /// The part of this role; nullptr where there is none.
  [[nodiscard]] const AdapterPart* find_part(std::string_view role) const {
    for (const auto& candidate : parts) {
      if (candidate.role == role) {
        return &candidate;
      }
    }
    return nullptr;
  }
  /// The tensor that plays `role`; empty where there is none.
  [[nodiscard]] const std::string& part(std::string_view role) const {
    static const std::string k_none;
    const auto* found = find_part(role);
    return found == nullptr ? k_none : found->tensor;
  }
  friend bool operator==(const AdapterModule&, const AdapterModule&) = default;
};

/// The adapter in a file or a folder.
struct Adapter {
  std::string family;                    ///< peft, kohya, lycoris, diffusers, cloneofsimo, mlx, gguf, loralib, raw-triad, …
  std::string family_title;              ///< the same in words
  std::string method;                    ///< of most modules; "mixed" where they differ
  bool guessed = false;                  ///< paired by shape alone
  std::string base_model;                ///< as configuration or metadata name it, else empty
  std::optional<std::uint64_t> rank;     ///< where all modules share one
  std::vector<AdapterModule> modules;    ///< in the order of the file
  std::vector<std::string> unpaired;     ///< tensors that belong to a module whose other half is missing
  std::vector<std::string> other;        ///< tensors that belong to no adapter module: modules_to_save, embeddings, unknown keys
  std::string digest;                    ///< over canonical keys (docs/digests.md), empty where not computed

  friend bool operator==(const Adapter&, const Adapter&) = default;
};

}  // namespace upinspect
