"""HTTP/1.1 as RFC 9110 and 9112 have it, byte for byte over a socket: what a client library would never send, too."""

import gzip
import json
import re
import socket
import unittest

from end_to_end.harness import EndToEnd, call, wait_until


class Raw:
    """One connection: bytes out, answers in."""

    def __init__(self, address, timeout_s=10.0):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout_s)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def say(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())
        return self

    def done(self):
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def more(self):
        try:
            part = self.socket.recv(65536)
        except ConnectionResetError:
            part = b""
        self.rest += part
        return part

    def answer(self, head=False):
        """(status, headers, body) of the next answer; None when the server has ended the connection."""
        while b"\r\n\r\n" not in self.rest:
            if not self.more():
                assert not self.rest, f"a cut answer: {self.rest!r}"
                return None
        top, self.rest = self.rest.split(b"\r\n\r\n", 1)
        line, *fields = top.decode().split("\r\n")
        assert line.startswith("HTTP/1.1 "), line
        status = int(line.split(" ", 2)[1])
        headers = {}
        for field in fields:
            name, value = field.split(": ", 1)
            headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
        size = 0 if head or status < 200 or status in (204, 304) else int(headers["content-length"])
        while len(self.rest) < size:
            assert self.more(), "a cut body"
        body, self.rest = self.rest[:size], self.rest[size:]
        return status, headers, body

    def answers(self):
        out = []
        while (one := self.answer()) is not None:
            out.append(one)
        return out


BODY = '{"path":"pages/house/detail"}'


