// SPDX-License-Identifier: Apache-2.0
#include "lora/training_settings.hpp"

#include "lora/training_values.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace upinspect::lora {

namespace {

/// What has no member of its own, in the order in which it is told.
struct SettingKey {
  std::string_view key;
  std::string_view name;
};
constexpr std::array k_settings{
    SettingKey{"ss_learning_rate", "learning rate"},
    SettingKey{"ss_unet_lr", "learning rate of the U-Net"},
    SettingKey{"ss_text_encoder_lr", "learning rate of the text encoder"},
    SettingKey{"ss_optimizer", "optimizer"},
    SettingKey{"ss_lr_scheduler", "scheduler"},
    SettingKey{"ss_lr_warmup_steps", "warm-up steps"},
    SettingKey{"ss_total_batch_size", "batch size"},
    SettingKey{"ss_batch_size_per_device", "batch size of a device"},
    SettingKey{"ss_gradient_accumulation_steps", "gradient accumulation"},
    SettingKey{"ss_resolution", "resolution"},
    SettingKey{"modelspec.resolution", "resolution"},
    SettingKey{"ss_mixed_precision", "precision"},
    SettingKey{"ss_seed", "seed"},
    SettingKey{"ss_clip_skip", "clip skip"},
    SettingKey{"ss_max_token_length", "longest caption in tokens"},
    SettingKey{"ss_keep_tokens", "tags kept in front"},
    SettingKey{"ss_shuffle_caption", "captions shuffled"},
    SettingKey{"ss_caption_dropout_rate", "captions left out"},
    SettingKey{"ss_network_dropout", "network dropout"},
    SettingKey{"ss_network_args", "network arguments"},
    SettingKey{"ss_noise_offset", "noise offset"},
    SettingKey{"ss_min_snr_gamma", "min SNR gamma"},
    SettingKey{"ss_discrete_flow_shift", "flow shift"},
    SettingKey{"ss_timestep_sampling", "timestep sampling"},
    SettingKey{"ss_guidance_scale", "guidance scale"},
    SettingKey{"ss_vae_name", "VAE"},
    SettingKey{"modelspec.prediction_type", "prediction type"},
    SettingKey{"modelspec.usage_hint", "usage hint"},
    SettingKey{"modelspec.merged_from", "merged from"},
    SettingKey{"ss_sd_scripts_commit_hash", "trainer's commit"},
};

std::uint64_t plus(std::uint64_t a, std::uint64_t b) { return b > UINT64_MAX - a ? UINT64_MAX : a + b; }

}  // namespace

/// {"buckets": {"0": {"resolution": [832, 1216], "count": 10}, …}}
std::string buckets_text(const Value& info) {
  const auto* buckets = info.if_object() == nullptr ? nullptr : info.find("buckets");
  const auto* members = buckets == nullptr ? nullptr : buckets->if_object();
  if (members == nullptr || members->empty()) {
    return {};
  }
  std::uint64_t images = 0;
  std::uint64_t most = 0;
  std::string commonest;
  for (const auto& [number, bucket] : *members) {
    const auto count = whole_number(bucket.find("count")).value_or(0);
    const auto* size = bucket.find("resolution");
    const auto* sides = size == nullptr ? nullptr : size->if_array();
    images = plus(images, count);
    if (count > most && sides != nullptr && sides->size() == 2) {
      most = count;
      commonest = scalar_text(&sides->front()) + " x " + scalar_text(&sides->back());
    }
  }
  return fmt::format("{} size{} for {} image{}{}", members->size(), members->size() == 1 ? "" : "s", images, images == 1 ? "" : "s", commonest.empty() ? "" : ", most " + commonest);
}

std::vector<TrainingSetting> plain_settings(const Value& metadata) {
  std::vector<TrainingSetting> out;
  for (const auto& [key, name] : k_settings) {
    auto text = scalar_text(metadata.find(std::string(key)));
    if (!text.empty() && text != "{}") {
      out.push_back({std::string(name), std::move(text), std::string(key)});
    }
  }
  return out;
}

}  // namespace upinspect::lora
