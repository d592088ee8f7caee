"""Every status that /openapi.json gives an operation, provoked over the wire: status, type, header fields and body must be as described.
A described status that no request gets fails, and so does one that comes and is not described; the same holds for problem codes."""

from end_to_end import status_cases_away, status_cases_jobs, status_cases_well, status_cases_wrong, status_of_all
from end_to_end.document import Document
from end_to_end.harness import EndToEnd, call
from end_to_end.status_world import CASES, World

# Described for the programs that meet them one day, and not to be had from outside at will.
CODES_NOT_PROVOKED = {
    "internal",  # a fault in qrwell itself
    "shutting_down",  # only of a request that waits for a part of the node in the moment in which that ends
}


class EveryStatus(EndToEnd):
    def setUp(self):
        super().setUp()
        self.w = World(self)
        self.document = Document(self.w.n.call("GET", "/openapi.json").json)
        self.operations = self.w.operations = self.document.operations()
        self.seen = {}  # (operationId, status) -> answers

    def keep(self, name, answers):
        for answer in answers:
            self.seen.setdefault((name, answer.status), []).append(answer)

    def ask_what_all_may_answer(self):
        for name, operation in self.operations.items():
            for status in operation.responses():
                self.keep(name, status_of_all.provoke(self.w, operation, status))
            self.keep(name, status_of_all.odd(self.w, operation))
        for provoke in (status_of_all.too_late, status_of_all.no_place):
            for name, answer in provoke(self.w, self.operations.values()).items():
                self.keep(name, [answer])

    def ask_what_each_may_answer(self):
        for (name, status), functions in CASES.items():
            for function in functions:
                self.w.asked = name
                with self.subTest(operation=name, status=status, case=function.__name__):
                    answers = list(function(self.w))
                    self.keep(name, answers)
                    self.assertIn(status, [a.status for a in answers], answers)

    def ask_while_the_store_is_away(self):
        w = self.w
        for trouble in (w.store_locked, w.store_silent):
            w.spare, w.unseen = w.bind(), [w.bind() for _ in range(4)]
            calls = status_cases_away.calls(w)
            with trouble():
                for name, answer in zip(calls, status_cases_away.at_once(list(calls.values()))):
                    self.keep(name, [answer])
        w.n.verify()

    def test_every_status_comes_as_it_is_described(self):
        self.ask_what_each_may_answer()
        self.ask_what_all_may_answer()
        self.ask_while_the_store_is_away()
        for (name, status), answers in self.seen.items():
            for answer in answers:
                with self.subTest(operation=name, status=status):
                    self.assertEqual(self.operations[name].faults(answer), [], answer)
        described = {(name, status) for name, operation in self.operations.items() for status in operation.responses()}
        self.assertEqual(sorted(described - set(self.seen)), [], "described, and no case gets it: add one, or take it out of the document")
        self.check_codes()

    def check_codes(self):
        problems = [a.json for answers in self.seen.values() for a in answers if a.headers.get("content-type") == "application/problem+json"]
        for problem in problems:
            self.assertRegex(problem["detail"], r"\S+ \S+ \S+", "a sentence")
        self.assertEqual(len({(p["code"], p["title"], p["retryable"]) for p in problems}), len({p["code"] for p in problems}), "one title for a code")
        seen = {problem["code"] for problem in problems} | {"method_not_allowed"}
        self.assertEqual(self.document.problem_codes() - seen, CODES_NOT_PROVOKED)

    def test_every_get_answers_head_and_every_path_options_and_405(self):
        common = self.document.document["components"]["responses"]
        for name, operation in self.operations.items():
            address, path = self.w.address_of(operation), self.w.path_of(operation)
            with self.subTest(operation=name):
                if operation.method == "GET":
                    answer = call(address, "HEAD", path, headers={"Authorization": f"Bearer {self.w.boss}"})
                    self.assertEqual((answer.status, self.document.faults_of_answer(answer, operation.responses()[200], head=True)), (200, []))
                options = call(address, "OPTIONS", path)
                self.assertEqual((options.status, options.body), (204, b""))
                self.assertIn(operation.method, options.headers["allow"].split(", "))
                wrong = call(address, "PUT", path)
                self.assertEqual((wrong.status, self.document.faults_of_answer(wrong, common["MethodNotAllowed"])), (405, []))
        nowhere = call(self.w.n.address, "GET", "/v1/nowhere")
        self.assertEqual((nowhere.status, self.document.faults_of_answer(nowhere, common["NoSuchPath"])), (404, []))

    def test_what_operators_call_is_not_on_the_open_listener(self):
        for name, operation in self.operations.items():
            path = self.w.path_of(operation)
            on_open = call(self.w.n.address, "OPTIONS", path)
            with self.subTest(operation=name):
                self.assertEqual(on_open.status, 404 if operation.is_operators else 204, on_open)
                self.assertEqual(call(self.w.n.admin_address, "OPTIONS", path).status, 204)


# The cases register themselves as they are read.
assert status_cases_jobs and status_cases_well and status_cases_wrong
