// SPDX-License-Identifier: Apache-2.0
// Whole screens, letter by letter.
#include "report/samples.hpp"
#include "report/styles.hpp"
#include "report/text.hpp"
#include "support/catch.hpp"

#include <string>

using namespace upinspect::report;
using namespace upinspect::test;

TEST_CASE("an adapter at 80 columns") {
  CHECK(file_text(sound_adapter(), columns(80)) == R"T(adapter.safetensors: safetensors, 2 float32 tensors, 24,576 parameters

  size          101,336 bytes (99.0 KiB)
  sha256        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
  xxh3          99aa06d3014798d86001c324468d497f
  header bytes  3,024
  tensors       2  f32  24,576 parameters  98,304 bytes (96.0 KiB)
  pickle        none
  bytes         [▒▒██████████████████████████████████████████████████████████]
                █ tensor data 98,304 (97.0 %)   ░ structure 8 (< 0.1 %)
                ▒ metadata 3,024 (3.0 %)
  metadata      format  pt

  names begin with base_model.model.h.0. and end with .weight
  tensor    dtype  shape         mean     std     min    max  entropy
  …lora_A…  f32    8 x 768   -1.1e-07  0.0200  -0.108  0.111     7.43
  …lora_B…  f32    2304 x 8  -1.1e-07  0.0200  -0.108  0.111     7.43

  no findings
)T");
}

TEST_CASE("an adapter at 40 columns: names stand above their figures") {
  CHECK(file_text(sound_adapter(), columns(40)) == R"T(adapter.safetensors: safetensors, 2
  float32 tensors, 24,576 parameters

  size      101,336 bytes (99.0 KiB)
  sha256    e3b0c44298fc1c…5991b7852b855
  xxh3      99aa06d3014798…1c324468d497f
  header bytes  3,024
  tensors   2 f32, 24,576 parameters,
            98,304 bytes (96.0 KiB)
  pickle    none
  bytes     [▒█████████████████████████]
            █ tensor data 98,304 (97.0
            %)
            ░ structure 8 (< 0.1 %)
            ▒ metadata 3,024 (3.0 %)
  metadata  format  pt

  tensor
    dtype shape     min   max
  base_model.model.h.0.lora_A.weight
    f32   8x768  -0.108 0.111
  base_model.model.h.0.lora_B.weight
    f32   2304x8 -0.108 0.111

  no findings
)T");
}

TEST_CASE("an adapter at 120 columns: names whole, entropy by byte") {
  CHECK(file_text(sound_adapter(), columns(120)) == R"T(adapter.safetensors: safetensors, 2 float32 tensors, 24,576 parameters

  size          101,336 bytes (99.0 KiB)
  sha256        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
  xxh3          99aa06d3014798d86001c324468d497f
  header bytes  3,024
  tensors       2  f32  24,576 parameters  98,304 bytes (96.0 KiB)
  pickle        none
  bytes         [▒▒██████████████████████████████████████████████████████████]
                █ tensor data 98,304 (97.0 %)   ░ structure 8 (< 0.1 %)   ▒ metadata 3,024 (3.0 %)
  metadata      format  pt

  tensor                              dtype  shape          mean      std      min     max  entropy by byte
  base_model.model.h.0.lora_A.weight  f32    8 x 768   -1.12e-07  0.02000  -0.1083  0.1109  8.00 8.00 7.97 2.91
  base_model.model.h.0.lora_B.weight  f32    2304 x 8  -1.12e-07  0.02000  -0.1083  0.1109  8.00 8.00 7.97 2.91

  no findings
)T");
}

TEST_CASE("an adapter at 200 columns: both digests on one line") {
  CHECK(file_text(sound_adapter(), columns(200)) == R"T(adapter.safetensors: safetensors, 2 float32 tensors, 24,576 parameters

  size          101,336 bytes (99.0 KiB)
  sha256        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855    xxh3  99aa06d3014798d86001c324468d497f
  header bytes  3,024
  tensors       2  f32  24,576 parameters  98,304 bytes (96.0 KiB)
  pickle        none
  bytes         [▒▒██████████████████████████████████████████████████████████]
                █ tensor data 98,304 (97.0 %)   ░ structure 8 (< 0.1 %)   ▒ metadata 3,024 (3.0 %)
  metadata      format  pt

  tensor                              dtype  shape          mean      std      min     max  entropy by byte
  base_model.model.h.0.lora_A.weight  f32    8 x 768   -1.12e-07  0.02000  -0.1083  0.1109  8.00 8.00 7.97 2.91
  base_model.model.h.0.lora_B.weight  f32    2304 x 8  -1.12e-07  0.02000  -0.1083  0.1109  8.00 8.00 7.97 2.91

  no findings
)T");
}

