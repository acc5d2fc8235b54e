# SPDX-License-Identifier: Apache-2.0
"""Holds documents that the tool wrote against the schemas in docs/schema, where jsonschema is installed."""

try:
    import jsonschema  # noqa: F401
    from report.validate_schema import errors_of
except ImportError:
    errors_of = None

validators = {}


def valid_against_schema(checks, text, what):
    """A document, or a line of NDJSON."""
    if errors_of is not None:
        checks.equal(list(errors_of(text, validators)), [], f"schema of {what}")
