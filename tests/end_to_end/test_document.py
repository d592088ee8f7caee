"""node/openapi.json by itself: every operation and every error has an example that fits its schema, and docs/api.md knows all of it."""

import json
import pathlib
import re
import unittest

from end_to_end.document import FIELDS_OF_ANY, Document, examples_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
BYTES = {"image/jpeg", "image/png", "image/svg+xml"}  # nothing that could be shown


class Examples(unittest.TestCase):
    def setUp(self):
        self.document = Document(json.loads((ROOT / "node/openapi.json").read_text()))
        self.operations = self.document.operations()

    def check(self, where, described, schema, is_json):
        examples = examples_of(described)
        with self.subTest(where):
            self.assertTrue(examples, "no example")
            for name, value in examples.items():
                self.assertEqual(self.document.faults_of_value(value, schema, closed=is_json), [], name)
        return examples

    def test_every_answer_has_an_example_that_fits(self):
        for name, operation in self.operations.items():
            for status, response in operation.responses().items():
                for kind, described in response.get("content", {}).items():
                    if kind in BYTES:
                        continue
                    examples = self.check(f"{name} {status} {kind}", described, described["schema"], kind.endswith("json"))
                    if kind == "application/problem+json":
                        with self.subTest(f"{name} {status}"):
                            self.assertEqual({(e["status"], e["type"]) for e in examples.values()},
                                             {(status, "/problems/" + e["code"]) for e in examples.values()})

    def test_every_request_body_and_needed_parameter_has_an_example_that_fits(self):
        for name, operation in self.operations.items():
            for kind, described in operation.request_bodies().items():
                self.check(f"{name} {kind}", described, described["schema"], False)
            for parameter in operation.parameters:
                if parameter.get("required") or examples_of(parameter):
                    self.check(f"{name} {parameter['name']}", parameter, parameter["schema"], False)

    def test_problems_have_one_title_wherever_they_are_shown(self):
        shown = {}
        for operation in self.operations.values():
            for response in operation.responses().values():
                for example in examples_of(response.get("content", {}).get("application/problem+json", {})).values():
                    shown.setdefault(example["code"], set()).add((example["title"], example["retryable"]))
        self.assertEqual({code: forms for code, forms in shown.items() if len(forms) > 1}, {})

    def test_examples_of_schemas_fit(self):
        def walk(thing, path):
            if isinstance(thing, dict):
                if isinstance(thing.get("examples"), list):
                    for value in thing["examples"]:
                        self.assertEqual(self.document.faults_of_value(value, thing), [], path)
                for name, inner in thing.items():
                    walk(inner, f"{path}/{name}")
            elif isinstance(thing, list):
                for number, inner in enumerate(thing):
                    walk(inner, f"{path}/{number}")
        walk(self.document.document["components"]["schemas"], "")


    def test_header_fields_of_any_answer_are_named_in_the_text(self):
        named = {name.lower() for name in re.findall(r"`([A-Za-z-]+)`", self.document.document["info"]["description"])}
        self.assertEqual(FIELDS_OF_ANY - named, set())


class ForPeople(unittest.TestCase):
    """docs/api.md against the document, both ways."""

    def setUp(self):
        self.document = Document(json.loads((ROOT / "node/openapi.json").read_text()))
        self.operations = self.document.operations().values()
        self.text = (ROOT / "docs/api.md").read_text()

    def test_each_call_is_named_and_each_named_call_is_there(self):
        there = {f"{operation.method} {operation.path}" for operation in self.operations}
        named = set(re.findall(r"`((?:GET|POST|PATCH|PUT|DELETE) /[^` ]*)`", self.text))
        self.assertEqual(sorted(there - named), [], "not in docs/api.md")
        self.assertEqual(sorted(named - there), [], "not in openapi.json")

    def test_each_parameter_is_named(self):
        missing = [f"{operation.id}: {parameter['name']}" for operation in self.operations for parameter in operation.parameters
                   if parameter["in"] in ("query", "header") and f"`{parameter['name']}`" not in self.text]
        self.assertEqual(missing, [])

    def test_each_problem_code_is_named_with_its_status_and_each_named_one_is_there(self):
        table = self.text.split("\n## Errors\n")[1].split("\n## ")[0]
        rows = re.findall(r"^\| ([0-9, ]+) \| ([^|]+) \|", table, re.MULTILINE)
        named = {code: {int(s) for s in statuses.split(", ")} for statuses, codes in rows for code in re.findall(r"`([a-z_]+)`", codes)}
        self.assertEqual(set(named), self.document.problem_codes())
        for operation in self.operations:
            for status, response in operation.responses().items():
                for example in examples_of(response.get("content", {}).get("application/problem+json", {})).values():
                    self.assertIn(status, named[example["code"]], f"{operation.id} {status} {example['code']}")

    def test_each_field_of_a_body_is_named(self):
        for name in ("IssueRequest", "BatchItem", "ChangeRequest", "KeyRequest", "RotateRequest", "PauseRequest", "FillRequest"):
            for field in self.document.document["components"]["schemas"][name]["properties"]:
                with self.subTest(schema=name, field=field):
                    self.assertTrue(re.search(rf"[`\"]{field}[`\"]", self.text), "not in docs/api.md")
