# SPDX-License-Identifier: Apache-2.0
"""Python reading the header of safetensors and printing it."""

import json
import struct
import sys

with open(sys.argv[1], "rb") as file:
    print(json.dumps(json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))))
