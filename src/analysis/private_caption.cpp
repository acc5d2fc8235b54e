// SPDX-License-Identifier: Apache-2.0
// privacy.caption, privacy.dataset: metadata that tell what the training images show, and what their folders are called.
#include "analysis/metadata_texts.hpp"
#include "analysis/rule.hpp"

#include <string>

namespace upinspect::analysis {

namespace {

constexpr std::size_t k_quoted_captions = 3;

/// The first of a list, quoted, and how many more there are.
template <typename List, typename Name>
std::string examples(const List& list, Name name) {
  std::string text;
  std::size_t shown = 0;
  for (const auto& entry : list) {
    if (!name(entry).empty() && shown < k_quoted_captions) {
      text += (shown++ == 0 ? "" : ", ") + quoted(name(entry));
    }
  }
  return text;
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

std::string_view dataset_key(const Value& metadata) {
  for (const auto* key : {"ss_datasets", "ss_dataset_dirs", "ss_reg_dataset_dirs", "ot_config"}) {
    const auto* held = metadata.find(key);
    const auto* text = held == nullptr ? nullptr : held->if_string();
    if (text != nullptr && !text->empty() && *text != "None") {
      return key;
    }
  }
  return "metadata";
}

}  // namespace

void private_caption(model::Builder& builder) {
  const auto& training = builder.artifact.training;
  if (!training) {
    return;
  }
  if (const auto shown = examples(training->tags, [](const TagCount& tag) { return tag.tag; }); !shown.empty()) {
    builder.find("privacy.caption", Severity::note,
                 "\"ss_tag_frequency\" lists " + counted(training->tag_count, "tag or caption", "tags and captions") +
                     " of the training images, the most frequent: " + shown);
  }
  if (const auto shown = examples(training->datasets, [](const TrainingDataset& dataset) { return dataset.name; }); !shown.empty()) {
    builder.find("privacy.dataset", Severity::note,
                 quoted(dataset_key(builder.artifact.metadata)) + " names " +
                     counted(training->dataset_count, "folder", "folders") + " of the training images: " + shown +
                     (training->dataset_count > k_quoted_captions ? ", and so on" : ""));
  }
}

}  // namespace upinspect::analysis
