// SPDX-License-Identifier: Apache-2.0
// Definitions, from the programs that write and read them: sd-scripts train_util.py (precalculate_safetensors_hashes,
// addnet_hash_safetensors, addnet_hash_legacy), ModelSpec 1.0.1, OneTrainer DtypeModelSaverMixin, A1111 hashes.py,
// civitai/model-scanner.
#include "inspect/stated_hashes.hpp"

#include "bytes/digest.hpp"
#include "bytes/parse_error.hpp"
#include "inspect/trainer_window.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <numeric>
#include <string_view>

namespace upinspect::inspecting {

namespace {

constexpr std::array<std::string_view, 3> k_keys{"sshs_model_hash", "sshs_legacy_hash", "modelspec.hash_sha256"};
constexpr std::string_view k_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::size_t k_block = std::size_t{1} << 20;
constexpr std::uint64_t k_autov1_least_size = std::uint64_t{2} << 20;

constexpr const char* k_data_area = "the data area, all that follows the header (kohya's addnet hash)";
constexpr const char* k_name_order = "the tensors in the order of their names (OneTrainer's)";
constexpr const char* k_listing_order = "the tensors in the order in which the header lists them (old kohya's)";
constexpr const char* k_whole_file = "the whole file";
constexpr const char* k_trainer_window = "64 KiB at 1 MiB of the file as the trainer first wrote it, with ss_ keys alone (addnet's legacy hash)";
constexpr const char* k_file_window = "64 KiB at 1 MiB of this file (AutoV1)";
constexpr const char* k_empty_window = "nothing, rightly, as the file that the trainer hashed ends before 1 MiB, where addnet's legacy hash begins";

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

/// The hex digits of a stated hash without what may stand before them; empty where it is none.
std::string hash_digits(const std::string& stated) {
  auto text = lower(stated);
  for (const std::string_view prefix : {"0x", "sha256:"}) {
    text = text.starts_with(prefix) ? text.substr(prefix.size()) : text;
  }
  const bool hex = text.find_first_not_of("0123456789abcdef") == std::string::npos;
  return hex && text.size() >= 8 && text.size() <= 64 ? text : std::string();
}

/// Hashes of a file's stretches, each computed when it is first wanted.
class Hashes {
 public:
  explicit Hashes(model::Builder& builder) : m_builder(builder), m_source(builder.source()) {
    const auto* length = builder.artifact.format.detail.find("header_bytes");
    const auto* bytes = length == nullptr ? nullptr : std::get_if<std::uint64_t>(&length->data);
    if (builder.artifact.format.id == "safetensors" && bytes != nullptr && *bytes <= m_source.size() - 8) {
      m_data_start = 8 + *bytes;
    }
  }

  /// Whether there is a header with data behind it.
  [[nodiscard]] bool has_data_area() const { return m_data_start != 0; }
  [[nodiscard]] const std::string& data_area() { return of(k_data_area, [this] { return std::vector{ByteRange{m_data_start, m_source.size() - m_data_start}}; }); }
  [[nodiscard]] bool knows_data_area() const { return m_known.contains(k_data_area); }

  [[nodiscard]] const std::string& name_order() {
    return of(k_name_order, [this] {
      auto order = tensors();
      std::stable_sort(order.begin(), order.end(), [](const Tensor* a, const Tensor* b) { return a->name < b->name; });
      return ranges(order);
    });
  }
  [[nodiscard]] const std::string& listing_order() {
    return of(k_listing_order, [this] { return ranges(tensors()); });
  }
  [[nodiscard]] const std::string& file_window() {
    return of(k_file_window, [this] { return std::vector{window(k_window_start)}; });
  }
  [[nodiscard]] std::string autov3() {
    std::array<std::byte, 8> head{};
    m_source.read_at(0, head);
    std::uint64_t length = 0;
    for (std::size_t i = head.size(); i-- > 0;) {
      length = (length << 8) | static_cast<std::uint64_t>(head[i]);
    }
    const auto start = autov3_start(length, m_source.size());
    if (m_data_start == start && start == 8 + length) {
      return data_area();
    }
    return digest({ByteRange{start, m_source.size() - start}});
  }

