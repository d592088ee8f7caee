"""What a node says of itself: lines of its log, metrics, status; and what a re-read of its configuration changes."""

import pathlib
import re
import socket
import time

from end_to_end.harness import SECRET, EndToEnd, call, closed_window, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Lines(EndToEnd):
    def assert_says_nothing_secret(self, node, *secrets):
        text = node.process.text()
        for secret in (SECRET, node.admin_token, *secrets):
            self.assertNotIn(secret, text)
            self.assertNotIn(secret.removeprefix("qw_shop_"), text)

    def test_what_an_operator_needs_is_in_the_log_with_actor_and_pool(self):
        sim = self.simulator("--latency", "1:5")
        node = self.node(sim).start()
        taken = node.wait_for_line(msg="lease taken", actor="quota_manager")
        self.assertEqual((taken["app"], taken["level"]), ("homes", "info"))
        token = node.wait_for_line(msg="token refreshed", actor="token_keeper")
        self.assertGreater(token["expires_in_s"], 0)
        self.assertEqual(node.wait_for_line(msg="generation probed")["pool"], "default")
        key = node.key()
        added = node.wait_for_line(msg="admin command", action="key_add")
        self.assertEqual((added["subject"], added["by"], added["actor"]), ("shop", "admin token", "admin_server"))
        self.assertTrue(added["request_id"])
        node.wait_for_stock(400)
        filled = node.wait_for_line(msg="pool filled")
        self.assertEqual((filled["pool"], filled["actor"], filled["high"]), ("default", "pool_stocker", 400))

        operator = node.key("boss", ["admin"])
        answer = node.call("POST", "/v1/pools/default/pause", {"reason": "stocktaking"}, operator, {"X-Request-Id": "pause-1"})
        self.assertEqual(answer.status, 200, answer)
        paused = node.wait_for_line(msg="pool paused")
        self.assertEqual((paused["pool"], paused["actor"], paused["reason"], paused["by"], paused["level"]),
                         ("default", "pool_stocker", "stocktaking", "key:boss", "warn"))
        self.assertEqual(node.wait_for_line(msg="admin command", action="pool_pause")["request_id"], "pause-1")
        node.call("POST", "/v1/pools/default/resume", None, operator)
        self.assertEqual(node.wait_for_line(msg="pool resumed")["by"], "key:boss")
        node.call("POST", "/v1/pools/default/fill", {"count": 50}, operator)
        fill = node.wait_for_line(msg="pool command", verb="fill")
        self.assertEqual((fill["pool"], fill["by"], fill["count"]), ("default", "key:boss", 50))

        self.assertEqual(node.admin("DELETE", "/v1/keys/boss").status, 200)
        self.assertEqual(node.wait_for_line(msg="admin command", action="key_revoke")["subject"], "boss")
        self.assertEqual(node.issue(key).status, 201)
        self.assertFalse(node.lines(level="debug"))
        self.assertEqual(node.stop(), 0)
        loud = [line for line in node.lines() if line["level"] in ("warn", "error") and line["actor"] != "serve"]
        self.assertEqual([line["msg"] for line in loud], ["pool paused"], "a start and an end are no trouble")
        self.assert_says_nothing_secret(node, key, operator)

    def test_each_request_is_told_at_debug_level(self):
        node = self.node(self.simulator("--latency", "1:5"), extra="limits: { tags_max: 2 }").start()
        key = node.key()
        node.wait_for_stock(100)
        node.issue(key)
        self.assertFalse(node.lines(msg="code issued"))
        node.reload({"level: info": "level: debug"})
        node.wait_for_line(msg="setting changed", option="log.level")
        code = node.issue(key, headers={"X-Request-Id": "order-17", "Idempotency-Key": "order-17"})
        self.assertEqual(code.status, 201, code)
        line = node.wait_for_line(msg="code issued", request_id="order-17")
        self.assertEqual((line["level"], line["actor"], line["pool"], line["id"], line["rung"], line["key"]),
                         ("debug", "request_server", "default", code.json["id"], "stock", "shop"))
        self.assertEqual(node.issue(key, headers={"X-Request-Id": "order-17b", "Idempotency-Key": "order-17"}).status, 200)
        self.assertEqual(node.wait_for_line(msg="code replayed", request_id="order-17b")["id"], code.json["id"])
        node.issue(key, tags=["a", "b", "c"], headers={"X-Request-Id": "bad-1"})
        refused = node.wait_for_line(msg="request refused", request_id="bad-1")
        self.assertEqual((refused["code"], refused["actor"], refused["key"]), ("invalid_request", "request_server", ""))
        self.assertIn("tags", refused["why"])
        self.assert_says_nothing_secret(node, key)

    def test_trouble_is_told_when_it_begins_and_when_it_ends_and_not_all_the_time(self):
        sim = self.simulator("--latency", "1:5")
        node = self.node(sim, low=150, high=150).start()
        key = node.key()
        node.wait_for_stock(150)
        sim.fault({"kind": "http_status", "code": 503, "rate": 1})
        for _ in range(30):
            self.assertEqual(node.issue(key).status, 201)
        opened = node.wait_for_line(actor="wechat_fetcher", level="error", app="homes")
        self.assertIn("breaker open", opened["msg"])
        held = node.wait_for_line(msg="stocking is held back", pool="default")
        self.assertEqual((held["level"], held["actor"]), ("warn", "pool_stocker"))
        time.sleep(3)
        sim.heal()
        node.wait_for_line(msg="stocking is held back: over", timeout_s=60)
        node.wait_for_line(actor="wechat_fetcher", msg="breaker closed: WeChat answers again", timeout_s=60)
        self.assertLessEqual(len(node.lines(actor="wechat_fetcher")), 8, node.lines(actor="wechat_fetcher"))
        self.assertLessEqual(len(node.lines(actor="pool_stocker")), 24, node.lines(actor="pool_stocker"))

    def test_a_slowed_quota_and_a_stolen_token(self):
        sim = self.simulator("--latency", "1:5", "--limit", "100")
        node = self.node(sim, per_minute=1000, low=5000, high=5000).start()
        slowed = node.wait_for_line(msg="quota state changed", timeout_s=60)
        self.assertEqual((slowed["actor"], slowed["app"], slowed["state"], slowed["level"]), ("quota_manager", "homes", "slowed", "warn"))
        self.assertEqual(node.admin("POST", "/v1/apps/homes/token/refresh").status, 200)
        self.assertEqual(node.wait_for_line(msg="token refresh forced")["by"], "admin token")

    def test_a_pool_that_pauses_itself_says_why(self):
        sim = self.simulator("--latency", "1:5")
        node = self.node(sim, low=150, high=150).start()
        key = node.key()
        node.wait_for_stock(150)
        sim.fault({"kind": "same_bytes", "rate": 1})
        for _ in range(80):
            self.assertEqual(node.issue(key).status, 201)
        paused = node.wait_for_line(msg="pool paused", timeout_s=60)
        self.assertEqual((paused["by"], paused["level"], paused["pool"]), ("pool_stocker", "error", "default"))
        self.assertIn("byte_equal", paused["reason"])

    def test_images_that_are_missing(self):
        node = self.node(self.simulator("--latency", "1:5")).start()
        key = node.key()
        node.wait_for_stock(100)
        code = node.issue(key).json["id"]
        for image in (node.data / "images").rglob("*.jpeg"):
            image.unlink()
        self.assertEqual(node.call("GET", f"/v1/codes/{code}/image").status, 503)
        self.assertEqual(node.wait_for_line(msg="the image of a bound code is missing")["id"], code)
        node.issue(key, headers={"Accept": "image/*"})
        missing = node.wait_for_line(msg="images of codes in stock are missing; the codes are dead now")
        self.assertEqual((missing["level"], missing["actor"]), ("error", "request_server"))


