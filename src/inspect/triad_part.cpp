// SPDX-License-Identifier: Apache-2.0
#include "inspect/triad_part.hpp"

#include "lora/keys.hpp"
#include "lora/values.hpp"
#include "numeric/values.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace upinspect::inspecting {

namespace {

/// What programs call a tensor that has no name.
constexpr std::array<std::string_view, 12> k_no_names{"arr_0", "weight", "tensor", "data", "param", "lora", "up", "down",
                                                      "lora_up", "lora_down", "up_param", "down_param"};

bool says_nothing(std::string_view name) { return std::find(k_no_names.begin(), k_no_names.end(), name) != k_no_names.end(); }

bool is_half(const Tensor& tensor) { return tensor.shape.size() >= 2; }

InspectOptions headers_of(const InspectOptions& options) {
  auto headers = options;
  headers.depth = Depth::headers;
  headers.sha256 = false;
  headers.raw.reset();
  headers.progress = nullptr;
  return headers;
}

/// The first error, in words; else what the file is.
std::string why_no_tensor(const Artifact& artifact) {
  const auto found = std::find_if(artifact.findings.begin(), artifact.findings.end(),
                                  [](const Finding& finding) { return finding.severity == Severity::error; });
  return found != artifact.findings.end() ? found->message
         : artifact.size == 0            ? std::string("it is empty")
                                         : "it reads as " + artifact.format.title + " and holds no tensor";
}

struct Guess {
  Dtype dtype = Dtype::f32;
  ByteOrder order = ByteOrder::little;
  std::uint64_t size = 0;
  bool told = false;  ///< by a header
};

std::optional<Guess> guess_of(const TriadPart* part) {
  if (part == nullptr || !part->peeked) {
    return std::nullopt;
  }
  if (part->look) {
    return Guess{*part->look, ByteOrder::little, part->peeked->size, false};
  }
  if (part->peeked->tensors.empty()) {
    return std::nullopt;
  }
  const auto& tensor = part->peeked->tensors.front();
  if (info(tensor.dtype).kind != DtypeKind::floating || info(tensor.dtype).block_bytes == 1) {
    return std::nullopt;
  }
  return Guess{tensor.dtype, part->headerless ? tensor.location.order : ByteOrder::little, part->peeked->size, !part->headerless};
}

std::uint64_t size_of_headerless(const TriadPart* part) {
  return part != nullptr && part->headerless && part->peeked ? part->peeked->size : 0;
}

/// Too few numbers for the raw format's guess are enough where little else is possible: the shares of numbers as weights
/// have them. bfloat16 goes first, because every other one of its numbers makes a fine float32.
std::optional<Dtype> look_of(const std::string& path) {
  constexpr std::uint64_t k_sample = 65536;
  constexpr std::array k_looked_for{Dtype::bf16, Dtype::f16, Dtype::f32, Dtype::f64};
  const bytes::FileSource source(path);
  std::vector<std::byte> sample(static_cast<std::size_t>(std::min(source.size(), k_sample) / 8 * 8));
  source.read_at(0, sample);
  for (const auto dtype : k_looked_for) {
    std::vector<double> values(sample.size() / info(dtype).block_bytes);
    numeric::decode_values(dtype, sample, values);
    const auto share = [&values](auto&& is) { return static_cast<double>(std::count_if(values.begin(), values.end(), is)) / static_cast<double>(values.size()); };
    const auto zeros = share([](double value) { return value == 0; });
    const auto usual = share([](double value) { return std::isfinite(value) && std::fabs(value) > 1e-8 && std::fabs(value) < 1e4; });
    // A float32 that was a bfloat16 has a zero for every other bfloat16.
    if (!values.empty() && zeros < 0.4 && zeros + usual > 0.99) {
      return dtype;
    }
  }
  return std::nullopt;
}

template <class Number, class Bits>
bool plausible(Bits bits) {
  const auto value = static_cast<double>(std::bit_cast<Number>(bits));
  return std::isfinite(value) && std::fabs(value) >= 1e-6 && std::fabs(value) <= 1e6;
}

}  // namespace

const Tensor* TriadPart::lone_matrix() const {
  if (!inspected) {
    return nullptr;
  }
  const auto& tensors = inspected->artifact.tensors;
  if (tensors.size() == 1) {
    return &tensors.front();
  }
  const auto first = std::find_if(tensors.begin(), tensors.end(), is_half);
  const bool one = first != tensors.end() && std::find_if(first + 1, tensors.end(), is_half) == tensors.end();
  return one ? &*first : nullptr;
}

