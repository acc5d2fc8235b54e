// SPDX-License-Identifier: Apache-2.0
// How fast tensors are measured: whole accumulations by dtype, data and set of kernels, the kernels alone, and memory, beside which
// they are to be seen.
#include "numeric/accumulator.hpp"
#include "numeric/difference_kernels.hpp"

#include "numeric/samples.hpp"

#include <algorithm>
#include <benchmark/benchmark.h>
#include <map>
#include <memory>
#include <string>

using namespace upinspect;
using namespace upinspect::test;

namespace {

constexpr std::size_t k_large = std::size_t{32} << 20;
constexpr std::size_t k_block = std::size_t{1} << 20;

/// Bytes per second of processor time, which other load disturbs least. G is 10^9.
void count_rate(benchmark::State& state, std::size_t bytes) {
  state.counters["bytes"] =
      benchmark::Counter(static_cast<double>(bytes), benchmark::Counter::kIsIterationInvariantRate);
}

/// Passes `bytes` as tensors of `size` bytes each, in blocks.
void measure_all(benchmark::State& state, Dtype dtype, const Bytes& bytes, std::size_t size) {
  numeric::Accumulator accumulator;
  for (auto _ : state) {
    for (std::size_t start = 0; start + size <= bytes.size(); start += size) {
      accumulator.reset(dtype);
      for (std::size_t i = 0; i < size; i += k_block) {
        accumulator.add(std::span(bytes).subspan(start + i, std::min(k_block, size - i)));
      }
      benchmark::DoNotOptimize(accumulator.finish());
    }
  }
  count_rate(state, bytes.size() / size * size);
}

using Make = Bytes (*)(std::size_t bytes, std::size_t width);

struct Data {
  const char* name;
  Make make;
};

template <Dtype Type>
Bytes make_weights(std::size_t bytes, std::size_t width) {
  return weights(Type, bytes / width, 1);
}
Bytes make_random(std::size_t bytes, std::size_t /*width*/) { return random_bytes(bytes, 1); }
template <Dtype Type>
Bytes make_sparse(std::size_t bytes, std::size_t width) {
  return sparse(weights(Type, bytes / width, 1), width, 1);
}
Bytes make_constant(std::size_t bytes, std::size_t width) { return constant_bytes(bytes / width, width, 0x3f803f80); }

void add_large(const numeric::Kernels& set, Dtype dtype, const Data& data, std::size_t size) {
  const auto name = std::string(set.name) + "/" + std::string(info(dtype).name) + "/" + data.name + "/" +
                    std::to_string(size >> 10) + "K";
  benchmark::RegisterBenchmark(name.c_str(), [&set, dtype, data, size](benchmark::State& state) {
    // A benchmark runs several times; its data is made once.
    static std::map<std::string, Bytes> made;
    const auto [found, fresh] = made.try_emplace(std::string(info(dtype).name) + data.name);
    if (fresh) {
      found->second = data.make(k_large, info(dtype).block_bytes);
    }
    const auto& bytes = found->second;
    numeric::use_kernels(set);
    measure_all(state, dtype, bytes, size);
  })->Unit(benchmark::kMillisecond);
}

template <typename Run>
void add_kernel(const numeric::Kernels& set, const char* kernel, Run run) {
  const auto name = std::string("kernel/") + set.name + "/" + kernel;
  benchmark::RegisterBenchmark(name.c_str(), [run](benchmark::State& state) {
    // One chunk of f32, which stays in the second-level cache.
    const auto bytes = weights(Dtype::f32, numeric::k_chunk_elements, 1);
    for (auto _ : state) {
      run(std::span<const std::byte>(bytes));
    }
    count_rate(state, bytes.size());
  });
}

struct Tables {
  numeric::ByteTables bytes{};
  numeric::WordTable words{};
};

void add_kernels(const numeric::Kernels& set) {
  const auto tables = std::make_shared<Tables>();
  const auto doubles = std::make_shared<const Bytes>(little_endian(normal_values<double>(8192, 0, 1, 1)));
  for (const std::size_t unit : {1U, 2U, 4U, 8U}) {
    const auto name = "count_bytes/" + std::to_string(unit);
    add_kernel(set, name.c_str(), [=, &set](auto bytes) { set.count_bytes(bytes, unit, tables->bytes); });
  }
  add_kernel(set, "count_words", [=, &set](auto bytes) { set.count_words(bytes, tables->words); });
  add_kernel(set, "count_quads", [=, &set](auto bytes) { set.count_quads(bytes, tables->bytes, tables->words); });
  add_kernel(set, "measure_f32", [=, &set](auto bytes) {
    benchmark::DoNotOptimize(set.measure_f32(bytes, 0.01, tables->bytes, tables->words));
  });
  add_kernel(set, "scan_f32", [&set](auto bytes) {
    benchmark::DoNotOptimize(set.scan_f32(bytes, numeric::k_least_f32));
  });
  add_kernel(set, "scan_f64", [=, &set](auto) { benchmark::DoNotOptimize(set.scan_f64(*doubles)); });
  add_kernel(set, "deviate_f32", [&set](auto bytes) { benchmark::DoNotOptimize(set.deviate_f32(bytes, 0.01)); });
  add_kernel(set, "deviate_f64", [=, &set](auto) { benchmark::DoNotOptimize(set.deviate_f64(*doubles, 0.01)); });
}

/// What a processor's core gets out of memory when it only reads: what the others are to be held against.
void add_memory_limit() {
  benchmark::RegisterBenchmark("memory/read/128M", [](benchmark::State& state) {
    const std::vector<std::uint64_t> numbers(std::size_t{16} << 20, 1);
    for (auto _ : state) {
      std::uint64_t all = 0;
      for (const auto number : numbers) {
        all ^= number;
      }
      benchmark::DoNotOptimize(all);
    }
    count_rate(state, numbers.size() * sizeof(std::uint64_t));
  })->Unit(benchmark::kMillisecond);
}

/// Of one of the two files, as diff measures them.
void add_difference(const numeric::DifferenceKernel& kernel) {
  const auto name = std::string("kernel/") + kernel.name + "/difference_f32";
  benchmark::RegisterBenchmark(name.c_str(), [&kernel](benchmark::State& state) {
    const auto before = weights(Dtype::f32, numeric::k_block_elements, 1);
    const auto after = weights(Dtype::f32, numeric::k_block_elements, 2);
    numeric::FloatBlock block;
    block.before = block.old_values = before.data();
    block.after = block.new_values = after.data();
    block.exponent = 0x7f800000;
    numeric::DifferenceTally tally;
    for (auto _ : state) {
      kernel.compare(block, tally);
    }
    benchmark::DoNotOptimize(tally);
    count_rate(state, before.size());
  });
}

void add_all() {
  add_memory_limit();
  for (const auto& kernel : numeric::runnable_difference_kernels()) {
    add_difference(kernel);
  }
  for (const auto* set : numeric::runnable_kernels().subspan(1)) {
    for (const Data data : {Data{"weights", make_weights<Dtype::f32>}, Data{"random", make_random},
                            Data{"sparse", make_sparse<Dtype::f32>}, Data{"constant", make_constant}}) {
      add_large(*set, Dtype::f32, data, k_large);
    }
    for (const Data data : {Data{"weights", make_weights<Dtype::f16>}, Data{"random", make_random},
                            Data{"sparse", make_sparse<Dtype::f16>}, Data{"constant", make_constant}}) {
      add_large(*set, Dtype::f16, data, k_large);
    }
    add_large(*set, Dtype::f16, {"weights", make_weights<Dtype::f16>}, std::size_t{256} << 10);
    add_large(*set, Dtype::bf16, {"weights", make_weights<Dtype::bf16>}, k_large);
    add_large(*set, Dtype::f64, {"weights", make_weights<Dtype::f64>}, k_large);
    for (const auto dtype : {Dtype::i64, Dtype::i32, Dtype::u8, Dtype::f8_e4m3, Dtype::c64, Dtype::q4_k}) {
      add_large(*set, dtype, {"random", make_random}, k_large);
    }
    for (const std::size_t size : {2048U, 16384U, 65536U, 262144U}) {
      add_large(*set, Dtype::f32, {"weights", make_weights<Dtype::f32>}, size);
      add_large(*set, Dtype::f16, {"weights", make_weights<Dtype::f16>}, size);
    }
    add_large(*set, Dtype::u8, {"random", make_random}, 2048);
    add_kernels(*set);
  }
}

}  // namespace

int main(int argc, char** argv) {
  add_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