class FirstLines(EndToEnd):
    """What an operator who was woken up reads: the cause stands in words in the first lines of `qrwell status`."""

    def first_lines(self, node):
        return " ".join(node.cli("status", "-c", str(node.config)).stdout.splitlines()[:4])

    def wait_for_words(self, node, *words):
        wait_until(lambda: all(word in self.first_lines(node) for word in words), 40, f"status to say {words}", every_s=0.3)

    def start(self, stock=60, **more):
        self.sim = self.simulator("--latency", "1:5")
        node = self.node(self.sim, low=stock, high=stock, **more).start()
        self.key = node.key()
        node.wait_for_stock(stock)
        self.assertTrue(self.first_lines(node).startswith("all is well; "))
        return node

    def draw(self, node, count):
        for _ in range(count):
            self.assertEqual(node.issue(self.key).status, 201)

    def test_a_wrong_secret(self):
        node = self.node(self.simulator("--latency", "1:5"))
        node.config.write_text(node.config.read_text().replace(SECRET, "another-secret-0123456789abcdef00"))
        node.start()
        self.wait_for_words(node, "default: is empty", "40125", "the AppSecret is wrong: check apps.secret_file")

    def test_a_slow_wechat(self):
        node = self.start()
        self.sim.fault({"kind": "latency", "min_ms": 5_000, "max_ms": 8_000})
        self.draw(node, 40)
        self.wait_for_words(node, "1 thing to look at", "WeChat is slow")

    def test_answers_that_are_no_images(self):
        node = self.start()
        self.sim.fault({"kind": "garbage", "rate": 1})
        self.draw(node, 40)
        self.wait_for_words(node, "neither image nor error")

    def test_answers_that_are_cut(self):
        node = self.start()
        self.sim.fault({"kind": "truncated", "rate": 1})
        self.draw(node, 40)
        self.wait_for_words(node, "no whole answer")

    def test_a_limit_that_is_reached(self):
        node = self.start(per_minute=1000)
        self.sim.fault({"kind": "error", "code": 45009, "rate": 1})
        self.draw(node, 40)
        self.wait_for_words(node, "app homes's limit is reached", "somebody else uses this appid", "no call for")

    def test_images_that_are_gone_from_the_disk(self):
        node = self.start()
        for image in (node.data / "images").rglob("*.jpeg"):
            image.unlink()
        self.assert_problem(node.issue(self.key, headers={"Accept": "image/*"}), 503, "unavailable", "images", "missing")
        self.wait_for_words(node, "The images of 4 codes in stock were not found", "images.dir")

    def test_how_long_the_stock_lasts(self):
        node = self.start(stock=400)
        self.assertIn("the demand is not known yet", self.first_lines(node))
        self.draw(node, 100)
        self.wait_for_words(node, "runs dry in", "at the present demand if no more come")
        self.assertIn("runs dry in", node.cli("pool", "show", "default", "-c", str(node.config)).stdout)


