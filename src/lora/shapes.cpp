// SPDX-License-Identifier: Apache-2.0
// Linear:  down (r, in), up (out, r); MLX the other way round: down (in, r), up (r, out), with experts down (E, r, in),
//          up (E, out, r). Convolution: down (r, in, kh, kw), up (out, r, 1, 1). Tucker: down (r, in, 1, 1),
//          mid (r, r, kh, kw). Fused (loralib's MergedLinear): down (n r, in), up (n out/n, r [, 1]).
// LoHa:    w1_a (out, r), w1_b (r, in k); Tucker: t1 (r, r, kh, kw), w1_a (r, out), w1_b (r, in); w2 alike.
// LoKr:    kron(w1, w2): w1 (a, c) or w1_a (a, r) w1_b (r, c); w2 (b, d [, kh, kw]) or w2_a (b, r) w2_b (r, d k);
//          Tucker: t2 (r, r, kh, kw), w2_a (r, b), w2_b (r, d). out = a b, in = c d.
// GLoRA:   a1 (in, r), a2 (r, in), b1 (out, r), b2 (r, in); old files have 1 and 2 exchanged.
#include "lora/shapes.hpp"

#include "bytes/checked.hpp"
#include "lora/matrix.hpp"
#include "lora/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace upinspect::lora {

namespace {

using Shape = std::vector<std::uint64_t>;

/// A product that cannot be is as good as none: 0 fits nothing.
std::uint64_t product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t out = 0;
  return __builtin_mul_overflow(a, b, &out) ? 0 : out;
}

struct Half {
  std::uint64_t rank = 0;
  std::uint64_t features = 0;
  Shape kernel;
};

class ShapeReader {
 public:
  ShapeReader(const Draft& draft, const Value* config, AdapterModule& module, std::vector<Finding>& findings)
      : m_draft(draft), m_config(config), m_module(module), m_findings(findings) {}

  void read();

 private:
  void lora();
  void single();
  void split();
  void fuse(const Half& down, const Half& up);
  void mid(const Tensor& tensor);
  void loha();
  void lokr();
  void glora();
  void rotation();
  void butterfly();
  void vector_of(std::string_view role);
  void full();
  void magnitude();
  void lengths();

  [[nodiscard]] std::optional<Half> down_half() const;
  [[nodiscard]] std::optional<Half> up_half() const;
  [[nodiscard]] const Shape* matrix(std::string_view role) const;
  [[nodiscard]] bool can_fuse(const Half& down, const Half& up) const;
  void rank_mismatch(const std::string& what, const Tensor& tensor);
  void mismatch(const std::string& what, const Tensor& tensor);
  void find(std::string id, std::string message, const Tensor& tensor);

  const Draft& m_draft;
  const Value* m_config;
  AdapterModule& m_module;
  std::vector<Finding>& m_findings;
};

void ShapeReader::find(std::string id, std::string message, const Tensor& tensor) {
  Finding finding;
  finding.id = std::move(id);
  finding.severity = Severity::error;
  finding.message = std::move(message);
  finding.tensor = tensor.name;
  m_findings.push_back(std::move(finding));
}

void ShapeReader::rank_mismatch(const std::string& what, const Tensor& tensor) {
  m_module.rank.reset();
  find("lora.rank-mismatch", what + ": they cannot be multiplied", tensor);
}

void ShapeReader::mismatch(const std::string& what, const Tensor& tensor) { find("lora.dimension-mismatch", what, tensor); }

/// The shape of a part with at least two dimensions, none of them empty.
const Shape* ShapeReader::matrix(std::string_view role) const {
  const auto* tensor = m_draft.part(role);
  return tensor == nullptr || tensor->shape.size() < 2 || tensor->elements == 0 ? nullptr : &tensor->shape;
}

std::optional<Half> ShapeReader::down_half() const {
  const auto* shape = matrix("down");
  if (shape == nullptr) {
    return std::nullopt;
  }
  const auto& s = *shape;
  if (m_draft.spelling == Spelling::mlx && s.size() == 3) {
    return Half{s[1], s[2], {}};
  }
  if (m_module.transposed || m_module.down_transposed) {
    return Half{s[1], s[0], {}};
  }
  return Half{s[0], s[1], Shape(s.begin() + 2, s.end())};
}

