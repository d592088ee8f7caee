"""Link codes: ordinary QR codes that are drawn here and cost WeChat nothing. They are read back by a decoder that is not ours."""

import signal
import socket
import subprocess
import urllib.parse

from end_to_end.harness import EndToEnd, call, wait_until

PREFIX, OLD = "https://q.example.cn/", "https://old.example.cn/s?c="


class LinkCodes(EndToEnd):
    def links_alone(self, wechat=None, more="", prefixes=(PREFIX, OLD)):
        """A node whose pool has link codes alone; WeChat is away unless one is given."""
        listed = ", ".join(f'"{prefix}"' for prefix in prefixes)
        if wechat is None:
            # A port that nobody listens on as long as the test runs.
            away = socket.socket()
            away.bind(("127.0.0.1", 0))
            self.addCleanup(away.close)
            wechat = f"127.0.0.1:{away.getsockname()[1]}"
        node = self.node(wechat, low=0, high=0, on_empty="[link]",
                         pool_extra=f"    link_prefixes: [{listed}]\n{more}").start()
        wait_until(lambda: node.pool().get("generation"), what="the pool")
        return node, node.key()

    def issue(self, node, key, **more):
        answer = wait_until(lambda: (a := node.issue(key, **more)).status == 201 and a, what="a link code")
        return answer.json

    def decode(self, image, name):
        file = self.folder / name
        file.write_bytes(image)
        if name.endswith(".svg"):
            drawn = self.folder / "drawn.png"
            subprocess.run(["rsvg-convert", "-o", str(drawn), str(file)], check=True, timeout=30)
            file = drawn
        done = subprocess.run(["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(file)], capture_output=True,
                              text=True, timeout=30)
        return done.stdout.strip()

    def land(self, node, path, host):
        return call(node.address, "GET", path, headers={"Host": host})

    def test_while_wechat_is_away_a_pool_of_link_codes_issues_what_a_decoder_reads(self):
        node, key = self.links_alone()
        code = self.issue(node, key, query={"house": 8841}, tags=["spring"])
        self.assertEqual((code["kind"], code["rung"], code["state"], code["version"]), ("link", "link", "bound", 1))
        self.assertEqual(code["scan_url"], PREFIX + code["id"])
        image = f"/v1/codes/{code['id']}/image"
        png = call(node.address, "GET", image)
        self.assertEqual((png.status, png.headers["content-type"]), (200, "image/png"))
        self.assertIn("immutable", png.headers["cache-control"])
        for query in ("", "?width=100", "?format=png&width=4096"):
            self.assertEqual(self.decode(call(node.address, "GET", image + query).body, "code.png"), code["scan_url"], query)
        for path, headers in ((image + "?format=svg", {}), (image + "?width=1000", {"Accept": "image/svg+xml"})):
            svg = call(node.address, "GET", path, headers=headers)
            self.assertEqual(svg.headers["content-type"], "image/svg+xml")
            self.assertEqual(self.decode(svg.body, "code.svg"), code["scan_url"], path)
        self.assertEqual(node.call("GET", f"/v1/codes/{code['id']}", key=key).json["scan_url"], code["scan_url"])
        self.assertEqual(call(node.address, "GET", f"/v1/scenes/{code['id']}").json["query"], {"house": 8841})
        listed = node.call("GET", "/v1/codes?tag=spring", key=key).json["codes"]
        self.assertEqual([(one["id"], one["scan_url"]) for one in listed], [(code["id"], code["scan_url"])])
        counted = node.call("GET", "/v1/stats?by=tag", key=key).json["rows"]
        self.assertEqual([(row["tag"], row["issued"]) for row in counted], [("spring", 1)])
        self.assertEqual((node.pool()["level"], node.pool()["minutes_left"]), (0, None))
        self.assertFalse([p for p in node.status()["problems"] if "empty" in p["what"]], "it is as it should be")
        self.assertEqual(node.metrics()["qrwell_codes_issued_total"]['pool="default",rung="link"'], 1)
        self.assertTrue(node.verify()["ok"])

    def test_its_image_comes_in_parts_and_only_once(self):
        node, key = self.links_alone()
        image = f"/v1/codes/{self.issue(node, key)['id']}/image?width=300"
        whole = call(node.address, "GET", image)
        tag = whole.headers["etag"]
        part = call(node.address, "GET", image, headers={"Range": "bytes=1-3", "If-Range": tag})
        self.assertEqual((part.status, part.body), (206, b"PNG"))
        self.assertEqual(call(node.address, "GET", image, headers={"If-None-Match": tag}).status, 304)
        other = call(node.address, "GET", image.replace("300", "301"), headers={"If-None-Match": tag})
        self.assertEqual(other.status, 200)
        self.assertNotEqual(other.headers["etag"], tag)
        head = call(node.address, "HEAD", image)
        self.assertEqual((head.body, head.headers["content-length"]), (b"", str(len(whole.body))))
        for wrong in ("?width=99", "?width=4097", "?width=wide", "?format=jpeg"):
            self.assert_problem(call(node.address, "GET", image.split("?")[0] + wrong), 400, "invalid_request", wrong[1:].split("=")[0])

    def test_an_image_in_the_answer_is_the_same_as_at_its_address(self):
        node, key = self.links_alone()
        self.issue(node, key)
        headers = {"Accept": "image/*", "Idempotency-Key": "once"}
        answer = node.issue(key, headers=headers)
        self.assertEqual((answer.status, answer.headers["content-type"]), (201, "image/png"), answer)
        code = answer.headers["qrwell-code-id"]
        self.assertEqual(self.decode(answer.body, "code.png"), PREFIX + code)
        self.assertEqual(call(node.address, "GET", f"/v1/codes/{code}/image").body, answer.body)
        again = node.issue(key, headers=headers)
        self.assertEqual((again.status, again.headers["qrwell-code-id"], again.body), (200, code, answer.body))
        self.assertEqual(again.headers["idempotency-replayed"], "true")
        self.assert_problem(node.issue(key, headers={"Accept": "image/jpeg"}), 406, "not_acceptable", "image/png")

    def test_the_middle_page_resolves_the_whole_link_however_it_was_handed_over(self):
        node, key = self.links_alone()
        code = self.issue(node, key)["id"]
        links = [PREFIX + code, OLD + code, f"{PREFIX}{code}?from=x", f"https://left.example.com/long/ago/{code}"]
        for link in links:
            for q in (link.replace("&", "%26"), urllib.parse.quote(link, safe=""), urllib.parse.quote(urllib.parse.quote(link, safe=""))):
                answer = call(node.address, "GET", f"/v1/scenes?q={q}&launch=1011")
                self.assertEqual((answer.status, answer.json.get("path")), (200, "pages/house/detail"), q)
        self.assert_problem(call(node.address, "GET", f"/v1/scenes?q={PREFIX}"), 404, "unknown_code")
        query = urllib.parse.quote("q=" + urllib.parse.quote(links[0], safe=""), safe="")
        self.assertEqual(call(node.address, "GET", f"/v1/prefetch?query={query}&scene=1011").status, 200)

    def test_a_browser_is_told_what_to_do_in_two_languages(self):
        node, key = self.links_alone()
        code = self.issue(node, key)["id"]
        places = [(f"/q/{code}", "qr.example.com"), (f"/{code}", "q.example.cn"), (f"/{code}?from=x", "Q.EXAMPLE.CN:443"),
                  (f"/s?c={code}", "old.example.cn")]

        def says(status, chinese, english):
            for path, host in places:
                page = self.land(node, path, host)
                text = page.body.decode()
                self.assertEqual((page.status, page.headers["content-type"]), (status, "text/html; charset=utf-8"), (path, host))
                self.assertIn("default-src 'none'", page.headers["content-security-policy"])
                for words in (chinese, english, 'lang="zh-CN"', 'lang="en"'):
                    self.assertIn(words, text)

        says(200, "请用微信扫码", "Please scan with WeChat")
        answer = node.call("PATCH", f"/v1/codes/{code}", {"expires_in": 1}, key)
        self.assertEqual(answer.status, 200, answer)
        wait_until(lambda: self.land(node, places[0][0], places[0][1]).status == 410, what="its end")
        says(410, "这个码已过期", "This code has expired")
        node.call("PATCH", f"/v1/codes/{code}", {"expires_at": None}, key)
        says(200, "请用微信扫码", "Please scan with WeChat")
        self.assertEqual(node.call("DELETE", f"/v1/codes/{code}", key=key).status, 200)
        says(410, "这个码已停用", "withdrawn")
        self.assert_problem(call(node.address, "GET", f"/v1/codes/{code}/image"), 410, "revoked")
        places = [("/q/nobodyhasthis", "a"), ("/nobodyhasthis", "q.example.cn"), ("/favicon.ico", "q.example.cn")]
        says(404, "没有这个码", "No such code")
        for path, host in ((f"/{code}", "qr.example.com"), (f"/a/{code}", "q.example.cn"), ("/", "q.example.cn"),
                           (f"/{code}", "old.example.cn"), ("/x.txt", "qr.example.com")):
            self.assert_problem(self.land(node, path, host), 404, "not_found")
        refused = call(node.address, "POST", f"/{code}", "", {"Host": "q.example.cn"})
        self.assertEqual((refused.status, refused.headers["allow"]), (405, "GET, HEAD, OPTIONS"))

    def test_wechat_finds_its_check_file_and_nothing_else_of_the_disk(self):
        verify = self.folder / "verify"
        verify.mkdir()
        (verify / "aB3dE_f-9.txt").write_text("0123456789abcdef")
        (self.folder / "outside.txt").write_text("outside")
        (verify / "linked.txt").symlink_to(self.folder / "outside.txt")
        node, key = self.links_alone(more=f"    link_verify_dir: {verify}\n")
        for host in ("q.example.cn", "old.example.cn"):
            answer = self.land(node, "/aB3dE_f-9.txt", host)
            self.assertEqual((answer.status, answer.body), (200, b"0123456789abcdef"))
            self.assertEqual(answer.headers["content-type"], "text/plain; charset=utf-8")
        self.assert_problem(self.land(node, "/aB3dE_f-9.txt", "qr.example.com"), 404, "not_found")
        for path in ("/linked.txt", "/outside.txt", "/../outside.txt", "/..%2foutside.txt", "/%2e%2e/outside.txt", "/verify/aB3dE_f-9.txt"):
            answer = self.land(node, path, "q.example.cn")
            self.assertIn(answer.status, (400, 404), path)
            self.assertNotIn(b"outside", answer.body.replace(b"outside.txt", b""))
        self.assertEqual(node.wait_for_line(msg="check file left out")["file"], "linked.txt")
        (verify / "fresh.txt").write_text("made later")
        node.process.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.land(node, "/fresh.txt", "q.example.cn").body == b"made later", what="SIGHUP")

    def test_a_live_code_is_tried_first_where_the_pool_says_so(self):
        sim = self.simulator("--latency", "1:5")
        node = self.node(sim, low=5, high=5, live_reserve=200, on_empty="[live, link]",
                         pool_extra=f'    link_prefixes: ["{PREFIX}"]\n').start()
        node.wait_for_stock(5)
        key = node.key()
        operator = node.key("boss", ["admin"])
        rungs = []

        def issue(**more):
            answer = node.issue(key, **more)
            self.assertEqual(answer.status, 201, answer)
            rungs.append((answer.json["rung"], answer.json["kind"]))
            return answer.json

        # With more asked for than is in stock, live ones come; with WeChat away there are only link codes.
        for _ in range(30):
            issue()
            if rungs[-1][0] == "live":
                break
        self.assertIn(("live", "wxacode"), rungs)
        self.assertNotIn(("link", "link"), rungs)
        node.call("POST", "/v1/pools/default/pause", {"reason": "no more stock"}, operator)
        wait_until(lambda: issue()["rung"] == "link" and node.pool()["level"] == 0, what="link codes alone")
        code = issue()
        self.assertEqual((code["rung"], code["scan_url"]), ("link", PREFIX + code["id"]))
        self.assert_problem(node.issue(key, on_empty=["live"]), 503, "out_of_stock")
        self.assertEqual(issue(on_empty=["link"])["rung"], "link")
        stock = call(node.address, "GET", f"/v1/codes/{node.issue(key, reuse=True, path='pages/again').json['id']}/image")
        self.assertEqual(stock.status, 200)
        self.assertTrue(node.verify()["ok"])

    def test_an_old_prefix_goes_on_when_a_new_one_makes_the_codes(self):
        node, key = self.links_alone(prefixes=(OLD,))
        old = self.issue(node, key)
        self.assertEqual(old["scan_url"], OLD + old["id"])
        image = call(node.address, "GET", f"/v1/codes/{old['id']}/image").body
        self.assertEqual(self.decode(image, "old.png"), old["scan_url"])
        self.assertEqual(node.stop(), 0)
        node.config.write_text(node.config.read_text().replace(f'["{OLD}"]', f'["{PREFIX}", "{OLD}"]'))
        node.start()
        new = self.issue(node, key)
        self.assertEqual(new["scan_url"], PREFIX + new["id"])
        self.assertEqual(call(node.address, "GET", f"/v1/codes/{old['id']}/image").body, image)
        self.assertEqual(self.land(node, f"/s?c={old['id']}", "old.example.cn").status, 200)
        self.assertEqual(node.call("GET", f"/v1/codes/{old['id']}", key=key).json["scan_url"], old["scan_url"])