class Metrics(EndToEnd):
    def test_every_metric_of_the_catalogue_has_a_source(self):
        source = (ROOT / "runtime/metrics/catalog.cpp").read_text()
        catalogue = re.findall(r'\{metric::\w+,\s*(\w+),\s*"(\w+)"', source)
        self.assertGreater(len(catalogue), 40)
        node = self.node(self.simulator("--latency", "1:5")).start()
        key = node.key()
        node.wait_for_stock(100)
        before = node.metrics()
        code = node.issue(key).json["id"]
        self.assertEqual(node.call("GET", f"/v1/scenes/{code}").status, 200)
        after = node.metrics()
        for kind, name in catalogue:
            shown = name + "_count" if kind == "histogram" else name
            self.assertIn(shown, after, "nothing feeds this metric")
        self.assertEqual(after["qrwell_metrics_misused_total"], {"": 0})
        issued = after["qrwell_codes_issued_total"]
        self.assertEqual(sum(issued.values()), 1, issued)
        self.assertTrue(all('pool="default"' in labels and "rung=" in labels for labels in issued))
        for name, by in (("qrwell_bind_commit_seconds_count", 1), ("qrwell_bind_group_bindings_sum", 1), ("qrwell_scans_total", 1)):
            self.assertEqual(after[name][""] - before[name][""], by, name)
        self.assertGreater(after["qrwell_bind_commit_seconds_sum"][""], 0)
        self.assertIn('pool="default"', after["qrwell_codes_dead_total"])
        # Scans that the front end answers by itself are counted as well.
        for _ in range(5):
            node.call("GET", f"/v1/scenes/{code}")
        self.assertEqual(node.metrics()["qrwell_scans_total"][""] - after["qrwell_scans_total"][""], 5)


class Numbers(EndToEnd):
    def test_numbers_are_written_as_people_write_them(self):
        node = self.node(self.simulator("--latency", "1:5")).start()
        node.wait_for_stock(300)
        for path in ("/v1/status", "/v1/actors", "/v1/pools", "/v1/apps"):
            text = node.admin("GET", path).body.decode()
            self.assertFalse(re.search(r"\d[Ee][-+]?\d", re.sub(r'"[^"]*"', "", text)), text)
        shown = node.cli("pool", "show", "default", "-c", str(node.config)).stdout
        self.assertFalse(re.search(r"\dE\d", shown), shown)