void peek(TriadPart& part, const std::string& path, const InspectOptions& options) {
  if (part.file.leads != Leads::inside) {
    part.problem = part.file.leads == Leads::outside ? "it is a link that leaves the folder; not followed" : "it is a link that leads to no file";
    return;
  }
  try {
    part.peeked = inspect_path(path, headers_of(options), Neighbours::whole_elsewhere).artifact;
  } catch (const InputError& problem) {
    part.problem = std::string("it cannot be read: ") + problem.what();
    return;
  }
  const auto& id = part.peeked->format.id;
  part.headerless = part.peeked->size != 0 && (id == "raw" || id == "unknown");
  try {
    part.look = id == "unknown" ? look_of(path) : std::nullopt;
  } catch (const std::exception& problem) {
    part.problem = std::string("it cannot be read: ") + problem.what();
  }
}

void read_part(TriadPart& part, const std::string& path, const InspectOptions& options, const std::optional<RawLayout>& layout) {
  if (!part.peeked) {
    return;
  }
  auto whole = options;
  whole.raw = part.headerless ? layout : std::nullopt;
  try {
    part.inspected = inspect_path(path, whole, Neighbours::whole_elsewhere);
  } catch (const InputError& problem) {
    part.problem = std::string("it cannot be read: ") + problem.what();
    return;
  }
  if (part.inspected->artifact.tensors.empty()) {
    part.problem = why_no_tensor(part.inspected->artifact);
  }
}

RawLayout layout_of_halves(TriadPart* one, TriadPart* other, const InspectOptions& options) {
  RawLayout layout;
  if (options.raw) {
    layout = *options.raw;
    layout.shape.clear();
    return layout;
  }
  std::vector<Guess> guesses;
  for (const auto* part : {one, other}) {
    if (auto guess = guess_of(part)) {
      guesses.push_back(*guess);
    }
  }
  // A header knows; of two looks the one at more bytes is the better one.
  std::stable_sort(guesses.begin(), guesses.end(), [](const Guess& a, const Guess& b) {
    return std::pair(!a.told, ~a.size) < std::pair(!b.told, ~b.size);
  });
  guesses.push_back({Dtype::f32, ByteOrder::little, 0, false});
  guesses.push_back({Dtype::f16, ByteOrder::little, 0, false});
  const auto fits = [&](const Guess& guess) {
    const auto width = info(guess.dtype).block_bytes;
    return size_of_headerless(one) % width == 0 && size_of_headerless(other) % width == 0;
  };
  const auto chosen = std::find_if(guesses.begin(), guesses.end(), fits);
  const auto& guess = chosen == guesses.end() ? guesses.front() : *chosen;
  layout.dtype = guess.dtype;
  layout.order = guess.order;
  for (auto* part : {one, other}) {
    if (part != nullptr) {
      part->guessed_dtype = part->headerless && !guess.told;
    }
  }
  return layout;
}

std::optional<RawLayout> layout_of_number(const std::string& path) {
  const bytes::FileSource source(path);
  std::array<std::byte, 8> raw{};
  const auto size = source.size();
  if (size != 2 && size != 4 && size != 8) {
    return std::nullopt;
  }
  source.read_at(0, std::span(raw).first(static_cast<std::size_t>(size)));
  std::uint64_t bits = 0;
  for (std::size_t i = raw.size(); i-- > 0;) {
    bits = bits << 8 | std::to_integer<std::uint64_t>(raw[i]);
  }
  RawLayout layout;
  layout.dtype = size == 2   ? Dtype::f16
                 : size == 4 ? (plausible<float>(static_cast<std::uint32_t>(bits)) ? Dtype::f32 : Dtype::i32)
                             : (plausible<double>(bits) ? Dtype::f64 : Dtype::i64);
  return layout;
}

std::string joined_name(const TriadPart& part, const Tensor& tensor, const Tensor* lone) {
  const auto& file = part.file;
  const auto reading = lora::read_key(tensor.name);
  if (tensor.name.empty() || (lone == &tensor && !reading && says_nothing(tensor.name))) {
    return file.file;
  }
  if (reading) {
    return reading->module.empty() && !file.name.module.empty() ? file.name.module + "." + tensor.name : tensor.name;
  }
  const bool alpha = file.name.role == "alpha" && tensor.elements == 1;
  if (!alpha && !is_half(tensor)) {
    return tensor.name;
  }
  constexpr std::string_view k_weight = ".weight";
  auto module = (lora::is_component(file.name.module) ? file.name.module + "." : std::string()) + tensor.name;
  module.resize(module.size() - (module.ends_with(k_weight) ? k_weight.size() : 0));
  return module + (alpha ? ".alpha" : "." + file.name.role + "-param.bin");
}

std::optional<double> number_in_text(const std::string& path) {
  constexpr std::uint64_t k_longest = 64;
  const bytes::FileSource source(path);
  if (source.size() > k_longest) {
    return std::nullopt;
  }
  std::string text(static_cast<std::size_t>(source.size()), '\0');
  source.read_at(0, std::as_writable_bytes(std::span(text)));
  const auto first = text.find_first_not_of(" \t\r\n");
  const auto last = text.find_last_not_of(" \t\r\n");
  const Value value(first == std::string::npos ? std::string() : text.substr(first, last - first + 1));
  return lora::as_number(&value);
}

}  // namespace upinspect::inspecting
