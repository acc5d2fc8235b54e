// SPDX-License-Identifier: Apache-2.0
// What a file says of its own making, which hashes it states of itself, and how an adapter fits a base model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace upinspect {

// --- Training ---------------------------------------------------------------------------------------------------

/// How often a tag or a caption stands beside the training images.
struct TagCount {
  std::string tag;
  std::uint64_t count = 0;

  friend bool operator==(const TagCount&, const TagCount&) = default;
};

/// A folder of training images, as the trainer named it.
struct TrainingDataset {
  std::string name;
  std::optional<std::uint64_t> images;
  std::optional<std::uint64_t> repeats;
  bool regularisation = false;

  friend bool operator==(const TrainingDataset&, const TrainingDataset&) = default;
};

/// A setting of the run that has no member of its own, under a plain name: "optimizer", "learning rate", "seed", …
struct TrainingSetting {
  std::string name;
  std::string value;
  std::string key;  ///< where the metadata have it

  friend bool operator==(const TrainingSetting&, const TrainingSetting&) = default;
};

/// The metadata of trainers (ss_*, modelspec.*, ot_*, lora_adapter_metadata, training_info) in one form. Everything is
/// what the file says: nothing is checked. Texts are bytes from the file.
struct TrainingSummary {
  std::string trainer;                     ///< "kohya sd-scripts", "OneTrainer", …; empty where nothing tells
  std::string title;
  std::string author;
  std::string description;                 ///< or the trainer's comment
  std::string license;
  std::string base_model;                  ///< its name or file
  std::string base_version;                ///< the architecture, in the trainer's word
  std::string base_autov1;                 ///< the base's hashes, as the trainer took them
  std::string base_sha256;
  std::string network;                     ///< the module that trained: "networks.lora"
  std::string rank;                        ///< a number, or a word such as "Dynamic"
  std::string alpha;
  std::string started;                     ///< "2024-03-01 12:30:00 UTC", or the file's own text
  std::string finished;
  std::optional<std::uint64_t> steps;
  std::optional<std::uint64_t> planned_steps;
  std::optional<std::uint64_t> epoch;      ///< at which the file was saved
  std::optional<std::uint64_t> planned_epochs;
  std::optional<std::uint64_t> images;     ///< repeats counted
  std::vector<TrainingSetting> settings;
  std::vector<std::string> trigger_words;
  std::vector<TrainingDataset> datasets;   ///< the first of them
  std::uint64_t dataset_count = 0;
  std::vector<TagCount> tags;              ///< the most frequent, most frequent first
  std::uint64_t tag_count = 0;             ///< different ones
  std::vector<std::string> unreadable;     ///< keys whose value should be JSON and is not, or is too large

  friend bool operator==(const TrainingSummary&, const TrainingSummary&) = default;
};

// --- Hashes -----------------------------------------------------------------------------------------------------

enum class HashVerdict : std::uint8_t {
  matched,       ///< one of the definitions in use gives it
  mismatched,    ///< none does
  empty_string,  ///< the SHA-256 of nothing, where there is something to hash
  malformed,     ///< no hash at all
  unchecked,     ///< the data were not read
};

/// A hash of itself that a file carries in its metadata.
struct StatedHash {
  std::string key;
  std::string value;       ///< as it stands
  HashVerdict verdict = HashVerdict::unchecked;
  std::string definition;  ///< what was hashed where it matched; else why it does not, in words

  friend bool operator==(const StatedHash&, const StatedHash&) = default;
};

/// A hash under which model sites and programs know a file: "autov1", "autov2", "autov3", "addnet".
struct SiteHash {
  std::string kind;
  std::string value;

  friend bool operator==(const SiteHash&, const SiteHash&) = default;
};

// --- Fit to a base ----------------------------------------------------------------------------------------------

enum class FitVerdict : std::uint8_t {
  fits,
  missing,      ///< the base has no weight of that name: loaders leave the module out, mostly without a word
  ambiguous,    ///< several weights have it
  wrong_shape,
  unknown,      ///< the weight is there, the module's shape is not known
};

/// One module against the base.
struct ModuleFit {
  std::string module;
  FitVerdict verdict = FitVerdict::unknown;
  std::string weight;                       ///< the base's tensor; empty where there is none
  std::vector<std::uint64_t> weight_shape;
  std::string why;                          ///< in words, where it does not fit

  friend bool operator==(const ModuleFit&, const ModuleFit&) = default;
};

/// An adapter held against the headers of a base model.
struct BaseFit {
  std::string path;
  std::string title;                        ///< of the base's format
  std::uint64_t base_tensors = 0;
  std::string prefix;                       ///< in words: how the names were brought together; empty: they meet as they are
  std::vector<ModuleFit> modules;           ///< in the order of the adapter's
  std::vector<std::string> ignored;         ///< tensors of the adapter that belong to no module

  friend bool operator==(const BaseFit&, const BaseFit&) = default;
};

}  // namespace upinspect