class Limits(EndToEnd):
    def test_limits_are_taken_over_while_the_node_runs(self):
        node = self.node(self.simulator("--latency", "1:5"), extra="limits: { body_bytes_max: 64KiB, tags_max: 8 }").start()
        key = node.key()
        node.wait_for_stock(100)
        big = {"note": "x" * 6_000}
        before = node.issue(key, query={"x": "y" * 1_500}, tags=["a", "b", "c"])
        self.assertEqual(before.status, 201)
        self.assertEqual(node.call("POST", "/v1/codes", big, key).status, 400)

        node.reload({"body_bytes_max: 64KiB, tags_max: 8": "body_bytes_max: 4KiB, tags_max: 2, query_bytes_max: 1KiB", "high: 400": "high: 500"})
        node.wait_for_line(msg="setting changed", option="limits.tags_max")
        self.assertEqual(node.call("POST", "/v1/codes", big, key).status, 413)
        self.assert_problem(node.issue(key, tags=["a", "b", "c"]), 400, "invalid_request", "tags", "at most 2")
        self.assert_problem(node.issue(key, query={"x": "y" * 1_500}), 400, "invalid_request", "query", "1024")
        self.assertEqual(node.issue(key, tags=["a", "b"]).status, 201)
        # Whoever takes targets has the same limits.
        changed = node.call("PATCH", f"/v1/codes/{before.json['id']}", {"tags": ["a", "b", "d"]}, key)
        self.assert_problem(changed, 400, "invalid_request", "tags", "at most 2")
        batch = node.call("POST", "/v1/codes/batch", {"items": [{"path": "pages/a", "tags": ["a", "b", "c"]}, {"path": "pages/a"}]}, key)
        self.assertEqual([r["status"] for r in batch.json["results"]], [400, 201])
        row = 'elsewhere-0123456789,bound,default,shop,pages/a,,"[""a"",""b"",""c""]",2026-01-01T00:00:00.000Z,,1,imported'
        imported = call(node.admin_address, "POST", "/v1/import", "id,state,pool,owner,path,query,tags,created_at,expires_at,version,kind\n" + row,
                        {"Authorization": f"Bearer {node.admin_token}", "Content-Type": "text/csv"})
        self.assertIn("at most 2", imported.body.decode())
        self.assertEqual(node.status()["node"]["pending_restart"], ["pools[default].stock.high"])
        self.assertIn("pending restart: pools[default].stock.high", node.cli("status", "-c", str(node.config)).stdout)
        self.assertEqual(node.pool()["high"], 400)

        node.reload({"high: 500": "high: 400"})
        wait_until(lambda: node.status()["node"]["pending_restart"] == [], 10, "nothing to wait for a restart")

    def test_connections_past_a_smaller_limit_are_kept_while_they_work_and_new_ones_turned_away(self):
        node = self.node(self.simulator("--latency", "1:5"), extra="limits: { connections_max: 100 }").start()
        host, port = node.address.rsplit(":", 1)

        def connect():
            s = socket.create_connection((host, int(port)), 5)
            self.addCleanup(s.close)
            s.settimeout(2)
            return s

        def status_of(s, request=b"GET /v1/scenes/none HTTP/1.1\r\nHost: x\r\n\r\n"):
            s.sendall(request)
            return int(s.recv(4096).split()[1])

        first = [connect() for _ in range(3)]
        for s in first:
            s.sendall(b"GET /v1/scenes/none HTTP/1.1\r\n")
        wait_until(lambda: node.metrics()["qrwell_http_connections"]['listener="open"'] >= 3, what="three at work")
        node.reload({"connections_max: 100": "connections_max: 2"})
        node.wait_for_line(msg="setting changed", option="limits.connections_max")
        self.assertEqual(status_of(connect()), 503)
        turned_away = node.wait_for_line(msg="new clients are turned away", listener="open")
        self.assertIn("connections_max is reached", turned_away["why"])
        self.assertEqual([status_of(s, b"Host: x\r\n\r\n") for s in first], [404] * 3, "who was there goes on being served")
        for s in first:
            s.close()
        self.assertEqual(wait_until(lambda: status_of(connect()) != 503 and 404, 10, "a place"), 404)

    def test_a_file_that_an_actor_refuses_changes_nothing(self):
        node = self.node(self.simulator("--latency", "1:5"), windows=closed_window(), extra="limits: { request_deadline: 2s }").start()
        node.reload({"request_deadline: 2s": "request_deadline: 9s, tags_max: 1"})
        refused = node.wait_for_line(msg="the configuration was not re-read")
        self.assertIn("limits.live_deadline", refused["why"])
        node.reload({"request_deadline: 9s, tags_max: 1": "request_deadline: 1s"})
        node.wait_for_line(msg="setting changed", option="limits.request_deadline")
        self.assertFalse(node.lines(msg="setting changed", option="limits.tags_max"))