class HttpByTheBook(EndToEnd):
    def setUp(self):
        super().setUp()
        self.n = self.node(self.simulator("--latency", "1:5"), low=60, high=120,
                           extra="limits: { header_timeout: 1s, body_timeout: 1s }").start()
        self.n.wait_for_stock(60)
        self.key = self.n.key()
        self.id = self.n.issue(self.key).json["id"]

    def raw(self, admin=False):
        return Raw(self.n.admin_address if admin else self.n.address)

    def fields(self, *more, key=True):
        lines = ["Host: h", *([f"Authorization: Bearer {self.key}"] if key else []), *more]
        return "".join(line + "\r\n" for line in lines)

    def post(self, *fields, body="", key=True, path="/v1/codes"):
        typed = [] if any(f.lower().startswith("content-type") for f in fields) else ["Content-Type: application/json"]
        return f"POST {path} HTTP/1.1\r\n{self.fields(*typed, *fields, key=key)}\r\n{body}"

    def get(self, path=None, *fields, version="1.1"):
        return f"GET {path or '/v1/scenes/' + self.id} HTTP/{version}\r\n{self.fields(*fields, key=False)}\r\n"

    def alive(self):
        """A connection that is used after its answer, to see whether it goes on."""
        return self.get("/v1/scenes/" + self.id)

    def test_each_request_has_the_status_that_the_rfc_gives_it(self):
        length = f"Content-Length: {len(BODY)}"
        scene = "/v1/scenes/" + self.id
        chunked = "Transfer-Encoding: chunked"
        ends = True
        table = [
            # what, bytes, status, whether the server ends the connection
            ("plain", self.get(), 200, False),
            ("a body", self.post(length, body=BODY), 201, False),
            ("chunks", self.post(chunked, body=f"5\r\n{BODY[:5]}\r\n{len(BODY) - 5:x};ext=1\r\n{BODY[5:]}\r\n0\r\nTrailer: x\r\n\r\n"), 201, False),
            ("a name in small letters", self.post(f"content-length:{len(BODY)}", body=BODY), 201, False),
            ("blank lines before a request", "\r\n\r\n" + self.get(), 200, False),
            ("absolute form", self.get(f"http://other:99{scene}"), 200, False),
            ("OPTIONS *", f"OPTIONS * HTTP/1.1\r\n{self.fields()}\r\n", 204, False),
            ("escaped letters", self.get("/v1/%73cenes/" + "".join(f"%{ord(c):02X}" for c in self.id)), 200, False),
            ("an escaped slash", self.get("/v1%2Fscenes/" + self.id), 404, False),
            ("dot segments", self.get("/v1/codes/../scenes/" + self.id), 404, False),
            ("escaped dot segments", self.get("/v1/scenes/%2e%2e/scenes/" + self.id), 404, False),
            ("an escaped NUL", self.get("/v1/scenes/a%00"), 400, False),
            ("half an escape", self.get("/v1/scenes/a%4"), 400, False),
            ("HTTP/1.0", "GET %s HTTP/1.0\r\n\r\n" % scene, 200, ends),
            ("HTTP/1.0 that goes on", "GET %s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" % scene, 200, False),
            ("Connection: close", self.get(None, "Connection: close"), 200, ends),
            ("Connection: close in a list", self.get(None, "Connection: x, Close"), 200, ends),
            ("a method nobody has", f"BREW {scene} HTTP/1.1\r\n{self.fields()}\r\n", 405, False),
            ("CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 501, ends),
            ("406 of an issue", self.post(length, "Accept: image/png", body=BODY), 406, False),
            ("411", self.post(), 411, ends),
            ("411 of a change", f"PATCH /v1/codes/{self.id} HTTP/1.1\r\n{self.fields()}\r\n", 411, ends),
            ("413", self.post("Content-Length: 65537"), 413, ends),
            ("413 of a batch", self.post("Content-Length: 4194305", path="/v1/codes/batch"), 413, ends),
            ("413 of a number beyond all", self.post("Content-Length: 99999999999"), 413, ends),
            ("413 of chunks", self.post(chunked, body="10001\r\n"), 413, ends),
            ("413 of many chunks", self.post(chunked, body=("8000\r\n" + "x" * 0x8000 + "\r\n") * 2 + "1\r\n"), 413, ends),
            ("414", "GET /" + "x" * 17000, 414, ends),
            ("415", self.post(length, "Content-Type: text/plain", body=BODY), 415, False),
            ("415 of an encoding", self.post(length, "Content-Encoding: gzip", body=BODY), 415, False),
            ("417", self.post(length, "Expect: a-miracle"), 417, ends),
            ("431 of a long field", "GET / HTTP/1.1\r\nHost: h\r\nX: " + "x" * 17000, 431, ends),
            ("431 of many fields", "GET / HTTP/1.1\r\nHost: h\r\n" + "X: y\r\n" * 3000, 431, ends),
            ("431 of a trailer", self.post(chunked, body="0\r\n" + "X: y\r\n" * 3000), 431, ends),
            ("501", self.post("Transfer-Encoding: gzip, chunked"), 501, ends),
            ("505", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505, ends),
            ("505 of HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, ends),
            ("HTTP/1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505, ends),
            # two readers could understand these differently: refused, and nothing of what follows is read
            ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, ends),
            ("no version", f"GET {scene}\r\n\r\n", 400, ends),
            ("a word too many", f"GET {scene} x HTTP/1.1\r\nHost: h\r\n\r\n", 400, ends),
            ("no Host", f"GET {scene} HTTP/1.1\r\n\r\n", 400, ends),
            ("two Hosts", f"GET {scene} HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400, ends),
            ("a Host that is none", f"GET {scene} HTTP/1.1\r\nHost: h, i\r\n\r\n", 400, ends),
            ("two lengths", self.post(length, "Content-Length: 0", body=BODY), 400, ends),
            ("two lengths that agree", self.post(length, length, body=BODY), 400, ends),
            ("a list of lengths", self.post(f"{length}, {len(BODY)}", body=BODY), 400, ends),
            ("a length with a sign", self.post("Content-Length: +2", body="{}"), 400, ends),
            ("a negative length", self.post("Content-Length: -1"), 400, ends),
            ("a hexadecimal length", self.post("Content-Length: 0x2", body="{}"), 400, ends),
            ("an empty length", self.post("Content-Length: "), 400, ends),
            ("length and chunks", self.post("Content-Length: 6", chunked, body="0\r\n\r\nGET"), 400, ends),
            ("chunks and length", self.post(chunked, "Content-Length: 6", body="0\r\n\r\nGET"), 400, ends),
            ("chunks twice", self.post(chunked, chunked, body="0\r\n\r\n"), 400, ends),
            ("chunks in HTTP/1.0", f"POST /v1/codes HTTP/1.0\r\n{self.fields(chunked)}\r\n0\r\n\r\n", 400, ends),
            ("a space before the colon", f"GET {scene} HTTP/1.1\r\nHost : h\r\n\r\n", 400, ends),
            ("a space before chunks' colon", self.post("Transfer-Encoding : chunked", body="0\r\n\r\n"), 400, ends),
            ("a folded field", f"GET {scene} HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400, ends),
            ("a folded first field", f"GET {scene} HTTP/1.1\r\n Host: h\r\n\r\n", 400, ends),
            ("LF alone", f"GET {scene} HTTP/1.1\nHost: h\n\n", 400, ends),
            ("LF alone in the middle", f"GET {scene} HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400, ends),
            ("CR alone", f"GET {scene} HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400, ends),
            ("NUL", f"GET {scene} HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", 400, ends),
            ("NUL in the target", f"GET {scene}\0 HTTP/1.1\r\nHost: h\r\n\r\n", 400, ends),
            ("a field without a name", f"GET {scene} HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n", 400, ends),
            ("a field without a colon", f"GET {scene} HTTP/1.1\r\nHost: h\r\nX\r\n\r\n", 400, ends),
            ("a chunk with a sign", self.post(chunked, body="+2\r\n{}\r\n0\r\n\r\n"), 400, ends),
            ("a chunk with 0x", self.post(chunked, body="0x2\r\n{}\r\n0\r\n\r\n"), 400, ends),
            ("a chunk that is longer than it says", self.post(chunked, body="1\r\n{}\r\n0\r\n\r\n"), 400, ends),
            ("a chunk with LF alone", self.post(chunked, body="2\n{}\n0\n\n"), 400, ends),
            ("no target", "GET  HTTP/1.1\r\nHost: h\r\n\r\n", 400, ends),
            ("a target without a slash", "GET v1/scenes HTTP/1.1\r\nHost: h\r\n\r\n", 400, ends),
            ("another scheme", "GET ftp://h/x HTTP/1.1\r\nHost: h\r\n\r\n", 400, ends),
        ]
        for what, data, status, closed in table:
            with self.subTest(what), self.raw() as c:
                c.say(data)
                got = c.answer()
                self.assertIsNotNone(got)
                self.assertEqual(got[0], status, got)
                self.assertRegex(got[1]["date"], r"^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$")
                if status >= 400:
                    self.assertEqual(got[1]["content-type"], "application/problem+json")
                    self.assertEqual(json.loads(got[2])["status"], status)
                self.assertEqual(got[1].get("connection", "keep-alive"), "close" if closed else "keep-alive", got)
                if closed:
                    c.done()
                    self.assertIsNone(c.answer(), "nothing is answered any more")
                else:
                    self.assertEqual(c.say(self.alive()).answer()[0], 200, "the connection goes on")
        self.assertTrue(self.n.verify()["ok"])

    def openapi(self):
        """(path as it is called, path as it is described, operations) of every call."""
        paths = json.loads(call(self.n.admin_address, "GET", "/openapi.json").body)["paths"]
        filled = {"/v1/pools/{name}": "default", "/v1/apps/{name}": "homes"}
        for path, operations in paths.items():
            real = path
            for beginning, name in filled.items():
                if path.startswith(beginning):
                    real = path.replace("{name}", name)
            real = re.sub(r"\{id\}", self.id, real)
            yield re.sub(r"\{[a-z_]+\}", "1", real), path, operations

    def test_head_is_get_without_the_body_on_every_path(self):
        token = f"Authorization: Bearer {self.n.admin_token}"
        # Their content is another one each time.
        living = ("/v1/status", "/metrics", "/v1/actors", "/v1/apps", "/v1/nodes", "/v1/pools", "/readyz", "/v1/audit", "/v1/stats", "/v1/keys")
        seen = 0
        for real, path, operations in self.openapi():
            if "get" not in operations:
                continue
            for coding in ("identity", "gzip"):
                with self.subTest(path, coding=coding), self.raw(admin=True) as c:
                    lines = f"Host: h\r\n{token}\r\nX-Request-Id: same\r\nAccept-Encoding: {coding}\r\n\r\n"
                    get = c.say(f"GET {real} HTTP/1.1\r\n{lines}").answer()
                    head = c.say(f"HEAD {real} HTTP/1.1\r\n{lines}").answer(head=True)
                    self.assertEqual(c.say(self.alive()).answer()[0], 200, "HEAD sent no body")
                    changing = {"date", "server-timing"} | ({"content-length"} if path.startswith(living) else set())
                    self.assertEqual(get[0], head[0])
                    self.assertEqual(get[1].keys(), head[1].keys())
                    self.assertEqual({k: v for k, v in get[1].items() if k not in changing},
                                     {k: v for k, v in head[1].items() if k not in changing})
                    seen += 1
        self.assertGreater(seen, 30)

    def test_405_and_options_name_the_methods_of_every_path(self):
        for real, path, operations in self.openapi():
            with self.subTest(path), self.raw(admin=True) as c:
                methods = {m.upper() for m in operations if m in ("get", "post", "put", "patch", "delete")}
                methods |= {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
                for method, status in (("PUT", 405), ("TRACE", 405), ("OPTIONS", 204)):
                    got = c.say(f"{method} {real} HTTP/1.1\r\nHost: h\r\n\r\n").answer()
                    self.assertEqual(got[0], status, got)
                    self.assertEqual(set(got[1]["allow"].split(", ")), methods)

    def test_411_comes_from_those_calls_that_are_described_with_it_and_no_other(self):
        for real, path, operations in self.openapi():
            for method in {"post", "patch", "delete"} & operations.keys():
                with self.subTest(f"{method} {path}"), self.raw(admin=True) as c:
                    got = c.say(f"{method.upper()} {real} HTTP/1.1\r\n{self.fields(key=False)}\r\n").answer()
                    self.assertEqual(got[0] == 411, "411" in operations[method]["responses"], got)

    def test_100_is_sent_only_when_the_body_is_wanted(self):
        expect = "Expect: 100-continue"
        length = f"Content-Length: {len(BODY)}"
        with self.raw() as c:
            self.assertEqual(c.say(self.post(expect, length)).answer()[0], 100)
            self.assertEqual(c.say(BODY).answer()[0], 201)
            self.assertEqual(c.say(self.post(expect, length, body=BODY)).answer()[0], 201, "who does not wait needs no 100")
        refused = [
            (self.post(expect, "Content-Length: 65537"), 413), (self.post(expect, length, key=False), 401),
            (self.post(expect, length, path="/v1/nothing"), 404), (self.post(expect, length, path="/v1/scenes/x"), 405),
            (self.post(expect, length, "Content-Encoding: gzip"), 415), (self.post("Expect: 200-ok", length), 417),
        ]
        for data, status in refused:
            with self.subTest(status=status), self.raw() as c:
                c.say(data)  # and no body
                got = c.answer()
                self.assertEqual((got[0], got[1].get("connection")), (status, "close"), got)
                self.assertIsNone(c.done().answer())

    def test_answers_come_in_the_order_of_the_requests(self):
        length = f"Content-Length: {len(BODY)}"
        requests, statuses = [], []
        for i in range(24):
            kind = i % 6
            requests.append([self.get(), self.post(length, body=BODY), self.get("/nowhere"), self.get(f"/v1/codes/{self.id}/image"),
                             self.post(length, "Content-Type: text/plain", body=BODY), f"GET /v1/codes?limit=5 HTTP/1.1\r\n{self.fields()}\r\n"][kind])
            statuses.append([200, 201, 404, 200, 415, 200][kind])
        with self.raw() as c:
            got = c.say("".join(requests) + self.get(None, "Connection: close") + self.get()).answers()
        self.assertEqual([g[0] for g in got], statuses + [200], "and nothing after the last")
        self.assertEqual(got[3][1]["content-type"], "image/jpeg")
        with self.raw() as c:  # one that is wrong ends it, and those before are answered
            got = c.say("".join(requests[:4]) + "GET / HTTP/9.9\r\n\r\n" + requests[0]).answers()
        self.assertEqual([g[0] for g in got], statuses[:4] + [505])

    def test_who_has_said_all_still_gets_the_answers(self):
        with self.raw() as c:
            got = c.say(self.get() + self.post(f"Content-Length: {len(BODY)}", body=BODY) + self.get()).done().answers()
        self.assertEqual([g[0] for g in got], [200, 201, 200])
        with self.raw() as c:  # half a request is none
            self.assertEqual(c.say(self.post(f"Content-Length: {len(BODY)}", body=BODY[:5])).done().answers(), [])

    def test_a_slow_client_is_served_and_one_that_is_too_slow_gets_408(self):
        request = self.post(f"Content-Length: {len(BODY)}", body=BODY) + self.get()
        with self.raw() as c:
            c.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in request.encode():
                c.say(bytes([byte]))
            self.assertEqual([c.answer()[0], c.answer()[0]], [201, 200])
        for unfinished in ("GET / HT", self.post("Content-Length: 10", body="{")):
            with self.subTest(unfinished[:8]), self.raw() as c:
                got = c.say(self.get() + unfinished).answers()
                self.assertEqual([g[0] for g in got], [200, 408])
                self.assertEqual(got[1][1]["connection"], "close")

    def test_conditions_hold_as_their_tags_say(self):
        for path, key in ((f"/v1/codes/{self.id}/image", False), (f"/v1/codes/{self.id}", True)):
            tag = self.n.call("GET", path, key=self.key).headers["etag"]
            for value, status in ((tag, 304), ("W/" + tag, 304), (f'"a", W/"b" , {tag}', 304), ("*", 304), ('"a"', 200), (tag[:-1], 200)):
                with self.subTest(path=path, value=value):
                    got = self.n.call("GET", path, key=self.key if key else None, headers={"If-None-Match": value})
                    self.assertEqual(got.status, status)
                    if status == 304:
                        self.assertEqual(got.headers["etag"], tag)
                        self.assertIn("cache-control", got.headers)
                        self.assertEqual(got.body, b"")

    def test_what_shrinks_well_is_packed_for_who_takes_it(self):
        key = self.n.key("lister", ("issue", "read"))
        for _ in range(12):
            self.n.issue(key)
        admin = self.n.admin_token
        cases = [(self.n.address, "/v1/codes?limit=50", key), (self.n.address, "/openapi.json", None), (self.n.admin_address, "/metrics", None),
                 (self.n.admin_address, "/v1/status", admin)]
        for address, path, who in cases:
            auth = {"Authorization": f"Bearer {who}"} if who else {}
            with self.subTest(path):
                plain = call(address, "GET", path, headers=auth)
                packed = call(address, "GET", path, headers={**auth, "Accept-Encoding": "br;q=1, gzip;q=0.8"})
                self.assertEqual(plain.headers.get("content-encoding"), None)
                self.assertEqual(packed.headers["content-encoding"], "gzip")
                self.assertEqual((plain.headers["vary"], packed.headers["vary"]), ("Accept-Encoding",) * 2)
                self.assertLess(len(packed.body) * 2, len(plain.body))
                unpacked = gzip.decompress(packed.body)
                if path in ("/v1/codes?limit=50", "/openapi.json"):
                    self.assertEqual(unpacked, plain.body)
                for refused in ("gzip;q=0", "identity", "br", ""):
                    answer = call(address, "GET", path, headers={**auth, "Accept-Encoding": refused})
                    self.assertNotIn("content-encoding", answer.headers)
        for path in (f"/v1/codes/{self.id}/image", f"/v1/scenes/{self.id}"):
            answer = call(self.n.address, "GET", path, headers={"Accept-Encoding": "gzip"})
            self.assertEqual((answer.headers.get("content-encoding"), answer.headers.get("vary")), (None, None))

    def test_a_key_is_told_of_its_rate_on_every_call(self):
        key = self.n.key("slow", ("issue", "read"), owner="shop", rate_per_s=3)
        calls = [("POST", "/v1/codes", {"path": "pages/a"}), ("POST", "/v1/codes/batch", {"items": []}),
                 ("GET", "/v1/codes", None), ("GET", f"/v1/codes/{self.id}", None), ("GET", "/v1/pools", None)]
        for method, path, body in calls:
            with self.subTest(method + " " + path):
                answers = wait_until(lambda: self.until_429(method, path, body, key), what="a 429")
                self.assertTrue({"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"} <= answers[0].headers.keys(), answers[0].headers)
                self.assertEqual(answers[0].headers["ratelimit-limit"], "3")
                self.assert_problem(answers[-1], 429, "rate_limited", "slow")
                self.assertGreaterEqual(int(answers[-1].headers["retry-after"]), 1)
                self.assertEqual(answers[-1].headers["ratelimit-remaining"], "0")

    def until_429(self, method, path, body, key):
        answers = []
        for _ in range(20):
            answers.append(self.n.call(method, path, body, key))
            if answers[-1].status == 429:
                return answers
        return None

    def test_times_are_shown_to_admins_alone(self):
        boss = self.n.key("boss", ("issue", "read", "admin"))
        for method, path, body, part in (("POST", "/v1/codes", {"path": "pages/a"}, "commit"), ("GET", f"/v1/codes/{self.id}", None, "work"),
                                         ("GET", "/v1/codes", None, "work"), ("GET", "/v1/pools", None, "work")):
            with self.subTest(path):
                text = json.dumps(body) if body else ""
                head = f"{method} {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {boss}\r\nContent-Type: application/json\r\n"
                with self.raw() as c:
                    timing = c.say(f"{head}Content-Length: {len(text)}\r\n\r\n{text}").answer()[1]["server-timing"]
                self.assertRegex(timing, r"total;dur=\d+")
                self.assertRegex(timing, part + r";dur=\d+")
                self.assertNotIn("server-timing", self.n.call(method, path, body, self.key).headers)

    def test_pages_of_other_origins_may_scan(self):
        origin = {"Origin": "https://shop.example"}
        asks = {**origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "x-request-id"}
        allowed = self.n.call("OPTIONS", f"/v1/scenes/{self.id}", headers=asks)
        self.assertEqual((allowed.status, allowed.headers["access-control-allow-origin"]), (204, "*"))
        self.assertEqual(allowed.headers["access-control-allow-methods"], "GET, HEAD")
        self.assertIn("X-Request-Id", allowed.headers["access-control-allow-headers"])
        for path, status in ((f"/v1/scenes/{self.id}", 200), ("/v1/scenes/none", 404), ("/v1/prefetch", 400)):
            answer = self.n.call("GET", path, headers=origin)
            self.assertEqual((answer.status, answer.headers["access-control-allow-origin"]), (status, "*"))
            self.assertNotIn("access-control-allow-credentials", answer.headers)
            self.assertNotIn("vary", answer.headers, "the answer is the same for every origin")
        for path in ("/v1/codes", f"/v1/codes/{self.id}"):
            self.assertNotIn("access-control-allow-origin", self.n.call("OPTIONS", path, headers=asks).headers)
            self.assertNotIn("access-control-allow-origin", self.n.call("GET", path, key=self.key, headers=origin).headers)


class BehindAProxy(EndToEnd):
    def client_in_audit(self, trusted, field="x-forwarded-for", **headers):
        node = self.node(self.simulator("--latency", "1:5"), low=5, high=10)
        text = node.config.read_text().replace('admin_listen: "127.0.0.1:0" }',
                                               f'admin_listen: "127.0.0.1:0", trusted_proxies: {trusted}, forwarded_field: {field} }}')
        node.config.write_text(text)
        node.start()
        sent = {"Authorization": f"Bearer {node.admin_token}", **headers}
        answer = call(node.admin_address, "POST", "/v1/pools/default/fill", {"count": 5}, sent)
        self.assertEqual(answer.status, 200, answer)
        entry = node.admin("GET", "/v1/audit").json["entries"][0]
        self.assertEqual(node.wait_for_line(msg="admin command", action="pool_fill")["client"], entry["doc"]["client"])
        node.stop()
        return entry["doc"]["client"]

    LIES = {"X-Forwarded-For": "9.9.9.9, 198.51.100.7", "Forwarded": "for=203.0.113.9"}

    def test_what_a_stranger_says_of_itself_is_not_believed(self):
        self.assertEqual(self.client_in_audit("[]", **self.LIES), "127.0.0.1")

    def test_what_a_trusted_proxy_says_is(self):
        self.assertEqual(self.client_in_audit('["127.0.0.0/8"]', **self.LIES), "198.51.100.7")

    def test_only_the_field_of_the_configuration_is_read(self):
        self.assertEqual(self.client_in_audit('["127.0.0.1"]', "forwarded", **self.LIES), "203.0.113.9")


if __name__ == "__main__":
    unittest.main()