std::optional<Half> ShapeReader::up_half() const {
  const auto* shape = matrix("up");
  if (shape == nullptr) {
    return std::nullopt;
  }
  const auto& s = *shape;
  if (m_draft.spelling == Spelling::mlx && s.size() == 3) {
    return Half{s[2], s[1], {}};
  }
  return m_module.transposed ? Half{s[0], s[1], {}} : Half{s[1], s[0], Shape(s.begin() + 2, s.end())};
}

bool ShapeReader::can_fuse(const Half& down, const Half& up) const {
  const auto* up_shape = matrix("up");
  const auto* down_shape = matrix("down");
  const bool divides = down.rank > up.rank && down.rank % up.rank == 0 && up.features % (down.rank / up.rank) == 0;
  if (!divides || down_shape->size() != 2 || m_module.transposed) {
    return false;
  }
  const bool kernel_of_one = up_shape->size() == 3 && up_shape->back() == 1;
  const bool named = m_config != nullptr && m_config->find("enable_lora") != nullptr && m_config->find("enable_lora")->if_array() != nullptr;
  return kernel_of_one || named || m_draft.spelling == Spelling::peft_bare;
}

/// loralib's MergedLinear: a grouped product, one group for each part of the layer that is adapted.
void ShapeReader::fuse(const Half& down, const Half& up) {
  m_module.groups = down.rank / up.rank;
  m_module.rank = up.rank;
  m_module.kernel.clear();
  const auto* enabled = m_config == nullptr ? nullptr : m_config->find("enable_lora");
  const auto* list = enabled == nullptr ? nullptr : enabled->if_array();
  if (list == nullptr || list->size() > 64) {
    return;
  }
  for (const auto& entry : *list) {
    m_module.enabled.push_back(is_true(&entry));
  }
  if (static_cast<std::uint64_t>(std::count(m_module.enabled.begin(), m_module.enabled.end(), true)) != m_module.groups) {
    m_module.enabled.clear();
  }
}

void ShapeReader::mid(const Tensor& tensor) {
  const auto* shape = matrix("mid");
  if (shape == nullptr || !m_module.rank) {
    return;
  }
  if ((*shape)[0] != *m_module.rank || (*shape)[1] != *m_module.rank) {
    rank_mismatch("the middle is " + shown(*shape) + ", the halves have rank " + std::to_string(*m_module.rank), tensor);
    return;
  }
  m_module.kernel.assign(shape->begin() + 2, shape->end());
}

void ShapeReader::single() {
  const auto down = down_half();
  const auto up = up_half();
  if (down) {
    m_module.in_features = down->features;
    m_module.rank = down->rank;
    m_module.kernel = down->kernel;
  }
  if (up) {
    m_module.out_features = up->features;
    m_module.rank = up->rank;
  }
  if (m_draft.spelling == Spelling::mlx && matrix("down") != nullptr && matrix("down")->size() == 3) {
    m_module.experts = (*matrix("down"))[0];
  }
  if (down && up && down->rank != up->rank) {
    if (can_fuse(*down, *up)) {
      fuse(*down, *up);
    } else {
      rank_mismatch("down is " + shown(*matrix("down")) + " (rank " + std::to_string(down->rank) + "), up is " +
                        shown(*matrix("up")) + " (rank " + std::to_string(up->rank) + ")", *m_draft.part("up"));
    }
  }
  if (const auto* tensor = m_draft.part("mid")) {
    mid(*tensor);
  }
}

