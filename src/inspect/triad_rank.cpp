// SPDX-License-Identifier: Apache-2.0
#include "inspect/triad_rank.hpp"

#include "inspect/triad_shapes.hpp"
#include "lora/canonical.hpp"
#include "lora/settings.hpp"
#include "lora/values.hpp"

namespace upinspect::inspecting {

namespace {

/// A rank, and who states it.
struct Rank {
  std::uint64_t value = 0;
  std::string source;
};

class RankReader {
 public:
  RankReader(const Value* config, model::Builder& builder) : m_config(config), m_builder(builder) {}
  void settle(TriadPart* up, TriadPart* down);

 private:
  [[nodiscard]] std::optional<Rank> rank_of(const TriadPart* up, const TriadPart* down);
  [[nodiscard]] std::optional<Rank> guessed(std::uint64_t up, std::uint64_t down, const std::string& file);
  void shape_half(TriadPart* part, const Rank& rank);

  const Value* m_config;
  model::Builder& m_builder;
};

void reshape(Tensor& tensor, std::uint64_t rows, std::uint64_t columns) {
  tensor.shape = {rows, columns};
  tensor.location.strides = {};
}

const Tensor* shapeless(const TriadPart* part) {
  const auto* tensor = part == nullptr ? nullptr : part->lone_matrix();
  return tensor != nullptr && tensor->shape.size() == 1 && model::is_row_major(*tensor) && tensor->elements != 0 ? tensor : nullptr;
}

/// The rank that the shape of a half gives.
std::optional<std::uint64_t> own_rank(const TriadPart* part) {
  const auto* tensor = part == nullptr ? nullptr : part->lone_matrix();
  if (tensor == nullptr || tensor->shape.size() < 2 || tensor->elements == 0) {
    return std::nullopt;
  }
  return part->file.name.role == "up" ? tensor->shape[1] : tensor->shape[0];
}

/// PEFT calls it r; others do not.
std::optional<std::uint64_t> configured_rank(const Value& config, std::string_view module) {
  if (const auto rank = lora::peft_settings(config, "").rank_of(lora::base_path(module))) {
    return rank;
  }
  for (const auto* key : {"rank", "lora_rank", "network_dim", "lora_dim"}) {
    if (const auto rank = lora::as_count(config.find(key))) {
      return rank;
    }
  }
  const auto* parameters = config.find("lora_parameters");
  return parameters == nullptr ? std::nullopt : lora::as_count(parameters->find("rank"));
}

std::optional<Rank> RankReader::guessed(std::uint64_t up, std::uint64_t down, const std::string& file) {
  if (up == 0 || down == 0) {
    return std::nullopt;
  }
  const auto ranks = ranks_that_fit(up, down);
  if (ranks.empty()) {
    m_builder.find("lora.rank-mismatch", Severity::error,
                   "no rank divides both the " + std::to_string(up) + " values of the up half and the " + std::to_string(down) +
                       " of the down half: they do not belong together", std::nullopt, file);
    return std::nullopt;
  }
  const bool sure = ranks.size() == 1;
  m_builder.find("lora.guessed-rank", sure ? Severity::note : Severity::warning,
                 sure ? "nothing states a rank; " + std::to_string(ranks.front()) + " is the only one that fits both halves"
                      : "rank " + std::to_string(ranks.front()) + " is a guess: nothing states one, and both halves fit rank " +
                            candidates_text(ranks, up, down),
                 std::nullopt, file);
  return Rank{ranks.front(), "a guess"};
}

std::optional<Rank> RankReader::rank_of(const TriadPart* up, const TriadPart* down) {
  const auto* up_tensor = shapeless(up);
  const auto* down_tensor = shapeless(down);
  const auto elements = [](const Tensor* tensor) { return tensor == nullptr ? std::uint64_t{0} : tensor->elements; };
  const auto& part = up_tensor != nullptr ? *up : *down;
  if (m_builder.options().raw && !m_builder.options().raw->shape.empty()) {
    const auto rank = rank_of_shape(m_builder.options().raw->shape, elements(up_tensor), elements(down_tensor));
    if (!rank) {
      m_builder.find("lora.rank-mismatch", Severity::error,
                     "--shape is the shape of neither half: up has " + std::to_string(elements(up_tensor)) + " values, down has " +
                         std::to_string(elements(down_tensor)));
    }
    return rank ? std::optional(Rank{*rank, "--shape"}) : std::nullopt;
  }
  if (const auto rank = own_rank(up_tensor != nullptr ? down : up)) {
    return Rank{*rank, (up_tensor != nullptr ? down : up)->file.file};
  }
  if (const auto rank = m_config ? configured_rank(*m_config, part.file.name.module) : std::nullopt) {
    return Rank{*rank, k_config_file};
  }
  return guessed(elements(up_tensor), elements(down_tensor), part.file.file);
}

void RankReader::shape_half(TriadPart* part, const Rank& rank) {
  const auto* tensor = shapeless(part);
  if (tensor == nullptr) {
    return;
  }
  if (rank.value == 0 || tensor->elements % rank.value != 0) {
    m_builder.find("lora.rank-mismatch", Severity::error,
                   "rank " + std::to_string(rank.value) + " (" + rank.source + ") does not divide the " +
                       std::to_string(tensor->elements) + " values of " + part->file.file, std::nullopt, part->file.file);
    return;
  }
  const auto features = tensor->elements / rank.value;
  auto& tensors = part->inspected->artifact.tensors;
  auto& own = tensors[static_cast<std::size_t>(tensor - tensors.data())];
  part->file.name.role == "up" ? reshape(own, features, rank.value) : reshape(own, rank.value, features);
}

void RankReader::settle(TriadPart* up, TriadPart* down) {
  if (shapeless(up) == nullptr && shapeless(down) == nullptr) {
    return;
  }
  if (const auto rank = rank_of(up, down)) {
    shape_half(up, *rank);
    shape_half(down, *rank);
  }
}

}  // namespace

void settle_shape(TriadPart* up, TriadPart* down, const Value* config, model::Builder& builder) { RankReader(config, builder).settle(up, down); }

}  // namespace upinspect::inspecting
