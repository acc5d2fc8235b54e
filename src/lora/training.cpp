// SPDX-License-Identifier: Apache-2.0
// sd-scripts train_network.py and sai_model_spec.py, ModelSpec 1.0.1, OneTrainer and ai-toolkit as they write today. All
// values of a safetensors header are text: numbers, "None", "True", and JSON.
#include "lora/training.hpp"

#include "bytes/json_reader.hpp"
#include "lora/tag_frequency.hpp"
#include "lora/training_settings.hpp"
#include "lora/training_values.hpp"
#include "lora/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <initializer_list>
#include <string_view>

namespace upinspect::lora {

namespace {

constexpr std::size_t k_most_json = std::size_t{16} << 20;
constexpr std::size_t k_listed = 64;

/// Metadata that only a training leaves behind. sshs_* alone say nothing of it.
bool tells_of_training(const std::string& key) {
  static constexpr std::array<std::string_view, 3> k_prefixes{"ss_", "modelspec.", "ot_"};
  static constexpr std::array<std::string_view, 3> k_keys{"lora_adapter_metadata", "training_info", "trigger_word"};
  return std::any_of(k_prefixes.begin(), k_prefixes.end(), [&key](std::string_view prefix) { return key.starts_with(prefix); }) ||
         std::find(k_keys.begin(), k_keys.end(), key) != k_keys.end();
}

/// kohya's folders are called "10_sks dog": repeats, then what the images show.
std::string words_of_folder(const std::string& name) {
  const auto digits = name.find_first_not_of("0123456789");
  return digits != 0 && digits != std::string::npos && name[digits] == '_' ? name.substr(digits + 1) : std::string();
}

class SummaryReader {
 public:
  explicit SummaryReader(const Value& metadata) : m_metadata(metadata) {}

  [[nodiscard]] TrainingSummary read() {
    names();
    base();
    network();
    progress();
    one_trainer();
    diffusers();
    datasets();
    tags();
    settings();
    trigger_words();
    trainer();
    return std::move(m_summary);
  }

 private:
  [[nodiscard]] const Value* at(std::string_view key) const { return m_metadata.find(std::string(key)); }
  [[nodiscard]] std::string first(std::initializer_list<const char*> keys) const;
  [[nodiscard]] std::optional<std::uint64_t> first_count(std::initializer_list<const char*> keys) const;
  [[nodiscard]] Value json(const std::string& key);
  void note_unreadable(const std::string& key);

  void names();
  void base();
  void network();
  void progress();
  void one_trainer();
  void diffusers();
  void datasets();
  void dataset_dirs(const std::string& key, bool regularisation);
  void dataset_list();
  void subset(const Value& value);
  void add_dataset(TrainingDataset dataset);
  void tags();
  void settings();
  void add_setting(std::string_view name, std::string value, std::string_view key);
  void trigger_words();
  void add_trigger(std::string word);
  void trainer();
  [[nodiscard]] std::string named_trainer();
  [[nodiscard]] std::string time(const char* key) const;

