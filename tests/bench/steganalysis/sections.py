# SPDX-License-Identifier: Apache-2.0
"""The sections of the bench: each gives the lines of a table."""

from dataclasses import dataclass

from steganalysis import delta, honest, methods_table, power, real


@dataclass
class Size:
    """How much is run."""
    quick: bool = False
    honest: int | None = None

    def trials(self, full, quick=4):
        return quick if self.quick else full

    def some(self, values, quick):
        return [value for value in values if value in quick] if self.quick else list(values)


ALL = {
    "honest": honest.table,
    "real": real.table,
    "power": power.by_size,
    "types": power.by_type,
    "fill": power.filled_program,
    "deflate": power.filled_deflate,
    "random": power.filled_random,
    "partial": power.partial_random,
    "evil": power.evil_models,
    "upcast": power.upcast,
    "methods": methods_table.table,
    "delta": delta.table,
}