TEST_CASE("an adapter in ASCII") {
  CHECK(file_text(sound_adapter(), ascii()) == R"T(adapter.safetensors: safetensors, 2 float32 tensors, 24,576 parameters

  size          101,336 bytes (99.0 KiB)
  sha256        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
  xxh3          99aa06d3014798d86001c324468d497f
  header bytes  3,024
  tensors       2  f32  24,576 parameters  98,304 bytes (96.0 KiB)
  pickle        none
  bytes         [mm##########################################################]
                # tensor data 98,304 (97.0 %)   : structure 8 (< 0.1 %)
                m metadata 3,024 (3.0 %)
  metadata      format  pt

  names begin with base_model.model.h.0. and end with .weight
  tensor        dtype  shape         mean     std     min    max  entropy
  ...lora_A...  f32    8 x 768   -1.1e-07  0.0200  -0.108  0.111     7.43
  ...lora_B...  f32    2304 x 8  -1.1e-07  0.0200  -0.108  0.111     7.43

  no findings
)T");
}

TEST_CASE("headerless numbers come with the reasons of the guess") {
  CHECK(file_text(headerless(), columns(80)) == R"T(up-param.bin: headerless numbers, most likely float32 little-endian, 8192 x 4096

  size      134,217,728 bytes (128 MiB)
  sha256    e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
  xxh3      99aa06d3014798d86001c324468d497f
  why       the exponent holds 2.9 of 8 bits
            f16, bf16 and f64 readings do not fit
  shapes    8192 x 4096, 4096 x 8192, 2097152 x 16
  bytes     [████████████████████████████████████████████████████████████]
            █ tensor data 134,217,728 (100 %)

  tensor   dtype  shape            mean     std     min    max  entropy
  (whole)  f32    8192 x 4096  -1.1e-07  0.0200  -0.108  0.111     7.43

  note     An up half alone is no adapter.                     lora.missing-down
           Ask for the file that holds the other half.
)T");
}

TEST_CASE("a dangerous pickle, NaN and bytes that nothing claims") {
  CHECK(file_text(dangerous(), columns(80)) == R"T(evil.bin: PyTorch zip archive, 1 float32 tensor, 16 parameters

  size      181 bytes
  NaN       3 values
  pickle    dangerous: os.system is called at offset 42
            torch.load(weights_only=True) refuses it at offset 2: GLOBAL os
            system
  bytes     [▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓█████████████████████??????]
            █ tensor data 64 (35.4 %)   ▓ payload 100 (55.2 %)
            ? unclaimed 17 (9.4 %)

  tensor  dtype  shape      mean     std     min    max  nan  entropy
  w       f32    4 x 4  -1.1e-07  0.0200  -0.108  0.111    3     7.43

  offset  bytes  kind  label
     164     17  gap   not claimed

  error    unpickling would call os.system               pickle.dangerous-global
           at offset 42
           Do not load this file; take a safetensors copy from a source you
           trust.
  warning  17 bytes follow the end of the archive        container.trailing-data
           at offset 164, 17 bytes
           Loaders ignore what follows the weights; look at it before you pass
           the file on.
)T");
}

TEST_CASE("verbose: globals and regions too") {
  CHECK(file_text(dangerous(), verbose(columns(80))) == R"T(evil.bin: PyTorch zip archive, 1 float32 tensor, 16 parameters

  size      181 bytes
  NaN       3 values
  pickle    dangerous: os.system is called at offset 42
            torch.load(weights_only=True) refuses it at offset 2: GLOBAL os
            system
            os.system is called at offset 42 (dangerous)
            collections.OrderedDict is called at offset 60 (inert)
  bytes     [▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓█████████████████████??????]
            █ tensor data 64 (35.4 %)   ▓ payload 100 (55.2 %)
            ? unclaimed 17 (9.4 %)

  tensor  dtype  shape      mean     std     min    max  nan  entropy
  w       f32    4 x 4  -1.1e-07  0.0200  -0.108  0.111    3     7.43

  offset  bytes  kind     label
       0    100  payload  data.pkl
     164     17  gap      not claimed

  error    unpickling would call os.system               pickle.dangerous-global
           at offset 42
           Do not load this file; take a safetensors copy from a source you
           trust.
  warning  17 bytes follow the end of the archive        container.trailing-data
           at offset 164, 17 bytes
           Loaders ignore what follows the weights; look at it before you pass
           the file on.
)T");
}

TEST_CASE("headers only: places instead of figures") {
  CHECK(file_text(headers_only(), columns(80)) == R"T(quick.safetensors: safetensors, 2 float32 tensors, 601 parameters

  size      3,404 bytes (3.32 KiB)
  tensors   2  f32  601 parameters  2,404 bytes (2.35 KiB)
  pickle    none
  bytes     [░░░░░░░░░░░░░░░░░░██████████████████████████████████████████]
            █ tensor data 2,404 (70.6 %)   ░ structure 1,000 (29.4 %)

  tensor    dtype  shape    offset  bytes
  a.weight  f32    300 x 2   1,000  2,400
  b         f32    scalar    3,400      4

  no findings
)T");
}

TEST_CASE("a hostile file cannot reach the terminal") {
  CHECK(file_text(hostile(), columns(80)) == R"T(dir/\x1b[2Jcls\u{202e}.bin: PyTorch zip archive, 2 tensors, 4 parameters

  size          17 bytes
  comment\x1b[1m  \x07
  names         \xff, ok\x0a
  tensors       1  f\x1b[31m  2 parameters  8 bytes
                1  f32        2 parameters  8 bytes
  unread        1 tensor: no\x1b[0m
  pickle        unknown: m\x1b.n\xff is named at offset 1, not known to be
                harmless
                torch.load(weights_only=True) refuses it: \x1b[8m
  bytes         [████████████████████████████████████████████████████████????]
                █ tensor data 16 (94.1 %)   ? unclaimed 1 (5.9 %)
  metadata      k\x9b   v\u{200b}\x0d\x0a::error::x
                nested  object of 1 member

  tensor            dtype      shape      mean     std     min    max  entropy
  \x1b]0;owned\x07  f\x1b[31m  2      -1.1e-07  0.0200  -0.108  0.111     7.43
  a\x00b            f32        2      -1.1e-07  0.0200  -0.108  0.111     7.43

  offset  bytes  kind  label
      16      1  gap   gap\x1b[5m

  error    bad \x1b[31m name \xff                                            x.y
           at offset 0, 4 bytes, tensor t\u{202e}
)T");
}