/// sd-scripts' split_dims: lora_down.<i> and lora_up.<i>, one pair for each part of a fused layer.
void ShapeReader::split() {
  std::uint64_t pairs = 0;
  std::uint64_t rows = 0;
  for (;; ++pairs) {
    const auto* down = matrix("down." + std::to_string(pairs));
    const auto* up = matrix("up." + std::to_string(pairs));
    if (down == nullptr || up == nullptr) {
      break;
    }
    const auto& tensor = *m_draft.part("up." + std::to_string(pairs));
    m_module.rank = pairs == 0 ? (*down)[0] : m_module.rank;
    if ((*down)[0] != (*up)[1] || m_module.rank != (*down)[0]) {
      rank_mismatch("part " + std::to_string(pairs) + ": down is " + shown(*down) + ", up is " + shown(*up), tensor);
      return;
    }
    m_module.in_features = (*down)[1];
    rows += (*up)[0];
  }
  m_module.groups = std::max<std::uint64_t>(pairs, 1);
  if (pairs != 0) {
    m_module.out_features = rows;
  }
}

void ShapeReader::lora() {
  const bool is_split = m_draft.has("down.0") || m_draft.has("up.0");
  m_module.method = m_draft.has("magnitude") ? "dora" : m_draft.has("singular") ? "adalora" : "lora";
  m_module.base_transposed = m_draft.spelling == Spelling::peft_embedding || m_draft.in_by_out ||
                             (m_config != nullptr && is_true(m_config->find("fan_in_fan_out")));
  const auto* down = matrix("down");
  m_module.transposed = m_draft.turned || (m_draft.spelling == Spelling::mlx && (down == nullptr || down->size() == 2));
  m_module.down_transposed = m_draft.spelling == Spelling::gguf && m_module.name == "token_embd";
  if (is_split) {
    split();
  } else {
    single();
  }
}

void ShapeReader::loha() {
  m_module.method = "loha";
  for (const std::string number : {"1", "2"}) {
    const auto* a = matrix("hada_w" + number + "_a");
    const auto* b = matrix("hada_w" + number + "_b");
    const auto* t = matrix("hada_t" + number);
    if (a == nullptr || b == nullptr) {
      continue;
    }
    const auto rank = (*b)[0];
    const auto& tensor = *m_draft.part("hada_w" + number + "_a");
    const auto out = t == nullptr ? (*a)[0] : (*a)[1];
    if ((t == nullptr ? (*a)[1] : (*a)[0]) != rank || (t != nullptr && ((*t)[0] != rank || (*t)[1] != rank))) {
      rank_mismatch("hada_w" + number + "_a is " + shown(*a) + ", hada_w" + number + "_b is " + shown(*b), tensor);
      return;
    }
    if (m_module.out_features && (*m_module.out_features != out || *m_module.in_features != (*b)[1])) {
      mismatch("hada_w1 and hada_w2 give updates of different shapes", tensor);
    }
    m_module.out_features = out;
    m_module.in_features = (*b)[1];
    m_module.rank = m_module.rank ? m_module.rank : rank;
    m_module.kernel = t == nullptr ? Shape() : Shape(t->begin() + 2, t->end());
  }
}

void ShapeReader::lokr() {
  m_module.method = "lokr";
  const auto* w1 = matrix("lokr_w1");
  const auto* w1a = matrix("lokr_w1_a");
  const auto* w1b = matrix("lokr_w1_b");
  const auto* w2 = matrix("lokr_w2");
  const auto* w2a = matrix("lokr_w2_a");
  const auto* w2b = matrix("lokr_w2_b");
  const auto* t2 = matrix("lokr_t2");
  if (w1a != nullptr && w1b != nullptr && (*w1a)[1] != (*w1b)[0]) {
    rank_mismatch("lokr_w1_a is " + shown(*w1a) + ", lokr_w1_b is " + shown(*w1b), *m_draft.part("lokr_w1_a"));
    return;
  }
  const auto inner = w2a == nullptr ? 0 : t2 == nullptr ? (*w2a)[1] : (*w2a)[0];
  if (w2a != nullptr && w2b != nullptr && inner != (*w2b)[0]) {
    rank_mismatch("lokr_w2_a is " + shown(*w2a) + ", lokr_w2_b is " + shown(*w2b), *m_draft.part("lokr_w2_a"));
    return;
  }
  if (w1b != nullptr || w2b != nullptr) {
    m_module.rank = w1b != nullptr ? (*w1b)[0] : (*w2b)[0];
  }
  const auto a = w1 != nullptr ? (*w1)[0] : w1a != nullptr ? (*w1a)[0] : 0;
  const auto c = w1 != nullptr ? (*w1)[1] : w1b != nullptr ? (*w1b)[1] : 0;
  const auto b = w2 != nullptr ? (*w2)[0] : w2a == nullptr ? 0 : t2 == nullptr ? (*w2a)[0] : (*w2a)[1];
  const auto d = w2 != nullptr ? (*w2)[1] : w2b != nullptr ? (*w2b)[1] : 0;
  if (product(a, b) != 0) {
    m_module.out_features = product(a, b);
  }
  if (product(c, d) != 0) {
    m_module.in_features = product(c, d);
  }
  const auto* kernel = t2 != nullptr ? t2 : w2;
  if (kernel != nullptr) {
    m_module.kernel.assign(kernel->begin() + 2, kernel->end());
  }
}

