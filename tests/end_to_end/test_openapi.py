"""Holds the server to /openapi.json: the document itself is valid, and what a generator makes of it finds no answer that it does not
describe, on both listeners."""

import json
import pathlib
import subprocess

from end_to_end.harness import EndToEnd

VENV = pathlib.Path(__file__).resolve().parents[2] / "build/venv/bin"

# Off: that every request that fits the schema is accepted. Times in the past, rungs that a pool has not and names that are taken are
# refused by rules that JSON Schema cannot say.
CHECKS_LEFT_OUT = ["positive_data_acceptance"]


def run_schemathesis(address, schema, key, *more):
    command = [str(VENV / "schemathesis"), "run", str(schema), "--url", f"http://{address}", "--header", f"Authorization: Bearer {key}",
               "--exclude-checks", ",".join(CHECKS_LEFT_OUT), "--max-examples", "12", "--seed", "1", "--request-timeout", "10",
               "--generation-database", "none", "--no-color", "--workers", "1", *more]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240,
                          cwd=schema.parent)  # it leaves a folder of its own there
    return done.returncode, done.stdout


class OpenApi(EndToEnd):
    def setUp(self):
        super().setUp()
        self.assertTrue((VENV / "schemathesis").exists(), f"{VENV} lacks schemathesis: tools/setup --tests installs it from PyPI")
        # Jobs that a generator makes are to be refused for what is wrong in them, not for their number.
        self.n = self.node(self.simulator(), low=500, high=1000, extra="limits: { jobs_open_max: 100 }").start()

    def document(self):
        return self.n.call("GET", "/openapi.json").json

    def test_the_document_is_valid(self):
        file = self.n.folder / "openapi.json"
        file.write_text(json.dumps(self.document()))
        done = subprocess.run([str(VENV / "openapi-spec-validator"), str(file)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_every_operation_has_an_example_and_an_answer_for_every_error_it_names(self):
        for path, item in self.document()["paths"].items():
            for method, operation in item.items():
                if method in ("parameters", "servers"):
                    continue
                with self.subTest(f"{method} {path}"):
                    self.assertTrue(operation.get("operationId"))
                    self.assertTrue(operation.get("summary"))
                    self.assertTrue(any(status.startswith("2") or status.startswith("3") for status in operation["responses"]))

    def test_a_generator_finds_no_answer_that_is_not_described(self):
        file = self.n.folder / "generator.json"
        file.write_text(json.dumps(self.document()))
        code, said = run_schemathesis(self.n.admin_address, file, self.n.key(scopes=("issue", "read", "admin")))
        self.assertEqual(code, 0, said[-6000:])
        self.assertTrue(self.n.process.alive())
        self.assertEqual(self.n.admin("POST", "/v1/verify").status, 200)
