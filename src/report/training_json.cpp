// SPDX-License-Identifier: Apache-2.0
#include "report/training_json.hpp"

#include "report/json_rows.hpp"
#include "report/words.hpp"

#include <optional>

namespace upinspect::report {
namespace {

/// What the file does not say is absent.
void write_said(JsonWriter& out, std::string_view name, const std::string& text) {
  if (!text.empty()) {
    out.file_text(name, text);
  }
}

void write_said(JsonWriter& out, std::string_view name, const std::optional<std::uint64_t>& number) {
  if (number) {
    out.member(name, *number);
  }
}

void write_settings(JsonWriter& out, const std::vector<TrainingSetting>& settings) {
  out.key("settings");
  out.begin_array();
  for (const auto& setting : settings) {
    out.begin_object(JsonScope::row);
    out.member("name", setting.name);
    out.file_text("value", setting.value);
    out.member("key", setting.key);
    out.end();
  }
  out.end();
}

void write_datasets(JsonWriter& out, const TrainingSummary& training) {
  out.member("dataset_count", training.dataset_count);
  out.key("datasets");
  out.begin_array();
  for (const auto& dataset : training.datasets) {
    out.begin_object(JsonScope::row);
    out.file_text("name", dataset.name);
    write_said(out, "images", dataset.images);
    write_said(out, "repeats", dataset.repeats);
    out.member("regularisation", dataset.regularisation);
    out.end();
  }
  out.end();
}

void write_tags(JsonWriter& out, const TrainingSummary& training) {
  out.member("tag_count", training.tag_count);
  out.key("tags");
  out.begin_array();
  for (const auto& tag : training.tags) {
    out.begin_object(JsonScope::row);
    out.file_text("tag", tag.tag);
    out.member("count", tag.count);
    out.end();
  }
  out.end();
}

void write_run(JsonWriter& out, const TrainingSummary& training) {
  write_said(out, "trainer", training.trainer);
  write_said(out, "title", training.title);
  write_said(out, "author", training.author);
  write_said(out, "description", training.description);
  write_said(out, "license", training.license);
  write_said(out, "base_model", training.base_model);
  write_said(out, "base_version", training.base_version);
  write_said(out, "base_autov1", training.base_autov1);
  write_said(out, "base_sha256", training.base_sha256);
  write_said(out, "network", training.network);
  write_said(out, "rank", training.rank);
  write_said(out, "alpha", training.alpha);
  write_said(out, "started", training.started);
  write_said(out, "finished", training.finished);
  write_said(out, "steps", training.steps);
  write_said(out, "planned_steps", training.planned_steps);
  write_said(out, "epoch", training.epoch);
  write_said(out, "planned_epochs", training.planned_epochs);
  write_said(out, "images", training.images);
}

}  // namespace

void write_training(JsonWriter& out, const TrainingSummary& training) {
  out.key("training");
  out.begin_object();
  write_run(out, training);
  write_settings(out, training.settings);
  write_row(out, "trigger_words", training.trigger_words);
  write_datasets(out, training);
  write_tags(out, training);
  write_row(out, "unreadable", training.unreadable);
  out.end();
}

void write_stated_hashes(JsonWriter& out, const std::vector<StatedHash>& hashes) {
  if (hashes.empty()) {
    return;
  }
  out.key("stated_hashes");
  out.begin_array();
  for (const auto& hash : hashes) {
    out.begin_object();
    out.member("key", hash.key);
    out.file_text("value", hash.value);
    out.member("verdict", word(hash.verdict));
    out.member("definition", hash.definition);
    out.end();
  }
  out.end();
}

}  // namespace upinspect::report