void ShapeReader::glora() {
  m_module.method = "glora";
  const auto* a1 = matrix("a1");
  const auto* a2 = matrix("a2");
  const auto* b1 = matrix("b1");
  const auto* b2 = matrix("b2");
  if (a1 == nullptr || a2 == nullptr || b1 == nullptr || b2 == nullptr) {
    return;
  }
  const auto rank = (*a1)[1];
  if ((*a2)[0] == rank && (*b1)[1] == rank && (*b2)[0] == rank) {
    m_module.rank = rank;
    m_module.out_features = (*b1)[0];
    m_module.in_features = (*b2)[1];
  } else if ((*a1)[0] == (*a2)[1] && (*b1)[0] == (*a1)[0] && (*b2)[1] == (*a1)[0]) {
    m_module.rank = (*a1)[0];
    m_module.out_features = (*b2)[0];
    m_module.in_features = (*b1)[1];
  } else {
    rank_mismatch("a1 is " + shown(*a1) + ", a2 is " + shown(*a2) + ", b1 is " + shown(*b1) + ", b2 is " + shown(*b2),
                  *m_draft.part("a1"));
    return;
  }
  if ((*a1)[0] != (*a2)[1] && *m_module.rank == (*a1)[1]) {
    mismatch("a1 is " + shown(*a1) + ", a2 is " + shown(*a2) + ": their product is not square", *m_draft.part("a1"));
  }
}

/// Diag-OFT: (blocks, b, b); BOFT: (stages, blocks, b, b). Told apart by the number of dimensions, as LyCORIS does.
void ShapeReader::rotation() {
  const auto* shape = matrix("oft_blocks");
  m_module.method = shape != nullptr && shape->size() == 4 ? "boft" : "oft";
  if (shape == nullptr || shape->size() < 3) {
    return;
  }
  const auto& s = *shape;
  const auto width = s.back();
  if (s[s.size() - 2] != width) {
    mismatch("the blocks are " + shown(s) + ", not square", *m_draft.part("oft_blocks"));
    return;
  }
  // PEFT 0.14 and 0.15, which keep an oft_s beside it, turn the inputs.
  const bool on_input = m_draft.spelling == Spelling::peft && m_draft.has("rescale");
  (on_input ? m_module.in_features : m_module.out_features) = product(s[s.size() - 3], width);
}

/// PEFT's: (stages, blocks, b, b) over the inputs (of each kernel position, for a convolution), and a factor for each output.
void ShapeReader::butterfly() {
  m_module.method = "boft";
  const auto* shape = matrix("boft_R");
  if (shape != nullptr && shape->size() == 4 && (*shape)[2] == (*shape)[3]) {
    m_module.in_features = product((*shape)[1], (*shape)[3]);
  } else if (shape != nullptr) {
    mismatch("boft_R is " + shown(*shape) + ", not stages of square blocks", *m_draft.part("boft_R"));
  }
  if (const auto* factors = m_draft.part("boft_s"); factors != nullptr && factors->elements != 0) {
    m_module.out_features = factors->elements;
  }
}

