// SPDX-License-Identifier: Apache-2.0
#include "lora/tag_frequency.hpp"
#include "lora/training.hpp"
#include "support/catch.hpp"

using namespace upinspect;

namespace {

Value metadata_of(Value::Object members) { return Value(std::move(members)); }

TrainingSummary summary_of(Value::Object members) {
  const auto summary = lora::training_summary(metadata_of(std::move(members)));
  REQUIRE(summary);
  return *summary;
}

}  // namespace

TEST_CASE("metadata that tell of no training have no summary") {
  CHECK_FALSE(lora::training_summary(metadata_of({{"format", "pt"}})));
  CHECK_FALSE(lora::training_summary(metadata_of({{"sshs_model_hash", "0"}})));
  CHECK_FALSE(lora::training_summary(Value("ss_steps")));
  CHECK_FALSE(lora::training_summary(Value()));
}

TEST_CASE("kohya's metadata become a summary") {
  const auto summary = summary_of({{"ss_sd_model_name", "base.safetensors"},
                                   {"ss_base_model_version", "sdxl_base_v1-0"},
                                   {"ss_sd_model_hash", "31e35c80"},
                                   {"ss_new_sd_model_hash", "NOFILE"},
                                   {"ss_network_module", "networks.lora"},
                                   {"ss_network_dim", "32"},
                                   {"ss_network_alpha", "16.0"},
                                   {"ss_steps", "2500"},
                                   {"ss_max_train_steps", "3000"},
                                   {"ss_epoch", "0"},
                                   {"ss_num_epochs", "None"},
                                   {"ss_training_started_at", "1709296200.5"},
                                   {"ss_training_finished_at", "soon"},
                                   {"ss_dataset_dirs", R"({"10_sks dog": {"n_repeats": 10, "img_count": 31}})"},
                                   {"ss_reg_dataset_dirs", R"({"1_dog": {"n_repeats": 1, "img_count": 200}})"},
                                   {"ss_tag_frequency", R"({"10_sks dog": {"dog": 31, "sks": 31, "grass": 4}, "1_dog": {"dog": 200}})"},
                                   {"ss_bucket_info", R"({"buckets": {"0": {"resolution": [832, 1216], "count": 10}}})"},
                                   {"ss_optimizer", "AdamW8bit"}});
  CHECK(summary.trainer == "kohya's sd-scripts");
  CHECK(summary.base_model == "base.safetensors");
  CHECK(summary.base_version == "sdxl_base_v1-0");
  CHECK(summary.base_autov1 == "31e35c80");
  CHECK(summary.base_sha256.empty());
  CHECK(summary.rank == "32");
  CHECK(summary.alpha == "16.0");
  CHECK(summary.steps == 2500U);
  CHECK(summary.planned_steps == 3000U);
  CHECK(summary.epoch == 0U);
  CHECK_FALSE(summary.planned_epochs);
  CHECK(summary.started == "2024-03-01 12:30:00 UTC");
  CHECK(summary.finished == "soon");
  CHECK(summary.dataset_count == 2);
  CHECK(summary.datasets == std::vector<TrainingDataset>{{"10_sks dog", 31, 10, false}, {"1_dog", 200, 1, true}});
  CHECK(summary.trigger_words == std::vector<std::string>{"sks dog"});
  CHECK(summary.tag_count == 3);
  CHECK(summary.tags == std::vector<TagCount>{{"dog", 231}, {"sks", 31}, {"grass", 4}});
  CHECK(summary.settings == std::vector<TrainingSetting>{{"optimizer", "AdamW8bit", "ss_optimizer"},
                                                         {"buckets", "1 size for 10 images, most 832 x 1216", "ss_bucket_info"}});
  CHECK(summary.unreadable.empty());
}

TEST_CASE("several datasets are told by their subsets, and class tokens are trigger words") {
  const auto summary = summary_of(
      {{"ss_datasets", R"([{"subsets": [{"img_count": 5, "num_repeats": 2, "image_dir": "a", "class_tokens": "tok", "is_reg": false},
                                        {"img_count": 7, "num_repeats": 1, "image_dir": "b", "is_reg": true}]}, {}, 3])"}});
  CHECK(summary.datasets == std::vector<TrainingDataset>{{"a", 5, 2, false}, {"b", 7, 1, true}});
  CHECK(summary.trigger_words == std::vector<std::string>{"tok"});
}

TEST_CASE("the author's trigger phrase stands before what the trainer was told") {
  const auto summary = summary_of({{"modelspec.trigger_phrase", " one, two words ,, one"}, {"ss_dataset_dirs", R"({"1_x": {}})"}});
  CHECK(summary.trigger_words == std::vector<std::string>{"one", "two words"});
}

