// SPDX-License-Identifier: Apache-2.0
#include "measure/tensor_task.hpp"

#include "measure/elements.hpp"
#include "numeric/dequantise.hpp"

#include <algorithm>

namespace upinspect::measure {

namespace {

// Widening keeps the narrow type's mantissa in the top bits: f32 has 23, f16 10 and bf16 7; f64 has 52, f32 23.
constexpr unsigned k_f16_in_f32 = 23 - 10;
constexpr unsigned k_bf16_in_f32 = 23 - 7;
constexpr unsigned k_f32_in_f64 = 52 - 23;

Provenance provenance_of(const Tensor& tensor, const numeric::Accumulator::Result& result) {
  if (tensor.elements == 0 || (tensor.dtype != Dtype::f32 && tensor.dtype != Dtype::f64)) {
    return Provenance::unknown;
  }
  if (result.constant) {
    return Provenance::constant;
  }
  if (tensor.dtype == Dtype::f64) {
    return result.low_zero_bits >= k_f32_in_f64 ? Provenance::upcast_f32 : Provenance::native;
  }
  if (result.low_zero_bits >= k_bf16_in_f32) {
    return Provenance::upcast_bf16;
  }
  return result.low_zero_bits >= k_f16_in_f32 ? Provenance::upcast_f16 : Provenance::native;
}

}  // namespace

InstrumentPool& InstrumentPool::of_this_thread() {
  thread_local InstrumentPool pool;
  return pool;
}

std::unique_ptr<Instruments> InstrumentPool::borrow() {
  if (m_idle.empty()) {
    return std::make_unique<Instruments>();
  }
  auto instruments = std::move(m_idle.back());
  m_idle.pop_back();
  return instruments;
}

void InstrumentPool::give_back(std::unique_ptr<Instruments> instruments) { m_idle.push_back(std::move(instruments)); }

TensorGauge::TensorGauge(Tensor& tensor, const InspectOptions& options, InstrumentPool& pool)
    : m_tensor(tensor), m_options(options), m_pool(pool) {}

TensorGauge::~TensorGauge() = default;

void TensorGauge::begin() {
  m_tools = m_pool.borrow();
  m_tools->accumulator.reset(m_tensor.dtype);
  m_has_blocks = numeric::can_dequantise(m_tensor.dtype);
  if (m_has_blocks) {
    m_tools->block_meter = m_tools->block_meter ? std::move(m_tools->block_meter) : std::make_unique<numeric::BlockMeter>();
    m_tools->block_meter->reset(m_tensor.dtype);
  }
  m_tools->xxh3.reset();
  if (m_options.tensor_sha256 && !m_tools->sha256) {
    m_tools->sha256.emplace();
  }
  m_seen = 0;
}

void TensorGauge::feed(std::span<const std::byte> piece, numeric::Helper* helper) {
  m_seen += piece.size();
  if (m_tensor.location.order == ByteOrder::big && turning_unit(m_tensor.dtype) > 1) {
    take_swapped(piece);
  } else {
    take(piece, helper);
  }
}

void TensorGauge::take_swapped(std::span<const std::byte> piece) {
  const auto unit = turning_unit(m_tensor.dtype);
  auto& buffer = m_tools->swapped;
  buffer.assign(m_split.begin(), m_split.end());
  buffer.insert(buffer.end(), piece.begin(), piece.end());
  const auto whole = buffer.size() / unit * unit;
  m_split.assign(buffer.begin() + static_cast<std::ptrdiff_t>(whole), buffer.end());
  buffer.resize(whole);
  turn_round(m_tensor.dtype, buffer);
  take(buffer, nullptr);
}

void TensorGauge::take(std::span<const std::byte> little_endian, numeric::Helper* helper) {
  if (helper != nullptr) {
    m_tools->accumulator.add(little_endian, *helper);
  } else {
    m_tools->accumulator.add(little_endian);
  }
  if (m_has_blocks) {
    m_tools->block_meter->add(little_endian);
  }
  m_tools->xxh3.add(little_endian);
  if (m_options.tensor_sha256) {
    m_tools->sha256->add(little_endian);
  }
}

void TensorGauge::end() {
  auto result = m_tools->accumulator.finish();
  if (m_seen == m_tensor.bytes) {
    m_tensor.digests.xxh3_128 = m_tools->xxh3.hex();
    if (m_options.tensor_sha256) {
      m_tensor.digests.sha256 = m_tools->sha256->hex();
    }
    m_tensor.provenance = provenance_of(m_tensor, result);
    m_tensor.stats = m_has_blocks ? m_tools->block_meter->finish() : result.stats;
    m_tensor.entropy = std::move(result.entropy);
  } else {
    static_cast<void>(m_options.tensor_sha256 ? m_tools->sha256->hex() : std::string());
    m_tensor.unread = "only " + std::to_string(m_seen) + " of its " + std::to_string(m_tensor.bytes) + " bytes are there";
  }
  m_pool.give_back(std::move(m_tools));
}

}  // namespace upinspect::measure
