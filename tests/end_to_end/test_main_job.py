"""The main job: a code is fetched, stocked, bound, shown, scanned; and everything that a client may do wrong on the way."""

import concurrent.futures
import json
import socket

from end_to_end.harness import EndToEnd, call, wait_until


class MainJob(EndToEnd):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shared = None

    def setUp(self):
        super().setUp()
        self.sim = self.simulator("--latency", "5:20")
        self.n = self.node(self.sim).start()
        self.key = self.n.key()
        self.n.wait_for_stock(100)

    def test_a_code_from_the_shelf_to_the_phone(self):
        created = self.n.issue(self.key, query={"id": 7, "new": True}, tags=["spring"], expires_in=3600)
        self.assertEqual(created.status, 201, created)
        code = created.json
        self.assertEqual(
            set(code),
            {"id", "pool", "kind", "state", "version", "path", "query", "tags", "image_url", "rung", "created_at", "expires_at"})
        self.assertEqual((code["pool"], code["kind"], code["state"], code["version"], code["rung"]), ("default", "wxacode", "bound", 1, "stock"))
        self.assertEqual(code["query"], {"id": 7, "new": True})
        self.assertEqual(created.headers["location"], f"/v1/codes/{code['id']}")
        self.assertRegex(code["id"], r"^[0-9A-Za-z][-0-9A-Z_a-z]{19}$")
        self.assertEqual(code["image_url"], f"http://{self.n.address}/v1/codes/{code['id']}/image")

        image = self.n.call("GET", f"/v1/codes/{code['id']}/image")
        self.assertEqual(image.status, 200)
        self.assertEqual(image.headers["content-type"], "image/jpeg")
        self.assertTrue(image.body.startswith(b"\xff\xd8\xff"))
        self.assertIn(b"scene=" + code["id"].encode(), image.body)
        again = self.n.call("GET", f"/v1/codes/{code['id']}/image", headers={"If-None-Match": image.headers["etag"]})
        self.assertEqual((again.status, again.body), (304, b""))
        part = self.n.call("GET", f"/v1/codes/{code['id']}/image", headers={"Range": "bytes=0-2"})
        self.assertEqual((part.status, part.body), (206, b"\xff\xd8\xff"))

        for _ in range(5):
            scene = self.n.call("GET", f"/v1/scenes/{code['id']}?launch=1047")
            self.assertEqual(scene.status, 200, scene)
            self.assertEqual(
                scene.json, {"id": code["id"], "path": "pages/house/detail", "query": {"id": 7, "new": True},
                             "url": "pages/house/detail?id=7&new=true", "version": 1})

        def counted():
            shown = self.n.call("GET", f"/v1/codes/{code['id']}", key=self.key).json
            return shown["scans"] == {"total": 5, "by_launch": {"1047": 5}} and shown

        shown = wait_until(counted, 20, "five scans to be counted")
        self.assertEqual(shown["history"][0]["op"], "bind")
        self.assertEqual(shown["tags"], ["spring"])
        self.n.verify()

    def test_the_picture_itself_as_the_answer(self):
        answer = self.n.issue(self.key, headers={"Accept": "image/*", "Idempotency-Key": "brochure-1"})
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(answer.headers["content-type"], "image/jpeg")
        self.assertIn(b"scene=" + answer.headers["qrwell-code-id"].encode(), answer.body)

    def test_p5_a_retry_gets_the_same_code(self):
        first = self.n.issue(self.key, query={"a": 1}, headers={"Idempotency-Key": "order-1"})
        second = self.n.issue(self.key, query={"a": 1}, headers={"Idempotency-Key": "order-1"})
        self.assertEqual((first.status, second.status), (201, 200))
        self.assertEqual(second.headers["idempotency-replayed"], "true")
        self.assertEqual(first.json["id"], second.json["id"])
        self.assert_problem(self.n.issue(self.key, query={"a": 2}, headers={"Idempotency-Key": "order-1"}), 422, "idempotency_reuse")
        other = self.n.key("other")
        self.assertEqual(self.n.issue(other, query={"a": 2}, headers={"Idempotency-Key": "order-1"}).status, 201)

    def test_p5_forty_at_once_with_one_key_get_one_code(self):
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(lambda _: self.n.issue(self.key, headers={"Idempotency-Key": "same"}), range(40)))
        self.assertEqual(len({a.json["id"] for a in answers}), 1)
        self.assertEqual(sorted(a.status for a in answers), [200] * 39 + [201])

    def test_p1_codes_handed_out_at_once_are_all_different(self):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda i: self.n.issue(self.key, query={"i": i}), range(80)))
        self.assertEqual({a.status for a in answers}, {201}, [a for a in answers if a.status != 201][:3])
        self.assertEqual(len({a.json["id"] for a in answers}), 80)
        for i, answer in enumerate(answers):
            self.assertEqual(self.n.call("GET", f"/v1/scenes/{answer.json['id']}").json["query"], {"i": i})

    def test_what_a_client_may_get_wrong_is_said_with_its_place(self):
        good = {"path": "pages/a"}
        cases = [
            ({}, "path"),
            ({"path": "/pages/a"}, "path"),
            ({"path": "pages/a?x=1"}, "path"),
            ({"path": ""}, "path"),
            ({"path": "p" * 513}, "path"),
            ({"path": 5}, "path"),
            ({**good, "query": [1]}, "query"),
            ({**good, "query": {"a": {"b": 1}}}, "query"),
            ({**good, "query": {"a": "x" * 2100}}, "query"),
            ({**good, "tags": "spring"}, "tags"),
            ({**good, "tags": ["x"] * 9}, "tags"),
            ({**good, "tags": ["x" * 33]}, "tags"),
            ({**good, "expires_at": "yesterday"}, "expires_at"),
            ({**good, "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
            ({**good, "expires_in": 0}, "expires_in"),
            ({**good, "expires_in": 5, "expires_at": "2099-01-01T00:00:00Z"}, "expires"),
            ({**good, "on_empty": ["magic"]}, "on_empty"),
            ({**good, "colour": "red"}, "colour"),
        ]
        for body, field in cases:
            with self.subTest(body=str(body)[:80]):
                self.assert_problem(self.n.call("POST", "/v1/codes", body, self.key), 400, "invalid_request", field)
        for raw in (b"", b"{", b"[]", b'"x"', b'{"path":"a","path":"b"}', b"\xff\xfe", b"[" * 100):
            with self.subTest(raw=raw[:20]):
                answer = self.n.call("POST", "/v1/codes", raw, self.key, {"Content-Type": "application/json"})
                self.assert_problem(answer, 400, "invalid_request")
        self.assert_problem(self.n.issue(self.key, pool="nowhere"), 400, "invalid_request", "nowhere")
        self.assert_problem(self.n.issue(self.key, headers={"Idempotency-Key": "k" * 129}), 400, "invalid_request", "Idempotency-Key")
        self.assertEqual(self.n.verify()["ok"], True)

    def test_who_may_do_what(self):
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic abc"},
                        {"Authorization": "Bearer qw_shop_" + "A" * 43}):
            with self.subTest(headers=headers):
                answer = self.n.call("POST", "/v1/codes", {"path": "pages/a"}, headers=headers)
                self.assert_problem(answer, 401, "unauthorized")
                self.assertIn("bearer", answer.headers["www-authenticate"].lower())
        reader = self.n.key("reader", ["read"])
        self.assert_problem(self.n.issue(reader), 403, "forbidden", "issue")
        issuer = self.n.key("issuer", ["issue"])
        code = self.n.issue(issuer).json["id"]
        self.assert_problem(self.n.call("GET", f"/v1/codes/{code}", key=issuer), 403, "forbidden", "read")
        self.assert_problem(self.n.call("GET", f"/v1/codes/{code}", key=self.key), 404, "not_found")
        narrow = self.n.key("narrow", paths=["pages/house/"])
        self.assertEqual(self.n.issue(narrow).status, 201)
        self.assert_problem(self.n.issue(narrow, path="pages/other"), 403, "forbidden", "this path")
        self.assertEqual(self.n.admin("DELETE", "/v1/keys/issuer").status, 200)
        wait_until(lambda: self.n.issue(issuer).status == 401, 10, "the revoked key to be refused")
        self.assertEqual(self.n.call("GET", f"/v1/scenes/{code}").status, 200)

    def test_a_rate_is_kept_and_told(self):
        slow = self.n.key("slow", rate_per_s=2)
        answers = [self.n.issue(slow) for _ in range(6)]
        refused = [a for a in answers if a.status == 429]
        self.assertGreaterEqual(len(refused), 2)
        self.assert_problem(refused[0], 429, "rate_limited")
        self.assertGreaterEqual(int(refused[0].headers["retry-after"]), 1)
        self.assertEqual(answers[0].headers["ratelimit-limit"], "2")

    def test_unknown_paths_methods_and_hosts(self):
        self.assert_problem(self.n.call("GET", "/v2/codes"), 404, "not_found")
        wrong = self.n.call("DELETE", "/v1/codes", key=self.key)
        self.assertEqual(wrong.status, 405)
        self.assertIn("POST", wrong.headers["allow"])
        self.assert_problem(self.n.call("GET", "/v1/scenes/nonsense"), 404, "unknown_code")
        self.assert_problem(self.n.call("GET", "/v1/scenes/" + "A" * 20), 404, "unknown_code")
        self.assertEqual(self.n.call("GET", "/healthz").status, 404)
        self.assertEqual(self.n.call("GET", "/v1/keys").status, 404)
        self.assertEqual(self.n.call("GET", f"/v1/codes/{'A' * 20}/image").status, 404)

    def test_a_request_id_is_kept(self):
        answer = self.n.issue(self.key, headers={"X-Request-Id": "trace-77"})
        self.assertEqual(answer.headers["x-request-id"], "trace-77")
        problem = self.n.call("GET", "/v1/scenes/nonsense", headers={"X-Request-Id": "trace-78"})
        self.assertEqual(problem.json["request_id"], "trace-78")

    def test_an_expired_code_is_gone(self):
        code = self.n.issue(self.key, expires_in=1).json["id"]
        self.assertEqual(self.n.call("GET", f"/v1/scenes/{code}").status, 200)
        gone = wait_until(lambda: (a := self.n.call("GET", f"/v1/scenes/{code}")).status == 410 and a, 5, "the code to expire")
        self.assert_problem(gone, 410, "expired")
        self.assertEqual(self.n.call("GET", f"/v1/codes/{code}", key=self.key).json["state"], "expired")

    def test_p8_no_secret_is_in_the_log_the_metrics_or_the_status(self):
        self.n.issue(self.key)
        shown = self.n.process.text() + call(self.n.admin_address, "GET", "/metrics").body.decode() + json.dumps(self.n.status())
        token = call(self.sim.address, "GET", "/sim/state").body.decode()
        for secret in (self.key, self.n.admin_token, "simulated-secret"):
            self.assertNotIn(secret, shown)
        self.assertTrue(token)

    def test_health_version_metrics_and_openapi(self):
        ask = lambda path: call(self.n.admin_address, "GET", path)
        self.assertEqual(ask("/healthz").json, {"alive": True})
        for purpose in ("", "?for=issue", "?for=scan"):
            ready = ask("/readyz" + purpose)
            self.assertEqual(ready.status, 200, ready)
            self.assertTrue(all(c["ok"] for c in ready.json["checks"]))
        self.assertEqual(ask("/readyz?for=fun").status, 400)
        self.assertEqual(ask("/version").json["name"], "qrwell")
        self.n.issue(self.key)
        metrics = ask("/metrics")
        self.assertEqual(metrics.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertIn('qrwell_stock_codes{pool="default"}', metrics.body.decode())
        self.assertIn("qrwell_codes_issued_total", metrics.body.decode())
        api = self.n.call("GET", "/openapi.json").json
        self.assertEqual(api["openapi"][:3], "3.1")
        self.assertIn("/v1/codes", api["paths"])
        actors = self.n.admin("GET", "/v1/actors").json["actors"]
        self.assertLessEqual({"request_server", "binding_persister", "quota_manager", "pool_stocker", "http_frontend"}, {a["kind"] for a in actors})
        self.assertFalse([a for a in actors if a["state"] in ("dead", "stuck")])

    def test_pipelined_requests_are_answered_in_order(self):
        ids = [self.n.issue(self.key, query={"i": i}).json["id"] for i in range(3)]
        host, port = self.n.address.split(":")
        with socket.create_connection((host, int(port)), 5) as s:
            s.sendall(b"".join(f"GET /v1/scenes/{i} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for i in ids * 10))
            text = b""
            while text.count(b"HTTP/1.1 200") < 30 or not text.endswith(b"}"):
                text += s.recv(65536)
        order = [int(part.split(b"}")[0]) for part in text.split(b'"query":{"i":')[1:]]
        self.assertEqual(order, [0, 1, 2] * 10)