  /// Whether the trainer's file, with ss_ keys alone, ended before the window, and what its window held where it did not.
  [[nodiscard]] std::vector<std::pair<std::string, const char*>> trainer_windows() {
    std::vector<std::pair<std::string, const char*>> out;
    for (const auto start : trainer_data_starts(m_builder.artifact, m_data_start)) {
      const auto data = m_source.size() - m_data_start;
      if (start + data <= k_window_start) {
        out.emplace_back(k_nothing, k_empty_window);
      } else if (start <= k_window_start) {
        out.emplace_back(digest({window(m_data_start + k_window_start - start)}), k_trainer_window);
      }
    }
    return out;
  }

 private:
  [[nodiscard]] const std::string& of(const char* what, const std::function<std::vector<ByteRange>()>& where) {
    const auto found = m_known.find(what);
    return found != m_known.end() ? found->second : m_known.emplace(what, digest(where())).first->second;
  }

  [[nodiscard]] ByteRange window(std::uint64_t start) const {
    const auto begin = std::min(start, m_source.size());
    return {begin, std::min(k_window_bytes, m_source.size() - begin)};
  }

  [[nodiscard]] std::vector<const Tensor*> tensors() const {
    std::vector<const Tensor*> out;
    for (const auto& tensor : m_builder.artifact.tensors) {
      out.push_back(&tensor);
    }
    return out;
  }

  /// The tensors' bytes one after another, neighbours joined. None where they overlap: a small file could describe any
  /// amount of data so.
  [[nodiscard]] std::vector<ByteRange> ranges(const std::vector<const Tensor*>& order) const {
    std::vector<ByteRange> out;
    std::uint64_t total = 0;
    for (const auto* tensor : order) {
      const auto& packed = tensor->location.packed;
      if (packed.length == 0) {
        continue;
      }
      total += packed.length;
      if (total > m_source.size()) {
        return {};
      }
      if (!out.empty() && out.back().end() == packed.offset) {
        out.back().length += packed.length;
      } else {
        out.push_back(packed);
      }
    }
    return out;
  }

  [[nodiscard]] std::string digest(const std::vector<ByteRange>& where) {
    if (where.size() == 1 && m_data_start != 0 && where.front() == ByteRange{m_data_start, m_source.size() - m_data_start}) {
      if (const auto known = m_known.find(k_data_area); known != m_known.end()) {
        return known->second;
      }
    }
    bytes::Sha256 sha;
    std::vector<std::byte> block;
    for (const auto& range : where) {
      for (auto at = range.offset; at < range.end(); at += block.size()) {
        const auto* stop = m_builder.options().stop;
        if (stop != nullptr && stop->load(std::memory_order_relaxed)) {
          throw Stopped();
        }
        block.resize(static_cast<std::size_t>(std::min<std::uint64_t>(k_block, range.end() - at)));
        m_source.read_at(at, block);
        sha.add(block);
      }
    }
    return sha.hex();
  }

  model::Builder& m_builder;
  const bytes::Source& m_source;
  std::uint64_t m_data_start = 0;
  std::map<std::string_view, std::string> m_known;
};

/// One stated hash against the definitions, the likeliest first.
class Judge {
 public:
  Judge(model::Builder& builder, Hashes& hashes) : m_builder(builder), m_hashes(hashes) {}

  void judge(StatedHash& stated) {
    const auto digits = hash_digits(stated.value);
    if (digits.empty()) {
      stated.verdict = HashVerdict::malformed;
      stated.definition = "no hash: 8 to 64 hexadecimal digits are expected";
    } else if (!m_hashes.has_data_area()) {
      stated.definition = "not checked: the file has no data area to hash";
    } else if (const auto* definition = match(digits, stated.key == "sshs_legacy_hash")) {
      stated.verdict = HashVerdict::matched;
      stated.definition = definition;
    } else if (stated.key == "sshs_legacy_hash" && m_hashes.trainer_windows().empty()) {
      stated.definition = "not checked: the header that the trainer hashed reaches beyond 1 MiB, and its order is not kept";
    } else {
      const bool nothing = k_nothing.starts_with(digits);
      stated.verdict = nothing ? HashVerdict::empty_string : HashVerdict::mismatched;
      stated.definition = nothing ? "the SHA-256 of nothing" : "no definition in use gives it";
    }
  }

