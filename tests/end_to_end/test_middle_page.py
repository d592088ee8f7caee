"""The middle page of tools/miniprogram, run by Node, against a real node: what a phone does after a scan."""

import contextlib
import json
import pathlib
import socket
import subprocess
import urllib.parse

from end_to_end.harness import EndToEnd, call, wait_until

PREFIX = "https://q.example.cn/"
LINKS = f"""
  - {{ name: links, app: homes, page: pages/qr/index, stock: {{ low: 0, high: 0 }}, on_empty: [link], link_prefixes: ["{PREFIX}"] }}
"""
UNKNOWN = "1k0ZaB3xQ9d_7Hc2-LmT"
HOUSE = [["redirectTo", "/pages/house/detail?house=8841"]]


class MiddlePage(EndToEnd):
    def setUp(self):
        super().setUp()
        self.n = self.node(self.simulator("--latency", "1:5"), pool_extra=LINKS,
                           extra="limits: { connections_max: 3, header_timeout: 5min, scan_flush: 100ms }").start()
        self.key = self.n.key()
        self.n.wait_for_stock(10)

    def scan(self, how=None, **options):
        """`how`: see middle_page.js."""
        script = pathlib.Path(__file__).with_name("middle_page.js")
        done = subprocess.run(["node", str(script), f"http://{self.n.address}", json.dumps(options), json.dumps(how or {})],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def house(self, **more):
        answer = self.n.issue(self.key, query={"house": "8841"}, **more)
        self.assertEqual(answer.status, 201, answer)
        return answer.json

    def scans(self, code, total):
        """{launch: scans}, once there are so many."""
        return wait_until(lambda: (found := self.n.call("GET", f"/v1/codes/{code}", key=self.key).json["scans"])["total"] >= total and
                          found["by_launch"], what=f"{total} scans to be counted")

    @contextlib.contextmanager
    def away(self):
        """Every request is 503 with Retry-After: all places for clients are taken."""
        host, port = self.n.address.rsplit(":", 1)
        with contextlib.ExitStack() as open_ones:
            for _ in range(3):
                open_ones.enter_context(socket.create_connection((host, int(port)), timeout=10)).sendall(b"GET / HTTP/1.1\r\n")
            wait_until(lambda: call(self.n.address, "GET", "/v1/scenes/x").status == 503, what="all places to be taken")
            yield

    def test_a_scanned_code_opens_its_page_and_is_counted(self):
        code = self.n.issue(self.key, query={"name": "深圳 & 1=1", "new": True}).json["id"]
        self.assertEqual(self.scan(scene=code)["went"],
                         [["redirectTo", "/pages/house/detail?name=%E6%B7%B1%E5%9C%B3%20%26%201%3D1&new=true"]])
        self.assertEqual(self.scans(code, 1), {"1047": 1})

    def test_what_cannot_be_opened_is_said(self):
        self.assertEqual(self.scan(scene=UNKNOWN)["shown"]["title"], "We do not know this code")
        self.assertEqual(self.scan(scene="/?#%")["shown"]["title"], "We do not know this code")
        other = self.n.issue(self.key, path="pages/gone/gone").json["id"]
        self.assertEqual(self.scan(scene=other)["shown"]["title"], "Cannot open this page")
        self.n.kill()
        self.assertEqual(self.scan(scene=other)["shown"]["title"], "Cannot open this right now")

    def test_a_prefetch_for_this_code_is_used_and_is_the_only_scan(self):
        code = self.house()["id"]
        opened = self.scan({"prefetch": {"query": f"scene={code}"}, "launch": 1048}, scene=code)
        self.assertEqual((opened["went"], opened["asked"]), (HOUSE, []))
        other = self.house()["id"]  # scanned later: when it is counted, the former is as well
        self.scan({"prefetch": {"query": f"scene={other}"}}, scene=other)
        self.assertEqual(self.scans(other, 1), {"1047": 1})
        self.assertEqual(self.scans(code, 1), {"1048": 1}, "the launch scene that WeChat named")

    def test_a_prefetch_for_another_code_or_of_another_time_is_ignored(self):
        former = self.n.issue(self.key, query={"house": "1"}).json["id"]
        code = self.house()["id"]
        # WeChat hands out what the launch before brought while a pre-fetch is under way.
        for prefetch in ({"query": f"scene={former}"}, {"query": f"scene={code}", "agoMs": 31_000}, {"query": f"scene={UNKNOWN}"}):
            with self.subTest(prefetch=prefetch):
                opened = self.scan({"prefetch": prefetch}, scene=code)
                self.assertEqual((opened["went"], opened["asked"]), (HOUSE, [f"/v1/scenes/{code}?launch=1047"]))
        self.assertEqual(self.scan({"prefetch": {"query": f"scene={former}"}}, scene=former)["asked"], [])

    def test_a_link_code_opens_with_and_without_prefetch(self):
        made = wait_until(lambda: (a := self.n.issue(self.key, pool="links", query={"house": "8841"})).status == 201 and a, what="a link code").json
        once = urllib.parse.quote(made["scan_url"], safe="")
        for q in (once, urllib.parse.quote(once, safe="")):
            opened = self.scan({"launch": 1011}, q=q)
            self.assertEqual((opened["went"], len(opened["asked"])), (HOUSE, 1))
        opened = self.scan({"launch": 1011, "prefetch": {"query": f"q={once}"}}, q=once)
        self.assertEqual((opened["went"], opened["asked"]), (HOUSE, []))
        self.assertEqual(self.scans(made["id"], 3), {"1011": 3})

    def test_revoked_expired_and_unknown_codes_are_told_apart_with_and_without_prefetch(self):
        revoked, expired = self.house()["id"], self.house(expires_in=1)["id"]
        self.n.call("DELETE", f"/v1/codes/{revoked}", key=self.key)
        wait_until(lambda: self.n.call("GET", f"/v1/scenes/{expired}").status == 410, what="a code to expire")
        for code, title in ((revoked, "This code was withdrawn"), (expired, "This code has expired"), (UNKNOWN, "We do not know this code")):
            for how in ({}, {"prefetch": {"query": f"scene={code}"}}):
                with self.subTest(title=title, how=how):
                    said = self.scan(how, scene=code)
                    self.assertEqual((said["went"], said["shown"]["title"], said["shown"]["button"]), ([], title, "Home page"))
                    self.assertEqual(len(said["asked"]), 1, "a refusal is asked for once, and one that was fetched ahead is not believed")

    def test_a_server_that_is_away_is_asked_again_and_opens_when_it_is_back(self):
        code = self.house()["id"]
        with self.away():
            for how in ({}, {"prefetch": {"query": f"scene={code}"}}):
                with self.subTest(how=how):
                    said = self.scan(how, scene=code)
                    self.assertEqual((said["went"], said["shown"]["title"], said["shown"]["button"]), ([], "Cannot open this right now", "Try again"))
                    self.assertEqual(len(said["asked"]), 3)
        wait_until(lambda: call(self.n.address, "GET", f"/v1/scenes/{code}").status == 200, what="a place")
        self.assertEqual(self.scan(scene=code)["went"], HOUSE)

    def test_a_phone_without_a_network_is_told_so_at_once(self):
        code = self.house()["id"]
        self.n.kill()
        said = self.scan({"networkType": "none", "prefetch": {"query": f"scene={code}"}}, scene=code)
        self.assertEqual((said["went"], said["shown"]["title"], said["shown"]["button"]), ([], "No network", "Try again"))
        self.assertEqual(len(said["asked"]), 1)

    def test_the_way_in_is_reported_and_counted(self):
        code = self.house(tags=["door"])["id"]
        for launch in (1047, 1047, 1011, 1048):
            self.assertEqual(self.scan({"launch": launch}, scene=code)["asked"], [f"/v1/scenes/{code}?launch={launch}"])
        self.assertEqual(self.scans(code, 4), {"1047": 2, "1011": 1, "1048": 1})
        rows = self.n.call("GET", "/v1/stats?by=launch&tag=door", key=self.key).json["rows"]
        self.assertEqual({row["launch"]: row["scanned"] for row in rows if row["scanned"]}, {1011: 1, 1047: 2, 1048: 1})
