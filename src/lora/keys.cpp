// SPDX-License-Identifier: Apache-2.0
// key    = [ module "." ] marker [ tail ]
// marker = one or two segments between dots that name the part
// tail   = [ "." adapter | "." index ] [ ".weight" | ".bias" ]
//
// Spellings: PEFT save_and_load.py, sd-scripts networks/lora*.py, LyCORIS modules/*.py, diffusers
// lora_conversion_utils.py, ComfyUI weight_adapter/*.py, mlx-lm tuner/lora.py, llama.cpp convert_lora_to_gguf.py.
#include "lora/keys.hpp"

#include "lora/half_name.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <span>

namespace upinspect::lora {

namespace {

/// What may follow a marker.
enum class Tail : std::uint8_t {
  none,      ///< nothing
  weight,    ///< .weight
  either,    ///< nothing or .weight
  adapter,   ///< those, each with or without the adapter's name before it
  numbered,  ///< nothing, .weight, .<i>.weight
};

struct Marker {
  std::string_view segment;
  std::string_view role;
  Spelling spelling;
  Tail tail;
  Weight weight = Weight::strong;
};

/// One segment that names a part. A marker that stands twice has its first spelling where its tail allows that.
constexpr std::array k_markers{
    Marker{"lora_A", "down", Spelling::peft, Tail::adapter},
    Marker{"lora_B", "up", Spelling::peft, Tail::adapter},
    Marker{"lora_embedding_A", "down", Spelling::peft_embedding, Tail::adapter},
    Marker{"lora_embedding_B", "up", Spelling::peft_embedding, Tail::adapter},
    Marker{"lora_magnitude_vector", "magnitude", Spelling::peft, Tail::adapter},
    Marker{"lora_E", "singular", Spelling::peft, Tail::adapter},
    Marker{"ia3_l", "factor", Spelling::peft, Tail::adapter},
    Marker{"lora_down", "down", Spelling::kohya, Tail::numbered},
    Marker{"lora_up", "up", Spelling::kohya, Tail::numbered},
    Marker{"lora_mid", "mid", Spelling::kohya, Tail::numbered},
    Marker{"lora_a", "down", Spelling::mlx, Tail::none},
    Marker{"lora_b", "up", Spelling::mlx, Tail::none},
    Marker{"lora_a_scales", "down_scales", Spelling::mlx, Tail::none},
    Marker{"lora_a_biases", "down_biases", Spelling::mlx, Tail::none},
    Marker{"lora_b_scales", "up_scales", Spelling::mlx, Tail::none},
    Marker{"lora_b_biases", "up_biases", Spelling::mlx, Tail::none},
    Marker{"m", "magnitude", Spelling::mlx, Tail::none, Weight::weak},
    Marker{"hada_w1_a", "hada_w1_a", Spelling::lycoris, Tail::adapter},
    Marker{"hada_w1_b", "hada_w1_b", Spelling::lycoris, Tail::adapter},
    Marker{"hada_w2_a", "hada_w2_a", Spelling::lycoris, Tail::adapter},
    Marker{"hada_w2_b", "hada_w2_b", Spelling::lycoris, Tail::adapter},
    Marker{"hada_t1", "hada_t1", Spelling::lycoris, Tail::adapter},
    Marker{"hada_t2", "hada_t2", Spelling::lycoris, Tail::adapter},
    Marker{"lokr_w1", "lokr_w1", Spelling::lycoris, Tail::adapter},
    Marker{"lokr_w1_a", "lokr_w1_a", Spelling::lycoris, Tail::adapter},
    Marker{"lokr_w1_b", "lokr_w1_b", Spelling::lycoris, Tail::adapter},
    Marker{"lokr_w2", "lokr_w2", Spelling::lycoris, Tail::adapter},
    Marker{"lokr_w2_a", "lokr_w2_a", Spelling::lycoris, Tail::adapter},
    Marker{"lokr_w2_b", "lokr_w2_b", Spelling::lycoris, Tail::adapter},
    Marker{"lokr_t2", "lokr_t2", Spelling::lycoris, Tail::adapter},
    Marker{"a1", "a1", Spelling::lycoris, Tail::weight, Weight::weak},
    Marker{"a2", "a2", Spelling::lycoris, Tail::weight, Weight::weak},
    Marker{"b1", "b1", Spelling::lycoris, Tail::weight, Weight::weak},
    Marker{"b2", "b2", Spelling::lycoris, Tail::weight, Weight::weak},
    Marker{"bm", "bm", Spelling::lycoris, Tail::weight, Weight::weak},
    Marker{"oft_blocks", "oft_blocks", Spelling::lycoris, Tail::none},
    Marker{"oft_diag", "oft_diag", Spelling::lycoris, Tail::none},
    Marker{"oft_R", "oft_blocks", Spelling::peft, Tail::adapter},
    Marker{"oft_r", "oft_blocks", Spelling::peft, Tail::adapter},
    Marker{"oft_embedding_R", "oft_blocks", Spelling::peft, Tail::adapter},
    Marker{"oft_s", "rescale", Spelling::peft, Tail::adapter, Weight::weak},
    Marker{"boft_R", "boft_R", Spelling::peft, Tail::adapter},
    Marker{"boft_s", "boft_s", Spelling::peft, Tail::adapter},
    Marker{"rescale", "rescale", Spelling::shared, Tail::none, Weight::weak},
    Marker{"on_input", "on_input", Spelling::lycoris, Tail::none},
    Marker{"diff", "diff", Spelling::lycoris, Tail::none},
    Marker{"diff_b", "diff_b", Spelling::lycoris, Tail::none},
    Marker{"w_norm", "w_norm", Spelling::lycoris, Tail::none},
    Marker{"b_norm", "b_norm", Spelling::lycoris, Tail::none},
    Marker{"set_weight", "set_weight", Spelling::lycoris, Tail::none},
    Marker{"alpha", "alpha", Spelling::shared, Tail::none, Weight::weak},
    Marker{"dora_scale", "magnitude", Spelling::shared, Tail::none, Weight::weak},
    Marker{"scalar", "scalar", Spelling::shared, Tail::none, Weight::weak},
    Marker{"reshape_weight", "reshape_weight", Spelling::shared, Tail::none, Weight::weak},
    Marker{"linear_in", "down", Spelling::nemo, Tail::weight},
    Marker{"linear_out", "up", Spelling::nemo, Tail::weight},
};

constexpr std::size_t k_longest_segment = 31;

/// For each length of a segment the markers that have it, a bit each.
constexpr auto markers_by_length() {
  static_assert(k_markers.size() <= 64);
  std::array<std::uint64_t, k_longest_segment + 1> out{};
  for (std::size_t i = 0; i < k_markers.size(); ++i) {
    out[k_markers[i].segment.size()] |= std::uint64_t{1} << i;
  }
  return out;
}
constexpr auto k_markers_by_length = markers_by_length();

/// The same for the low bits of a segment's first letter.
constexpr auto markers_by_letter() {
  std::array<std::uint64_t, 64> out{};
  for (std::size_t i = 0; i < k_markers.size(); ++i) {
    out[static_cast<std::size_t>(k_markers[i].segment.front()) % out.size()] |= std::uint64_t{1} << i;
  }
  return out;
}
constexpr auto k_markers_by_letter = markers_by_letter();

/// Those that a segment may be, a bit each.
std::uint64_t markers_like(std::string_view segment) {
  if (segment.empty() || segment.size() > k_longest_segment) {
    return 0;
  }
  return k_markers_by_length[segment.size()] & k_markers_by_letter[static_cast<unsigned char>(segment.front()) % k_markers_by_letter.size()];
}

bool is_index(std::string_view text) {
  return !text.empty() && text.size() < 6 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// A key taken apart from its end, segment by segment.
class KeyTail {
 public:
  explicit KeyTail(std::string_view key) : m_head(key) {}

  /// The last segment, which is then gone.
  std::string_view pop() {
    const auto dot = m_head.rfind('.');
    const auto start = dot == std::string_view::npos ? 0 : dot + 1;
    const auto segment = m_head.substr(start);
    m_head = dot == std::string_view::npos ? std::string_view() : m_head.substr(0, dot);
    return segment;
  }
  [[nodiscard]] std::string_view head() const { return m_head; }
  [[nodiscard]] bool empty() const { return m_head.empty(); }

 private:
  std::string_view m_head;
};

/// The segments after a marker from left to right.
using Segments = std::span<const std::string_view>;

/// Whether `tail` may follow a marker.
bool fits(Tail allowed, Segments tail) {
  const bool bias = !tail.empty() && tail.back() == "bias" && (allowed == Tail::adapter || allowed == Tail::numbered);
  const bool weight = bias || (!tail.empty() && tail.back() == "weight");
  const auto before = tail.size() - (weight ? 1 : 0);
  switch (allowed) {
    case Tail::none:
      return tail.empty();
    case Tail::weight:
      return weight && before == 0;
    case Tail::either:
      return before == 0;
    case Tail::adapter:
      return before <= 1 && (before == 0 || !is_index(tail.front()));
    case Tail::numbered:
      return before == 0 || (weight && before == 1 && is_index(tail.front()));
  }
  return false;
}

KeyView reading_of(const Marker& marker, std::string_view module, Segments tail) {
  KeyView reading{module, std::string(marker.role), marker.spelling, marker.weight};
  if (marker.tail == Tail::numbered && tail.size() == 2) {
    reading.role += "." + std::string(tail.front());
  }
  if (!tail.empty() && tail.back() == "bias") {
    reading.role += "_bias";
  }
  if (marker.spelling == Spelling::peft && tail.empty() && (marker.role == "down" || marker.role == "up")) {
    reading.spelling = Spelling::peft_bare;
  }
  if (marker.spelling == Spelling::mlx && module.ends_with(".weight")) {
    reading.spelling = Spelling::gguf;
    reading.module.remove_suffix(std::string_view(".weight").size());
  }
  return reading;
}

/// Feed-forward layers of base models are called linear_in too; NeMo's halves lie under an adapter.
bool is_misread(const Marker& marker, std::string_view module) {
  return marker.spelling == Spelling::nemo && module.find("adapter") == std::string_view::npos;
}

std::optional<KeyView> by_marker(std::string_view key) {
  KeyTail rest(key);
  std::array<std::string_view, 3> segments;  // filled from its end
  for (std::size_t depth = 0; depth < segments.size() && (depth == 0 || !rest.empty()); ++depth) {
    const auto segment = rest.pop();
    const auto tail = Segments(segments).last(depth);
    for (auto left = markers_like(segment); left != 0; left &= left - 1) {
      const auto& marker = k_markers[static_cast<std::size_t>(std::countr_zero(left))];
      if (marker.segment == segment && fits(marker.tail, tail) && !is_misread(marker, rest.head())) {
        return reading_of(marker, rest.head(), tail);
      }
    }
    segments[segments.size() - 1 - depth] = segment;
  }
  return std::nullopt;
}

/// "…qkv_lora1", "…proj_lora": XLabs numbers the two streams of a double block.
std::optional<Spelling> processor_spelling(std::string_view segment) {
  static constexpr std::array<std::string_view, 6> k_xlabs_halves{"qkv_lora", "qkv_lora1", "qkv_lora2", "proj_lora", "proj_lora1", "proj_lora2"};
  if (std::find(k_xlabs_halves.begin(), k_xlabs_halves.end(), segment) != k_xlabs_halves.end()) {
    return Spelling::xlabs;
  }
  return segment.ends_with("_lora") ? std::optional(Spelling::processor) : std::nullopt;
}

/// Keys that end in .down.weight, .up.weight, .down or .up: the segment before tells whose they are.
std::optional<KeyView> by_direction(std::string_view key) {
  KeyTail rest(key);
  auto segment = rest.pop();
  const bool weight = segment == "weight";
  segment = weight ? rest.pop() : segment;
  if ((segment != "down" && segment != "up") || rest.empty()) {
    return std::nullopt;
  }
  KeyView reading{rest.head(), std::string(segment), Spelling::control, Weight::strong};
  const auto owner = rest.pop();
  if (owner == "lora" || owner == "lora_linear_layer") {
    reading.module = rest.head();
    reading.spelling = owner == "lora" ? Spelling::lora_down : Spelling::linear_layer;
  } else if (const auto spelling = processor_spelling(owner)) {
    reading.spelling = *spelling;
  } else if (weight) {
    return std::nullopt;  // mlp.up.weight: a layer of a base model
  }
  return reading;
}

/// cloneofsimo's "safeloras": unet:12:up.
std::optional<KeyView> by_colon(std::string_view key) {
  const auto last = key.find(':') == std::string_view::npos ? std::string_view::npos : key.rfind(':');
  const auto middle = last == std::string_view::npos || last == 0 ? last : key.rfind(':', last - 1);
  if (middle == std::string_view::npos || middle == 0 || last == middle || !is_index(key.substr(middle + 1, last - middle - 1))) {
    return std::nullopt;
  }
  const auto role = key.substr(last + 1);
  if (role != "up" && role != "down" && role != "alpha") {
    return std::nullopt;
  }
  return KeyView{key.substr(0, last), std::string(role), Spelling::cloneofsimo, Weight::strong};
}

/// Halves in files of their own are called after their files, and nested dicts keep that: unet.up-param.bin.
std::optional<KeyView> by_half_file(std::string_view key) {
  auto name = read_half_name(key);
  if (!name) {
    return std::nullopt;
  }
  const auto weight = name->role == "alpha" ? Weight::weak : Weight::strong;
  const bool stands_there = key.starts_with(name->module);
  return KeyView{stands_there ? key.substr(0, name->module.size()) : component_text(name->module), std::move(name->role), Spelling::half_file, weight};
}

std::optional<std::string> direction_key(Spelling spelling, std::string_view role) {
  const auto part = "." + std::string(role);
  switch (spelling) {
    case Spelling::processor:
    case Spelling::xlabs:
      return part + ".weight";
    case Spelling::linear_layer:
      return ".lora_linear_layer" + part + ".weight";
    case Spelling::lora_down:
      return ".lora" + part + ".weight";
    case Spelling::control:
      return part;
    case Spelling::cloneofsimo:
      return ":" + std::string(role);
    case Spelling::half_file:
      return part + "-param.bin";
    default:
      return std::nullopt;
  }
}

std::string_view tail_of(Spelling spelling, const Marker& marker) {
  const bool raw = marker.role == "magnitude" || marker.role == "factor" || spelling == Spelling::peft_bare ||
                   spelling == Spelling::peft_embedding || marker.spelling == Spelling::lycoris;
  const bool can = marker.tail == Tail::weight || marker.tail == Tail::numbered || marker.tail == Tail::adapter;
  return can && (!raw || marker.tail == Tail::weight) ? ".weight" : "";
}

}  // namespace

std::optional<KeyView> view_key(std::string_view key) {
  if (auto reading = by_colon(key)) {
    return reading;
  }
  if (auto reading = by_half_file(key)) {
    return reading;
  }
  if (auto reading = by_marker(key)) {
    return reading;
  }
  return by_direction(key);
}

std::optional<KeyReading> read_key(std::string_view key) {
  auto view = view_key(key);
  return view ? std::optional(KeyReading{std::string(view->module), std::move(view->role), view->spelling, view->weight}) : std::nullopt;
}

std::optional<std::string> suffix_of(Spelling spelling, std::string_view role) {
  if (role == "down" || role == "up") {
    if (auto key = direction_key(spelling, role)) {
      return key;
    }
  }
  const auto wanted = spelling == Spelling::peft_bare ? Spelling::peft : spelling == Spelling::gguf ? Spelling::mlx : spelling;
  for (const auto& marker : k_markers) {
    if (marker.role == role && (marker.spelling == wanted || (marker.spelling == Spelling::shared && wanted == Spelling::kohya))) {
      return (spelling == Spelling::gguf ? ".weight." : ".") + std::string(marker.segment) + std::string(tail_of(spelling, marker));
    }
  }
  return std::nullopt;
}

}  // namespace upinspect::lora