 private:
  [[nodiscard]] const char* match(const std::string& digits, bool legacy) {
    const auto* found = legacy ? match_window(digits) : match_whole(digits);
    return found != nullptr ? found : legacy ? match_whole(digits) : match_window(digits);
  }

  [[nodiscard]] const char* match_whole(const std::string& digits) {
    // The empty string's hash is nobody's but an empty data area's: no order of the tensors need be tried.
    const bool nothing = k_nothing.starts_with(digits);
    if (m_hashes.data_area().starts_with(digits)) {
      return k_data_area;
    }
    const auto& whole = m_builder.artifact.digests.sha256;
    if (whole && whole->starts_with(digits)) {
      return k_whole_file;
    }
    if (!nothing && m_hashes.name_order().starts_with(digits)) {
      return k_name_order;
    }
    return !nothing && m_hashes.listing_order().starts_with(digits) ? k_listing_order : nullptr;
  }

  [[nodiscard]] const char* match_window(const std::string& digits) {
    if (digits.size() == 64) {
      return nullptr;  // windows are stated by their first digits alone
    }
    for (const auto& [hash, definition] : m_hashes.trainer_windows()) {
      if (hash.starts_with(digits)) {
        return definition;
      }
    }
    const bool window = m_builder.source().size() > k_window_start;
    return window && m_hashes.file_window().starts_with(digits) ? k_file_window : nullptr;
  }

  model::Builder& m_builder;
  Hashes& m_hashes;
};

std::vector<StatedHash> stated_in(const Value& metadata) {
  std::vector<StatedHash> out;
  for (const auto key : k_keys) {
    const auto* held = metadata.find(std::string(key));
    const auto* text = held == nullptr ? nullptr : held->if_string();
    if (text != nullptr && !text->empty() && *text != "None") {
      out.push_back({std::string(key), text->substr(0, 256), HashVerdict::unchecked, "not checked: no SHA-256 of the data was asked for"});
    }
  }
  return out;
}

/// Formats that model sites take; of others these hashes mean nothing.
bool is_hosted(const std::string& format) { return format == "safetensors" || format == "torch-zip" || format == "torch-legacy"; }

void add_site_hashes(model::Builder& builder, Hashes& hashes) {
  auto& artifact = builder.artifact;
  const auto add = [&artifact](const char* kind, std::string value) { artifact.site_hashes.push_back({kind, std::move(value)}); };
  if (artifact.size >= k_autov1_least_size) {
    add("autov1", upper(hashes.file_window().substr(0, 8)));
  }
  if (artifact.digests.sha256) {
    add("autov2", upper(artifact.digests.sha256->substr(0, 10)));
  }
  if (builder.options().site_hashes || hashes.knows_data_area()) {
    add("autov3", upper(hashes.autov3().substr(0, 12)));
  }
  if (hashes.knows_data_area()) {
    add("addnet", hashes.data_area());
  }
}

}  // namespace

void check_stated_hashes(model::Builder& builder) {
  auto& artifact = builder.artifact;
  if (!is_hosted(artifact.format.id) || artifact.size < 8) {
    return;
  }
  artifact.stated_hashes = stated_in(artifact.metadata);
  const bool wanted = builder.options().site_hashes || artifact.training || !artifact.stated_hashes.empty();
  const bool allowed = builder.options().sha256 || builder.options().site_hashes;
  if (!builder.full() || !wanted || !allowed) {
    return;
  }
  try {
    Hashes hashes(builder);
    Judge judge(builder, hashes);
    for (auto& stated : artifact.stated_hashes) {
      judge.judge(stated);
    }
    add_site_hashes(builder, hashes);
  } catch (const bytes::ReadError&) {
    artifact.site_hashes.clear();  // the data pass has said that the file shrank
  }
}

}  // namespace upinspect::inspecting
