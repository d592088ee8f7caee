"""The middle page of tools/miniprogram, run by Node, against a real node: what a phone does after a scan."""

import json
import pathlib
import subprocess

from end_to_end.harness import EndToEnd, wait_until


class MiddlePage(EndToEnd):
    def setUp(self):
        super().setUp()
        self.n = self.node(self.simulator()).start()
        self.key = self.n.key()
        self.n.wait_for_stock(10)

    def scan(self, **options):
        script = pathlib.Path(__file__).with_name("middle_page.js")
        done = subprocess.run(["node", str(script), f"http://{self.n.address}", json.dumps(options)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_a_scanned_code_opens_its_page_and_is_counted(self):
        code = self.n.issue(self.key, query={"name": "深圳 & 1=1", "new": True}).json["id"]
        self.assertEqual(self.scan(scene=code)["went"],
                         [["redirectTo", "/pages/house/detail?name=%E6%B7%B1%E5%9C%B3%20%26%201%3D1&new=true"]])
        self.assertEqual(wait_until(
            lambda: self.n.call("GET", f"/v1/codes/{code}", key=self.key).json["scans"]["by_launch"], what="the scan to be counted"),
            {"1047": 1})

    def test_what_cannot_be_opened_is_said(self):
        self.assertEqual(self.scan(scene="1k0ZaB3xQ9d_7Hc2-LmT")["shown"]["title"], "We do not know this code")
        self.assertEqual(self.scan(scene="/?#%")["shown"]["title"], "We do not know this code")
        other = self.n.issue(self.key, path="pages/gone/gone").json["id"]
        self.assertEqual(self.scan(scene=other)["shown"]["title"], "Cannot open this page")
        self.n.kill()
        self.assertEqual(self.scan(scene=other)["shown"]["title"], "Cannot open this right now")