  const Value& m_metadata;
  TrainingSummary m_summary;
  std::vector<std::string> m_class_tokens;
};

std::string SummaryReader::first(std::initializer_list<const char*> keys) const {
  for (const auto* key : keys) {
    if (auto text = scalar_text(at(key)); !text.empty()) {
      return text;
    }
  }
  return {};
}

std::optional<std::uint64_t> SummaryReader::first_count(std::initializer_list<const char*> keys) const {
  for (const auto* key : keys) {
    if (const auto number = whole_number(at(key))) {
      return number;
    }
  }
  return std::nullopt;
}

void SummaryReader::note_unreadable(const std::string& key) {
  auto& keys = m_summary.unreadable;
  if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
    keys.push_back(key);
  }
}

/// What the member holds as JSON text, or as a value where the format has such; null where there is none.
Value SummaryReader::json(const std::string& key) {
  const auto* held = at(key);
  const auto* text = held == nullptr ? nullptr : held->if_string();
  if (held == nullptr || text == nullptr) {
    return held == nullptr ? Value() : *held;
  }
  if (text->empty() || *text == "None") {
    return {};
  }
  try {
    if (text->size() <= k_most_json) {
      return bytes::parse_json(*text, 0, key);
    }
  } catch (const bytes::ParseError&) {
  }
  note_unreadable(key);
  return {};
}

void SummaryReader::names() {
  m_summary.title = first({"modelspec.title", "ss_output_name", "name"});
  m_summary.author = first({"modelspec.author"});
  m_summary.description = first({"modelspec.description", "ss_training_comment"});
  m_summary.license = first({"modelspec.license"});
}

/// A hash of the base; "NOFILE" and "IsADirectory" stand where the trainer found no file to hash.
std::string hash_or_nothing(std::string text) {
  const bool hex = text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  return hex && text.size() >= 8 ? text : std::string();
}

void SummaryReader::base() {
  m_summary.base_model = first({"ss_sd_model_name"});
  m_summary.base_version = first({"ss_base_model_version", "modelspec.architecture"});
  if (m_summary.base_version.empty() && is_true(at("ss_v2"))) {
    m_summary.base_version = "Stable Diffusion 2";
  }
  m_summary.base_autov1 = hash_or_nothing(first({"ss_sd_model_hash"}));
  m_summary.base_sha256 = hash_or_nothing(first({"ss_new_sd_model_hash"}));
}

void SummaryReader::network() {
  m_summary.network = first({"ss_network_module"});
  m_summary.rank = first({"ss_network_dim"});
  m_summary.alpha = first({"ss_network_alpha"});
}

std::string SummaryReader::time(const char* key) const {
  const auto seconds = as_number(at(key));
  return (seconds ? utc_text(*seconds) : std::nullopt).value_or(scalar_text(at(key)));
}

void SummaryReader::progress() {
  m_summary.started = time("ss_training_started_at");
  m_summary.finished = time("ss_training_finished_at");
  if (m_summary.finished.empty()) {
    m_summary.finished = first({"modelspec.date"});
  }
  const auto info = json("training_info");
  m_summary.steps = first_count({"ss_steps"});
  m_summary.epoch = first_count({"ss_epoch"});
  if (info.if_object() != nullptr) {
    m_summary.steps = m_summary.steps ? m_summary.steps : whole_number(info.find("step"));
    m_summary.epoch = m_summary.epoch ? m_summary.epoch : whole_number(info.find("epoch"));
  }
  m_summary.planned_steps = first_count({"ss_max_train_steps"});
  m_summary.planned_epochs = first_count({"ss_num_epochs"});
  m_summary.images = first_count({"ss_num_train_images", "ss_num_train_items"});
}

/// OneTrainer keeps its whole configuration, if its user wants that.
void SummaryReader::one_trainer() {
  const auto config = json("ot_config");
  if (config.if_object() == nullptr) {
    return;
  }
  const auto fill = [&config](std::string& member, const char* key) {
    member = member.empty() ? scalar_text(config.find(key)) : member;
  };
  fill(m_summary.base_model, "base_model_name");
  fill(m_summary.base_version, "model_type");
  fill(m_summary.network, "peft_type");
  fill(m_summary.rank, "lora_rank");
  fill(m_summary.alpha, "lora_alpha");
  m_summary.planned_epochs = m_summary.planned_epochs ? m_summary.planned_epochs : whole_number(config.find("epochs"));
  for (const auto& [key, name] : {std::pair("learning_rate", "learning rate"), std::pair("batch_size", "batch size"),
                                  std::pair("resolution", "resolution"), std::pair("learning_rate_scheduler", "scheduler")}) {
    add_setting(name, scalar_text(config.find(key)), "ot_config");
  }
  if (const auto* optimizer = config.find("optimizer")) {
    add_setting("optimizer", optimizer->if_object() != nullptr ? scalar_text(optimizer->find("optimizer")) : scalar_text(optimizer), "ot_config");
  }
  if (const auto* concepts = config.find("concepts"); concepts != nullptr && concepts->if_array() != nullptr) {
    for (const auto& entry : *concepts->if_array()) {
      const auto path = scalar_text(entry.find("path"));
      const auto name = scalar_text(entry.find("name"));
      add_dataset({name.empty() ? path : name, std::nullopt, std::nullopt, false});
    }
  }
}

/// diffusers keeps the LoraConfig, each key under its component: "transformer.r".
void SummaryReader::diffusers() {
  const auto held = json("lora_adapter_metadata");
  const auto* members = held.if_object();
  if (members == nullptr) {
    return;
  }
  for (const auto& [key, value] : *members) {
    const auto last = key.substr(key.rfind('.') == std::string::npos ? 0 : key.rfind('.') + 1);
    if (last == "r" && m_summary.rank.empty()) {
      m_summary.rank = scalar_text(&value);
    } else if (last == "lora_alpha" && m_summary.alpha.empty()) {
      m_summary.alpha = scalar_text(&value);
    } else if (last == "base_model_name_or_path" && m_summary.base_model.empty()) {
      m_summary.base_model = scalar_text(&value);
    }
  }
}

void SummaryReader::add_dataset(TrainingDataset dataset) {
  ++m_summary.dataset_count;
  if (m_summary.datasets.size() < k_listed) {
    dataset.name = shortened(std::move(dataset.name));
    m_summary.datasets.push_back(std::move(dataset));
  }
}

void SummaryReader::dataset_dirs(const std::string& key, bool regularisation) {
  const auto dirs = json(key);
  const auto* members = dirs.if_object();
  if (members == nullptr) {
    return;
  }
  for (const auto& [name, value] : *members) {
    add_dataset({name, whole_number(value.find("img_count")), whole_number(value.find("n_repeats")), regularisation});
  }
}

void SummaryReader::subset(const Value& value) {
  add_dataset({scalar_text(value.find("image_dir")), whole_number(value.find("img_count")), whole_number(value.find("num_repeats")),
               is_true(value.find("is_reg"))});
  if (auto tokens = scalar_text(value.find("class_tokens")); !tokens.empty() && m_class_tokens.size() < k_listed) {
    m_class_tokens.push_back(std::move(tokens));
  }
}

/// Where the trainer was configured with several datasets: a list, each with its subsets.
void SummaryReader::dataset_list() {
  const auto list = json("ss_datasets");
  const auto* entries = list.if_array();
  if (entries == nullptr) {
    return;
  }
  for (const auto& entry : *entries) {
    const auto* subsets = entry.find("subsets");
    if (subsets == nullptr || subsets->if_array() == nullptr) {
      continue;
    }
    for (const auto& one : *subsets->if_array()) {
      subset(one);
    }
  }
}

void SummaryReader::datasets() {
  dataset_list();
  if (m_summary.dataset_count == 0) {
    dataset_dirs("ss_dataset_dirs", false);
    dataset_dirs("ss_reg_dataset_dirs", true);
  }
}

void SummaryReader::tags() {
  const auto* held = at("ss_tag_frequency");
  const auto* text = held == nullptr ? nullptr : held->if_string();
  if (text == nullptr || text->empty() || *text == "None") {
    return;
  }
  auto found = tag_frequency(*text);
  if (!found) {
    note_unreadable("ss_tag_frequency");
    return;
  }
  m_summary.tag_count = found->different;
  m_summary.tags = std::move(found->most);
  for (auto& tag : m_summary.tags) {
    tag.tag = shortened(std::move(tag.tag));
  }
}

void SummaryReader::add_setting(std::string_view name, std::string value, std::string_view key) {
  const auto same = [name](const TrainingSetting& setting) { return setting.name == name; };
  if (!value.empty() && std::none_of(m_summary.settings.begin(), m_summary.settings.end(), same)) {
    m_summary.settings.push_back({std::string(name), std::move(value), std::string(key)});
  }
}

void SummaryReader::settings() {
  for (auto& setting : plain_settings(m_metadata)) {
    add_setting(setting.name, std::move(setting.value), setting.key);
  }
  add_setting("buckets", buckets_text(json("ss_bucket_info")), "ss_bucket_info");
}

void SummaryReader::add_trigger(std::string word) {
  const auto begin = word.find_first_not_of(" \t\r\n");
  const auto end = word.find_last_not_of(" \t\r\n");
  auto& words = m_summary.trigger_words;
  word = begin == std::string::npos ? std::string() : word.substr(begin, end - begin + 1);
  if (!word.empty() && words.size() < k_listed && std::find(words.begin(), words.end(), word) == words.end()) {
    words.push_back(shortened(std::move(word)));
  }
}

/// The words that the author names; else what the trainer was told that the images show.
void SummaryReader::trigger_words() {
  const auto stated = first({"modelspec.trigger_phrase", "trigger_word"});
  for (std::size_t begin = 0; begin < stated.size();) {
    const auto comma = std::min(stated.find(',', begin), stated.size());
    add_trigger(stated.substr(begin, comma - begin));
    begin = comma + 1;
  }
  for (std::size_t i = 0; stated.empty() && i < m_class_tokens.size(); ++i) {
    add_trigger(m_class_tokens[i]);
  }
  for (std::size_t i = 0; stated.empty() && m_class_tokens.empty() && i < m_summary.datasets.size(); ++i) {
    add_trigger(m_summary.datasets[i].regularisation ? std::string() : words_of_folder(m_summary.datasets[i].name));
  }
}

std::string SummaryReader::named_trainer() {
  const auto software = json("software");
  if (auto name = scalar_text(software.find("name")); !name.empty()) {
    const auto version = scalar_text(software.find("version"));
    return name + (version.empty() ? "" : " " + version);
  }
  if (software.if_string() != nullptr) {
    return scalar_text(&software);
  }
  return {};
}

void SummaryReader::trainer() {
  m_summary.trainer = at("software") != nullptr ? named_trainer() : std::string();
  if (!m_summary.trainer.empty()) {
    return;
  }
  if (at("ot_branch") != nullptr || at("ot_config") != nullptr || at("ot_revision") != nullptr) {
    m_summary.trainer = "OneTrainer";
  } else if (m_summary.network.starts_with("lycoris")) {
    m_summary.trainer = "LyCORIS under kohya's sd-scripts";
  } else if (at("ss_num_train_items") != nullptr) {
    m_summary.trainer = "musubi-tuner";
  } else if (m_summary.network.starts_with("networks.") || at("ss_sd_scripts_commit_hash") != nullptr) {
    m_summary.trainer = "kohya's sd-scripts";
  } else if (at("lora_adapter_metadata") != nullptr) {
    m_summary.trainer = "diffusers";
  }
}

}  // namespace

std::optional<std::string> utc_text(double seconds) {
  constexpr double k_year_10000 = 253402300800.0;
  if (!(seconds >= 0) || seconds >= k_year_10000) {
    return std::nullopt;
  }
  const std::chrono::sys_seconds time{std::chrono::seconds(static_cast<std::int64_t>(seconds))};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::optional<TrainingSummary> training_summary(const Value& metadata) {
  const auto* members = metadata.if_object();
  if (members == nullptr || std::none_of(members->begin(), members->end(), [](const auto& member) { return tells_of_training(member.first); })) {
    return std::nullopt;
  }
  return SummaryReader(metadata).read();
}

}  // namespace upinspect::lora
