"""/openapi.json as tests use it: its operations, what it says of an answer, and what an answer gets wrong of that."""

import importlib
import pathlib
import re
import sys

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
VENV = pathlib.Path(__file__).resolve().parents[2] / "build/venv"

# Fields that HTTP itself wants in every answer, and those that the document's own text says any answer may have.
PLAIN_FIELDS = {"date", "content-type", "content-length", "connection"}
FIELDS_OF_ANY = {"vary", "content-encoding", "server-timing", "access-control-allow-origin", "access-control-expose-headers"}


def schema_library():
    """jsonschema, of this machine or of build/venv; None where there is none."""
    for folder in ("", *VENV.glob("lib/python3*/site-packages")):
        if folder:
            sys.path.append(str(folder))
        try:
            return importlib.import_module("jsonschema")
        except ImportError:
            importlib.invalidate_caches()
    return None


class Document:
    def __init__(self, document):
        self.document = document
        self.jsonschema = schema_library()
        assert self.jsonschema, f"neither this Python nor {VENV} has jsonschema: tools/setup --tests installs it from PyPI"

    def resolved(self, thing):
        while isinstance(thing, dict) and "$ref" in thing:
            found = self.document
            for part in thing["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            thing = found
        return thing

    def operations(self):
        """{operationId: Operation}"""
        found = {}
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if method in METHODS:
                    assert operation["operationId"] not in found, operation["operationId"]
                    found[operation["operationId"]] = Operation(self, path, method, item, operation)
        return found

    def problem_codes(self):
        return set(self.document["components"]["schemas"]["ProblemCode"]["enum"])

    def faults_of_value(self, value, schema, closed=False):
        """What is wrong with a value, in words; `closed`: what the schema does not name is wrong as well."""
        whole = {"components": self.document["components"], "allOf": [schema]}
        if closed:
            whole["unevaluatedProperties"] = False
        library = self.jsonschema
        checker = library.Draft202012Validator(whole, format_checker=library.Draft202012Validator.FORMAT_CHECKER)
        return [f"{error.json_path}: {error.message[:300]}" for error in checker.iter_errors(value)]

    def faults_of_answer(self, answer, described, head=False):
        """`described`: a response object; `head`: of an answer to HEAD."""
        headers = {name.lower(): self.resolved(header) for name, header in described.get("headers", {}).items()}
        faults = [f"{name} is not described" for name in answer.headers if name not in headers and name not in PLAIN_FIELDS | FIELDS_OF_ANY]
        for name, header in headers.items():
            if name not in answer.headers:
                if header.get("required"):
                    faults.append(f"lacks {name}")
                continue
            value = answer.headers[name]
            if header["schema"].get("type") == "integer" and re.fullmatch("[0-9]+", value):
                value = int(value)
            faults += [f"{name}: {fault}" for fault in self.faults_of_value(value, header["schema"])]
        content = described.get("content", {})
        if not content or head:
            return faults + ([f"has a body: {answer}"] if answer.body else [])
        kind = answer.headers.get("content-type", "").split(";")[0]
        if kind not in content:
            return [*faults, f"is {kind!r}, described are {', '.join(content)}"]
        if kind.endswith("json"):
            faults += self.faults_of_value(answer.json, content[kind]["schema"], closed=True)
        return [*faults, *self.faults_of_problem(answer, kind, content[kind])]

    @staticmethod
    def faults_of_problem(answer, kind, described):
        if kind != "application/problem+json":
            return []
        problem, faults = answer.json, []
        if (problem["status"], problem["type"]) != (answer.status, f"/problems/{problem['code']}"):
            faults.append(f"status, type and code contradict each other: {problem}")
        if problem["request_id"] != answer.headers.get("x-request-id"):
            faults.append("the request_id is not that of the header")
        shown = {example["code"] for example in examples_of(described).values()}
        if problem["code"] not in shown:
            faults.append(f"the code {problem['code']!r} is in no example, those have {sorted(shown)}")
        return faults


class Operation:
    def __init__(self, document, path, method, item, operation):
        self.owner, self.path, self.method, self.operation = document, path, method.upper(), operation
        self.id = operation["operationId"]
        self.parameters = [document.resolved(p) for p in [*item.get("parameters", []), *operation.get("parameters", [])]]
        self.is_operators = bool(item.get("servers"))  # served by http.admin_listen alone
        self.tells_of_jobs = path.startswith(("/v1/jobs/{id}", "/v1/imports/{id}"))

    def responses(self):
        return {int(status): self.owner.resolved(response) for status, response in self.operation["responses"].items()}

    def request_bodies(self):
        return self.owner.resolved(self.operation.get("requestBody", {})).get("content", {})

    def faults(self, answer, head=False):
        """What an answer has that is not described, or lacks that is."""
        described = self.responses().get(answer.status)
        if described is None:
            return [f"{self.id} does not say that it may answer {answer}"]
        return self.owner.faults_of_answer(answer, described, head)


def examples_of(described):
    """{name: value} of a media type, a parameter or the like."""
    named = {name: example["value"] for name, example in described.get("examples", {}).items()}
    return {**named, **({"example": described["example"]} if "example" in described else {})}
