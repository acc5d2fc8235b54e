#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Validates what upinspect prints against the schemas of docs/schema.

    validate_schema.py [--ndjson] FILE...     "-" is stdin

A file whose name ends in .ndjson, or any file with --ndjson, is read line by line. Exit code 0: all valid; 1: not valid, or a
key is repeated; 77: the jsonschema module is not there.
"""
import argparse
import json
import os
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("skipped: the Python module jsonschema 4 is not installed")
    sys.exit(77)

SCHEMAS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "schema")


def unique(pairs):
    """An object; a repeated key, which json.loads would let pass, is an error."""
    members = dict(pairs)
    if len(members) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError("repeated key: " + ", ".join(sorted({key for key in keys if keys.count(key) > 1})))
    return members


def refuse(constant):
    raise ValueError(constant + " is no JSON")


def validator_for(schema_id):
    """The validator of "upinspect.file/1", which lies in file-1.schema.json."""
    name = schema_id.removeprefix("upinspect.").replace("/", "-") + ".schema.json"
    with open(os.path.join(SCHEMAS, name), encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def branch(validator, document):
    """The part of the schema that a document falls under, so that its errors name the place that is wrong."""
    form = "line" if {"artifact", "subject"} & set(document) else "document"
    if form == "document" and "last_line" in validator.schema["$defs"] and "subjects" not in document:
        form = "last_line"
    return validator.evolve(schema={"$ref": "#/$defs/" + form, **{k: validator.schema[k] for k in ("$defs", "$schema")}})


def errors_of(text, validators):
    try:
        document = json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
        schema_id = document["schema"]
        if schema_id not in validators:
            validators[schema_id] = validator_for(schema_id)
        validator = branch(validators[schema_id], document)
    except (ValueError, KeyError, TypeError, OSError) as error:
        return [f"{type(error).__name__}: {error}"]
    found = sorted(validator.iter_errors(document), key=lambda error: list(map(str, error.absolute_path)))
    return [f"{error.json_path}: {error.message[:200]}" for error in found] + sum_errors(document)


def sum_errors(document):
    """What a schema cannot say: the coverage map covers the file."""
    errors = []
    for artifact in document.get("artifacts", [document["artifact"]] if "artifact" in document else []):
        coverage = artifact.get("coverage", {})
        regions = coverage.get("regions", [])
        if regions and coverage["labelled"] + coverage["gaps"] != artifact["size"]:
            errors.append(f"{artifact['path']}: labelled + gaps is not the size")
        position = 0
        for region in regions:
            if region["offset"] != position:
                errors.append(f"{artifact['path']}: regions leave off at {position} and go on at {region['offset']}")
            position = region["offset"] + region["length"]
        if regions and position != artifact["size"]:
            errors.append(f"{artifact['path']}: regions end at {position} of {artifact['size']}")
    return errors


def texts_of(path, ndjson):
    stream = sys.stdin.buffer if path == "-" else open(path, "rb")
    with stream:
        content = stream.read().decode("utf-8")
    return content.splitlines() if ndjson or path.endswith(".ndjson") else [content]


def main():
    parser = argparse.ArgumentParser(description="Validates JSON that upinspect printed.")
    parser.add_argument("--ndjson", action="store_true", help="one document per line")
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    validators = {}
    failed = 0
    for path in arguments.files:
        for number, text in enumerate(texts_of(path, arguments.ndjson), 1):
            for error in errors_of(text, validators):
                print(f"{path}:{number}: {error}")
                failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
