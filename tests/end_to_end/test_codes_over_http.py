"""What a business developer does with codes after they are printed: change, revoke, list, count; and the keys to do it with."""

import datetime
import json
import socket
import threading
import urllib.parse

from end_to_end.harness import EndToEnd, call, wait_until


def at(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class CodesOverHttp(EndToEnd):
    def setUp(self):
        super().setUp()
        self.n = self.node(self.simulator("--latency", "1:5"), low=60, high=120, extra="limits: { scan_flush: 100ms }").start()
        self.key = self.n.key()
        self.n.wait_for_stock(60)

    def change(self, code, body, key=None, if_match=None):
        headers = {"If-Match": if_match} if if_match else {}
        return self.n.call("PATCH", f"/v1/codes/{code}", body, key or self.key, headers)

    def revoke(self, code, key=None, if_match=None):
        return self.n.call("DELETE", f"/v1/codes/{code}", None, key or self.key, {"If-Match": if_match} if if_match else {})

    def scan(self, code):
        return self.n.call("GET", f"/v1/scenes/{code}?launch=1047")

    def get(self, path, key=None, **params):
        return self.n.call("GET", path + ("?" + urllib.parse.urlencode(params) if params else ""), key=key or self.key)

    def record(self, code):
        return self.get(f"/v1/codes/{code}").json

    def pages(self, key=None, **params):
        """The ids of all pages, one after the other."""
        out, cursor = [], {}
        while True:
            page = self.get("/v1/codes", key, **params, **cursor)
            self.assertEqual(page.status, 200, page)
            self.assertLessEqual(len(page.json["codes"]), int(params.get("limit", 100)))
            out += [code["id"] for code in page.json["codes"]]
            if page.json["next_cursor"] is None:
                return out
            self.assertRegex(page.json["next_cursor"], r"^[-0-9A-Z_a-z]+$")
            cursor = {"cursor": page.json["next_cursor"]}

    def test_a_printed_code_opens_another_page_at_once(self):
        made = self.n.issue(self.key, query={"house": 1}, tags=["spring"]).json
        code = made["id"]
        for i in range(20):  # each time after the old answer was cached
            self.assertEqual(self.scan(code).json["query"], {"house": i + 1})
            changed = self.change(code, {"query": {"house": i + 2}})
            self.assertEqual(changed.status, 200, changed)
            self.assertEqual((changed.json["version"], changed.headers["etag"]), (i + 2, f'"{i + 2}"'))
            self.assertEqual(self.scan(code).json["query"], {"house": i + 2}, "the answer of a change comes after the caches know it")
        changed = self.change(code, {"path": "pages/other/index", "query": None, "tags": ["autumn"], "expires_in": 3600})
        self.assertEqual({**made, "path": "pages/other/index", "query": None, "tags": ["autumn"], "version": 22,
                          "expires_at": changed.json["expires_at"]} | {"rung": 0}, changed.json | {"rung": 0})
        self.assertIsNotNone(changed.json["expires_at"])
        self.assertEqual(self.scan(code).json["url"], "pages/other/index")
        self.assertEqual(self.change(code, {"expires_at": None}).json["expires_at"], None)
        self.assertTrue(self.n.verify()["ok"])

    def test_history_says_who_and_when_and_what_was_before(self):
        code = self.n.issue(self.key, query={"a": 1}, headers={"X-Request-Id": "first"}).json["id"]
        before = now() - datetime.timedelta(seconds=2)
        answer = self.n.call("PATCH", f"/v1/codes/{code}", {"path": "pages/b"}, self.key, {"X-Request-Id": "second"})
        self.assertEqual(answer.status, 200, answer)
        self.n.call("PATCH", f"/v1/codes/{code}", {"path": "pages/b"}, self.key, {"X-Request-Id": "nothing new"})
        boss = self.n.key("boss", ("read", "admin", "issue"))
        self.assertEqual(self.revoke(code, boss).json["state"], "revoked")
        history = self.record(code)["history"]
        self.assertEqual([(h["version"], h["op"], h["actor"], h["change"]) for h in history],
                         [(1, "bind", "key:shop", None), (2, "retarget", "key:shop", {"path": "pages/house/detail"}),
                          (3, "revoke", "key:boss", None)])
        self.assertEqual([h["request_id"] for h in history[:2]], ["first", "second"])
        for entry in history:
            self.assertTrue(at(before - datetime.timedelta(seconds=60)) <= entry["at"] <= at(now() + datetime.timedelta(seconds=2)), entry)
        audit = [e for e in self.n.admin("GET", "/v1/audit").json["entries"] if e["action"] == "code_revoke"]
        self.assertEqual([(e["actor"], e["doc"]["id"], e["doc"]["owner"]) for e in audit], [("key:boss", code, "shop")])

    def test_a_lost_race_is_412_and_nothing_changes(self):
        code = self.n.issue(self.key).json["id"]
        tag = self.get(f"/v1/codes/{code}").headers["etag"]
        self.assertEqual(tag, '"1"')
        self.assertEqual(self.change(code, {"path": "pages/won"}, if_match=tag).status, 200)
        self.assert_problem(self.change(code, {"path": "pages/lost"}, if_match=tag), 412, "version_mismatch", "version 2")
        self.assert_problem(self.revoke(code, if_match=tag), 412, "version_mismatch", "version 2")
        self.assert_problem(self.change(code, {"path": "pages/lost"}, if_match="1"), 400, "invalid_request", "If-Match")
        self.assertEqual(self.scan(code).json["path"], "pages/won")
        self.assertEqual(self.change(code, {"path": "pages/more"}, if_match='"1", "2"').status, 200)
        self.assertEqual(self.change(code, {"path": "pages/any"}, if_match="*").status, 200)

    def test_a_revoked_code_is_over_for_good(self):
        code = self.n.issue(self.key).json["id"]
        self.assertEqual(self.scan(code).status, 200)
        self.assertEqual(self.revoke(code).status, 200)
        self.assert_problem(self.scan(code), 410, "revoked")
        self.assert_problem(self.get(f"/v1/codes/{code}/image"), 410, "revoked")
        self.assert_problem(self.change(code, {"path": "pages/b"}), 409, "conflict", "final")
        again = self.revoke(code)
        self.assertEqual((again.status, again.json["version"]), (200, 2), "a repeated one does no harm")

    def test_an_expired_code_comes_back_when_its_end_is_moved(self):
        code = self.n.issue(self.key, expires_in=1).json["id"]
        wait_until(lambda: self.scan(code).status == 410, what="the end of the code")
        self.assertEqual(self.record(code)["state"], "expired")
        self.assertEqual(self.change(code, {"expires_in": 3600}).json["state"], "bound")
        self.assertEqual(self.scan(code).status, 200)

    def test_a_change_stays_within_what_the_key_may(self):
        code = self.n.issue(self.key).json["id"]
        looker, rival = self.n.key("looker", ("read",), owner="shop"), self.n.key("rival")
        bound = self.n.key("bound", owner="shop", paths=["pages/house/"])
        self.assert_problem(self.change(code, {"path": "pages/b"}, looker), 403, "forbidden", "issue")
        self.assert_problem(self.change(code, {"path": "pages/b"}, rival), 404, "not_found")
        self.assert_problem(self.revoke(code, rival), 404, "not_found")
        self.assert_problem(self.change(code, {"path": "pages/b"}, bound), 403, "forbidden", "path")
        self.assertEqual(self.change(code, {"path": "pages/house/b"}, bound).status, 200)
        for body, word in (({}, "object"), ({"pool": "x"}, "pool"), ({"path": "/a"}, "path"), ({"path": None}, "path"),
                           ({"expires_in": 5, "expires_at": None}, "expires_at"), ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at")):
            with self.subTest(body=body):
                self.assert_problem(self.change(code, body), 400, "invalid_request", word)
        plain = self.n.call("PATCH", f"/v1/codes/{code}", b"path=a", self.key, {"Content-Type": "text/plain"})
        self.assert_problem(plain, 415, "unsupported_media_type", "application/json")
        self.assert_problem(self.change("k0ZaB3xQ9d_7Hc2-LmTe", {"path": "pages/b"}), 404, "not_found")
        self.assertEqual(self.record(code)["version"], 2)

    def issue_in_a_millisecond_of_its_own(self, **body):
        """A code that no other is as old as, so that lists have one order."""
        code = self.n.issue(self.key, **body).json
        issued = now()
        wait_until(lambda: now() - issued > datetime.timedelta(milliseconds=2), what="the next millisecond")
        return code

    def test_lists_show_each_code_once_by_every_filter(self):
        start = now() - datetime.timedelta(seconds=5)
        mine = [self.issue_in_a_millisecond_of_its_own(query={"n": n}, tags=["odd" if n % 2 else "even", "all"]) for n in range(9)]
        ids = [code["id"] for code in mine]
        rival, boss = self.n.key("rival"), self.n.key("boss", ("read", "admin"))
        theirs = self.n.issue(rival).json["id"]
        self.revoke(ids[0])
        self.change(ids[1], {"expires_in": 1})
        wait_until(lambda: self.record(ids[1])["state"] == "expired", what="a code to expire")

        for limit in (1, 2, 4, 9, 10, 500):
            self.assertEqual(self.pages(limit=limit), ids[::-1], limit)
        self.assertEqual(self.pages(tag="even", limit=2), ids[8::-2])
        self.assertEqual(self.pages(state="revoked"), [ids[0]])
        self.assertEqual(self.pages(state="expired"), [ids[1]])
        self.assertEqual(self.pages(state="bound", limit=3), ids[:1:-1])
        self.assertEqual(self.pages(tag="odd", state="bound"), ids[7:1:-2])
        self.assertEqual(self.pages(pool="default"), ids[::-1])
        self.assertEqual(self.pages(owner="shop"), ids[::-1])
        self.assertEqual(self.pages(**{"from": at(start), "to": at(now())}), ids[::-1])
        self.assertEqual(self.pages(to=at(start)), [])
        middle = self.record(ids[4])["created_at"]
        self.assertEqual(self.pages(**{"from": middle})[-1], ids[4], "from is inclusive")
        self.assertNotIn(ids[4], self.pages(to=middle), "to is exclusive")
        self.assertEqual(self.pages(rival), [theirs])
        self.assertEqual(sorted(self.pages(boss, limit=3)), sorted(ids + [theirs]))
        self.assertEqual(self.pages(boss, owner="rival"), [theirs])

        shown = {code["id"]: code for code in self.get("/v1/codes").json["codes"]}
        self.assertEqual(shown[ids[5]] | {"rung": 0}, mine[5] | {"rung": 0}, "the form of a code is the same everywhere")
        head = self.n.call("HEAD", "/v1/codes", key=self.key)
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.headers["content-length"], self.get("/v1/codes").headers["content-length"])

    def test_a_thousand_concurrent_requests_to_reuse_ten_targets_spend_ten_codes(self):
        ids, statuses, lock = {}, [], threading.Lock()
        host, port = self.n.address.rsplit(":", 1)

        def client(number):
            """Twenty requests on one connection, all sent before the first answer is read."""
            with socket.create_connection((host, int(port)), timeout=30) as connection:
                for n in range(20):
                    target = (number + n) % 10
                    body = json.dumps({"path": "pages/house/detail", "query": {"house": target}, "reuse": True})
                    connection.sendall(f"POST /v1/codes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {self.key}\r\n"
                                       f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
                answers = connection.makefile("rb")
                for n in range(20):
                    status, length = int(answers.readline().split()[1]), 0
                    while (line := answers.readline()) not in (b"\r\n", b""):
                        if line.lower().startswith(b"content-length:"):
                            length = int(line.split(b":")[1])
                    code = json.loads(answers.read(length))
                    with lock:
                        statuses.append(status)
                        ids.setdefault((number + n) % 10, set()).add(code.get("id"))

        clients = [threading.Thread(target=client, args=(n,)) for n in range(50)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join(60)
        self.assertEqual(len(statuses), 1000)
        self.assertEqual({s: statuses.count(s) for s in set(statuses)}, {201: 10, 200: 990})
        self.assertEqual({target: len(found) for target, found in ids.items()}, {target: 1 for target in range(10)})

    def test_what_is_wrong_with_a_list_is_named(self):
        for _ in range(2):
            self.n.issue(self.key, tags=["a"])
        cursor = self.get("/v1/codes", limit=1).json["next_cursor"]
        self.assertEqual(len(self.get("/v1/codes", limit=7, cursor=cursor).json["codes"]), 1)
        rival = self.n.key("rival")
        for params, word in (({"tag": "a"}, "cursor"), ({"state": "bound"}, "cursor")):
            self.assert_problem(self.get("/v1/codes", cursor=cursor, **params), 400, "invalid_request", word)
        self.assert_problem(self.get("/v1/codes", rival, cursor=cursor), 400, "invalid_request", "cursor")
        for broken in (cursor[:-3], cursor + "A", "x", "", cursor[:10] + "." + cursor[11:]):
            self.assert_problem(self.get("/v1/codes", cursor=broken), 400, "invalid_request", "cursor")
        for params in ({"limit": 0}, {"limit": 501}, {"state": "stocked"}, {"from": "now"}, {"pools": "default"}, {"tag": ""}):
            with self.subTest(params=params):
                self.assert_problem(self.get("/v1/codes", **params), 400, "invalid_request", next(iter(params)))
        self.assert_problem(self.get("/v1/codes", owner="rival"), 403, "forbidden", "owner")
        self.assertEqual(call(self.n.address, "GET", "/v1/codes").status, 401)
        self.assert_problem(self.get("/v1/codes", self.n.key("writer", ("issue",))), 403, "forbidden", "read")
        wrong = self.n.call("DELETE", "/v1/codes", key=self.key)
        self.assertEqual((wrong.status, wrong.headers["allow"]), (405, "GET, HEAD, POST, OPTIONS"))

    def test_statistics_are_what_was_issued_and_scanned(self):
        rival, boss = self.n.key("rival"), self.n.key("boss", ("read", "admin"))
        for n in range(6):
            code = self.n.issue(self.key, tags=["spring"] if n < 4 else None).json["id"]
            for _ in range(n):
                self.assertEqual(self.scan(code).status, 200)
        self.scan(self.n.issue(rival).json["id"])

        def total(key, **params):
            answer = self.get("/v1/stats", key, **params)
            self.assertEqual(answer.status, 200, answer)
            self.assertFalse(answer.json["cut"])
            return [(row["issued"], row["scanned"]) for row in answer.json["rows"]]

        wait_until(lambda: total(boss) == [(7, 16)], what="the counts of all scans")
        self.assertEqual(total(self.key), [(6, 15)])
        self.assertEqual(total(self.key, tag="spring"), [(4, 6)])
        self.assertEqual(total(boss, owner="rival"), [(1, 1)])
        self.assertEqual(total(self.key, pool="default"), [(6, 15)])
        by = self.get("/v1/stats", boss, by="owner,pool").json
        self.assertEqual(by["by"], ["pool", "owner"])
        self.assertEqual(by["rows"], [{"pool": "default", "owner": "rival", "issued": 1, "scanned": 1},
                                      {"pool": "default", "owner": "shop", "issued": 6, "scanned": 15}])
        self.assertEqual(self.get("/v1/stats", boss, by="launch").json["rows"],
                         [{"launch": 0, "issued": 7, "scanned": 0}, {"launch": 1047, "issued": 0, "scanned": 16}])
        hours = self.get("/v1/stats", boss, by="hour").json
        self.assertEqual(sum(row["issued"] for row in hours["rows"]), 7)
        self.assertTrue(all(hours["from"] <= row["hour"] < hours["to"] for row in hours["rows"]), hours)
        self.assertEqual(total(boss, **{"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}), [])
        for params, word in (({"by": "hour,day"}, "by"), ({"by": "x"}, "by"), ({"from": "2020-01-01T00:00:00Z"}, "from"), ({"limit": 3}, "limit")):
            self.assert_problem(self.get("/v1/stats", **params), 400, "invalid_request", word)
        self.assert_problem(self.get("/v1/stats", owner="rival"), 403, "forbidden", "owner")


class KeysOverHttp(EndToEnd):
    def setUp(self):
        super().setUp()
        self.n = self.node(self.simulator("--latency", "1:5"), low=40, high=80).start()
        self.n.wait_for_stock(40)

    def shown(self, name):
        return next(key for key in self.n.admin("GET", "/v1/keys").json["keys"] if key["name"] == name)

    def cli(self, *words, **more):
        return self.n.cli("key", *words, "-c", str(self.n.config), **more)

    def test_two_secrets_are_good_while_callers_change_over(self):
        first = self.n.key()
        answer = self.n.admin("POST", "/v1/keys/shop/rotate", {"overlap": 3600})
        self.assertEqual(answer.status, 201, answer)
        second = answer.json["key"]
        self.assertNotEqual(first, second)
        self.assertEqual(answer.json["rotated_until"], self.shown("shop")["rotated_until"])
        self.assertNotIn("key", self.shown("shop"))
        for key in (first, second):
            self.assertEqual(self.n.issue(key).status, 201)
        third = self.n.admin("POST", "/v1/keys/shop/rotate", {"overlap": 1}).json["key"]
        self.assertEqual(self.n.issue(third).status, 201)
        for former in (first, second):
            wait_until(lambda key=former: self.n.issue(key).status == 401, what="a former secret to end")
        self.assertEqual(self.n.issue(third).status, 201)
        self.assert_problem(self.n.admin("POST", "/v1/keys/nobody/rotate"), 404, "not_found", "nobody")
        self.assert_problem(self.n.admin("POST", "/v1/keys/shop/rotate", {"overlap": 2592001}), 400, "invalid_request", "overlap")
        self.n.admin("DELETE", "/v1/keys/shop")
        self.assert_problem(self.n.admin("POST", "/v1/keys/shop/rotate"), 409, "conflict", "revoked")

    def test_the_command_line_rotates_with_a_node_and_without(self):
        first = self.cli("add", "till", "--scopes", "issue,read").stdout.strip()
        second = self.cli("rotate", "till", "--overlap", "1d").stdout
        self.assertRegex(second, r"\Aqw_till_[-0-9A-Z_a-z]{43}\n\Z")
        for key in (first, second.strip()):
            self.assertEqual(self.n.issue(key).status, 201)
        self.assertIn("30 days", self.cli("rotate", "till", "--overlap", "31d", expect=None).stderr)
        self.n.stop()
        third = self.cli("rotate", "till", "--overlap", "0s").stdout.strip()
        self.n.start()
        self.assertEqual(self.n.issue(third).status, 201)
        self.assertEqual(self.n.issue(second.strip()).status, 401)

    def test_a_key_gets_no_more_codes_a_day_than_its_budget(self):
        key = self.cli("add", "daily", "--scopes", "issue,read", "--daily", "3").stdout.strip()
        day = now().date()
        codes = [self.n.issue(key, headers={"Idempotency-Key": f"k{n}"}) for n in range(4)]
        if now().date() != day:
            self.skipTest("midnight passed")
        self.assertEqual([code.status for code in codes], [201, 201, 201, 429])
        problem = self.assert_problem(codes[3], 429, "rate_limited", "daily", "00:00 UTC")
        self.assertTrue(problem["retryable"])
        self.assertTrue(0 < int(codes[3].headers["retry-after"]) <= 86_400)
        again = self.n.issue(key, headers={"Idempotency-Key": "k0"})
        self.assertEqual((again.status, again.json["id"]), (200, codes[0].json["id"]), "what it had it gets again")
        shown = self.shown("daily")
        self.assertEqual((shown["daily_codes"], shown["codes_today"]), (3, 3))
        self.assertRegex(self.cli("list").stdout, r"daily +daily .* 3 +3 ")
        self.assertEqual(self.n.issue(self.n.key()).status, 201, "others are as before")

    def test_every_option_of_a_key_holds(self):
        end = at(now() + datetime.timedelta(seconds=4))
        key = self.cli("add", "tight", "--scopes", "issue", "--paths", "pages/house/,pages/a", "--rate", "2/s", "--priority", "bulk",
                       "--pools", "default", "--owner", "shop", "--daily", "9", "--expires", end).stdout.strip()
        shown = self.shown("tight")
        self.assertEqual({name: shown[name] for name in ("owner", "scopes", "pools", "paths", "rate_per_s", "daily_codes", "priority", "expires_at")},
                         {"owner": "shop", "scopes": ["issue"], "pools": ["default"], "paths": ["pages/house/", "pages/a"], "rate_per_s": 2,
                          "daily_codes": 9, "priority": "bulk", "expires_at": end})
        self.assert_problem(self.n.issue(key, path="pages/b"), 403, "forbidden", "pages/house/")
        answers = [self.n.issue(key) for _ in range(5)]
        over = next(answer for answer in answers if answer.status == 429)
        self.assertEqual(over.headers["ratelimit-limit"], "2")
        self.assertEqual(over.headers["ratelimit-remaining"], "0")
        self.assertGreaterEqual(int(over.headers["retry-after"]), 1)
        self.assertIn("ratelimit-remaining", answers[0].headers)
        wait_until(lambda: self.n.issue(key).status == 401, what="the key to expire")
        for words in (("--daily", "-1"), ("--daily", "x"), ("--rate", "fast"), ("--priority", "high"), ("--expires", "tomorrow")):
            failed = self.cli("add", "wrong", "--scopes", "issue", *words, expect=None)
            self.assertNotEqual(failed.returncode, 0, words)
            self.assertEqual(failed.stdout, "", words)

    def test_the_audit_has_every_command_with_who_and_what(self):
        boss = self.n.key("boss", ("admin", "read"))
        steer = lambda path, body=None: self.n.call("POST", path, body, boss, timeout_s=20)
        self.n.key("till")
        self.assertEqual(self.n.admin("POST", "/v1/keys/till/rotate").status, 201)
        self.assertEqual(self.n.admin("DELETE", "/v1/keys/till").status, 200)
        self.assertEqual(steer("/v1/pools/default/pause", {"reason": "new page"}).status, 200)
        self.assertEqual(steer("/v1/pools/default/resume").status, 200)
        self.assertEqual(steer("/v1/pools/default/fill", {"count": 7}).status, 200)
        self.assertEqual(steer("/v1/apps/homes/token/refresh").status, 200)
        audit = self.n.admin("GET", "/v1/audit").json["entries"]
        told = [(e["actor"], e["action"], e["doc"].get("name") or e["doc"].get("pool") or e["doc"].get("app")) for e in audit[::-1]]
        self.assertEqual([entry for entry in told if entry[1] != "pool_apply"], [
            ("admin token", "key_add", "boss"), ("admin token", "key_add", "till"), ("admin token", "key_rotate", "till"),
            ("admin token", "key_revoke", "till"), ("key:boss", "pool_pause", "default"), ("key:boss", "pool_resume", "default"),
            ("key:boss", "pool_fill", "default"), ("key:boss", "token_refresh", "homes")])
        self.assertEqual(next(e["doc"] for e in audit if e["action"] == "pool_fill"), {"pool": "default", "count": 7, "client": "127.0.0.1"})
        self.assertNotIn("qw_", str(audit), "no secret is in it")
        pages, before = [], {}
        while True:
            page = self.n.admin("GET", "/v1/audit?" + urllib.parse.urlencode({"limit": 2, **before})).json["entries"]
            if not page:
                break
            pages += page
            before = {"before": page[-1]["at"]}
        self.assertEqual(pages, audit)
        self.assert_problem(self.n.admin("GET", "/v1/audit?limit=0"), 400, "invalid_request", "limit")
        self.assertEqual(self.n.call("GET", "/v1/audit", key=boss).status, 404, "for operators' listener only")