TEST_CASE("ai-toolkit, OneTrainer and diffusers are known by what they write") {
  const auto toolkit = summary_of({{"software", R"({"name": "ai-toolkit", "version": "0.1.0"})"}, {"training_info", R"({"step": 500, "epoch": 3})"}});
  CHECK(toolkit.trainer == "ai-toolkit 0.1.0");
  CHECK(toolkit.steps == 500U);
  CHECK(toolkit.epoch == 3U);
  const auto one = summary_of({{"ot_branch", "master"}, {"ot_config", R"({"lora_rank": 16, "lora_alpha": 1.0, "base_model_name": "b",
      "optimizer": {"optimizer": "ADAMW"}, "concepts": [{"name": "", "path": "/x"}, {"name": "n"}], "epochs": 20})"}});
  CHECK(one.trainer == "OneTrainer");
  CHECK(one.rank == "16");
  CHECK(one.base_model == "b");
  CHECK(one.planned_epochs == 20U);
  CHECK(one.datasets.size() == 2);
  CHECK(one.datasets[0].name == "/x");
  const auto diffusers = summary_of({{"lora_adapter_metadata", R"({"transformer.r": 8, "transformer.lora_alpha": 4})"}});
  CHECK(diffusers.trainer == "diffusers");
  CHECK(diffusers.rank == "8");
  CHECK(diffusers.alpha == "4");
}

TEST_CASE("what should be JSON and is not is named, and spoils nothing else") {
  const auto summary = summary_of({{"ss_tag_frequency", "{\"a\": {"}, {"ss_dataset_dirs", "[1, 2"}, {"ss_bucket_info", "nonsense"},
                                   {"ss_datasets", "[[[[[]]]]]"}, {"training_info", "7"}, {"ss_steps", "-4"}, {"ss_epoch", "1e400"}});
  CHECK(summary.unreadable == std::vector<std::string>{"ss_dataset_dirs", "ss_tag_frequency", "ss_bucket_info"});
  CHECK_FALSE(summary.steps);
  CHECK_FALSE(summary.epoch);
  const auto deep = summary_of({{"ot_config", std::string(100'000, '[')}});
  CHECK(deep.unreadable == std::vector<std::string>{"ot_config"});
}

TEST_CASE("values of another kind than trainers write are passed over") {
  const auto summary = summary_of({{"ss_tag_frequency", R"({"a": {"x": "many", "y": 2.5, "z": -1, "w": 3, "v": null}, "b": 7, "c": [1]})"},
                                   {"ss_dataset_dirs", R"({"d": 4, "e": null})"}});
  CHECK(summary.tags == std::vector<TagCount>{{"b", 7}, {"w", 3}});
  CHECK(summary.datasets.size() == 2);
}

TEST_CASE("long texts and lists are cut") {
  std::string tags = "{";
  for (int i = 0; i < 1000; ++i) {
    tags += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":" + std::to_string(i);
  }
  const auto summary = summary_of({{"ss_training_comment", std::string(1023, 'a') + "\xc3\xa9" + std::string(5000, 'b')}, {"ss_tag_frequency", tags + "}"}});
  CHECK(summary.description == std::string(1023, 'a') + "…");
  CHECK(summary.tag_count == 1000);
  CHECK(summary.tags.size() == 20);
  CHECK(summary.tags.front() == TagCount{"999", 999});
}

TEST_CASE("tags are counted within limits") {
  CHECK_FALSE(lora::tag_frequency("{\"a\": {\"" + std::string(std::size_t{33} << 20, 'x') + "\": 1}}"));
  CHECK_FALSE(lora::tag_frequency(std::string(1000, '{')));
  CHECK_FALSE(lora::tag_frequency("{\"a\": 1} and more"));
}

TEST_CASE("counts that do not fit stop at the largest") {
  const auto found = lora::tag_frequency(R"({"a": {"x": 18446744073709551615}, "b": {"x": 5}})");
  REQUIRE(found);
  CHECK(found->most == std::vector<TagCount>{{"x", UINT64_MAX}});
}

TEST_CASE("seconds are told in UTC where they can be") {
  CHECK(lora::utc_text(0) == "1970-01-01 00:00:00 UTC");
  CHECK(lora::utc_text(951782399.9) == "2000-02-28 23:59:59 UTC");
  CHECK(lora::utc_text(951782400) == "2000-02-29 00:00:00 UTC");
  CHECK_FALSE(lora::utc_text(-1));
  CHECK_FALSE(lora::utc_text(1e300));
}