void ShapeReader::vector_of(std::string_view role) {
  const auto* tensor = m_draft.part(role);
  if (tensor == nullptr || tensor->elements == 0) {
    return;
  }
  // PEFT keeps it as (out, 1) or (1, in), LyCORIS as (n) with on_input beside it: its value is not read here.
  const bool on_input = tensor->shape.size() > 1 && tensor->shape[0] == 1;
  if (tensor->shape.size() > 1 || !m_draft.has("on_input")) {
    (on_input ? m_module.in_features : m_module.out_features) = tensor->elements;
  }
}

void ShapeReader::full() {
  const auto* diff = m_draft.part("diff");
  m_module.method = m_draft.has("w_norm") || m_draft.has("b_norm") ? "norm" : "full";
  if (m_module.method == "norm") {
    vector_of(m_draft.has("w_norm") ? "w_norm" : "b_norm");
  } else if (const auto* shape = matrix("diff")) {
    m_module.out_features = (*shape)[0];
    m_module.in_features = (*shape)[1];
    m_module.kernel.assign(shape->begin() + 2, shape->end());
  } else {
    vector_of(diff != nullptr ? "diff" : "diff_b");
  }
}

/// PEFT and MLX: one magnitude for each row. LyCORIS and OneTrainer: (out, 1, …) or (1, in, …), and consumers disagree.
void ShapeReader::magnitude() {
  const auto* tensor = m_draft.part("magnitude");
  if (tensor == nullptr || tensor->elements == 0) {
    return;
  }
  const bool by_rows = m_draft.spelling == Spelling::peft || m_draft.spelling == Spelling::peft_bare ||
                       m_draft.spelling == Spelling::peft_embedding || m_draft.spelling == Spelling::mlx;
  const bool on_input = !by_rows && tensor->shape.size() > 1 && tensor->shape[0] == 1;
  const auto& features = on_input ? m_module.in_features : m_module.out_features;
  m_module.magnitude_axis = on_input ? "in" : "out";
  if (features && *features != tensor->elements) {
    mismatch("the magnitude has " + std::to_string(tensor->elements) + " values, the module has " +
                 std::to_string(*features) + (on_input ? " input" : " output") + " features", *tensor);
  }
  if (!by_rows && tensor->shape.size() == 1 && m_module.in_features == m_module.out_features) {
    find("lora.magnitude-axis", "the magnitude is one-dimensional and the module square: it scales rows or columns, and loaders differ",
         *tensor);
    m_findings.back().severity = Severity::warning;
  }
}

/// Biases are one value for each output feature.
void ShapeReader::lengths() {
  for (const auto* role : {"diff_b", "up_bias"}) {
    const auto* tensor = m_draft.part(role);
    if (tensor != nullptr && m_module.out_features && tensor->elements != *m_module.out_features && m_module.method != "norm") {
      mismatch("the bias has " + std::to_string(tensor->elements) + " values, the module has " +
                   std::to_string(*m_module.out_features) + " output features", *tensor);
    }
  }
}

void ShapeReader::read() {
  const auto any = [this](std::initializer_list<std::string_view> roles) {
    return std::any_of(roles.begin(), roles.end(), [this](std::string_view role) { return m_draft.has(role); });
  };
  if (any({"down", "up", "down.0", "up.0", "mid"})) {
    lora();
  } else if (any({"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2"})) {
    loha();
  } else if (any({"lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2"})) {
    lokr();
  } else if (any({"a1", "a2", "b1", "b2"})) {
    glora();
  } else if (any({"on_input", "factor"})) {
    m_module.method = "ia3";
    vector_of("factor");
  } else if (any({"oft_blocks", "oft_diag"})) {
    rotation();
  } else if (any({"boft_R", "boft_s"})) {
    butterfly();
  } else if (any({"diff", "diff_b", "w_norm", "b_norm", "set_weight"})) {
    full();
  } else {
    m_module.method = any({"magnitude"}) ? "dora" : "lora";
  }
  magnitude();
  lengths();
}

}  // namespace

void read_shapes(const Draft& draft, const Value* config, AdapterModule& module, std::vector<Finding>& findings) {
  ShapeReader(draft, config, module, findings).read();
}

}  // namespace upinspect::lora
