"""What happens when something breaks: kills, a second process, WeChat away, slow or lying, an empty stock."""

import http.client
import random
import threading
import time

from end_to_end.harness import EndToEnd, OneNode, Simulator, call, closed_window, wait_until


class Kills(EndToEnd):
    def test_twenty_kills_under_load_lose_and_double_nothing(self):
        """P1, P2, P4, P5: a client that remembers every 201 checks them from outside; `verify` from inside."""
        sim = self.simulator("--limit", "100000", "--latency", "1:10")
        node = self.node(sim, per_minute=100_000, low=2_000, high=4_000).start()
        key = node.key()
        node.wait_for_stock(500)
        acknowledged = {}  # id -> (query, idempotency key or None)
        by_key = {}
        lock = threading.Lock()
        stop = threading.Event()
        doubled = []

        def client(number):
            rng = random.Random(number)
            count = 0
            pending = None  # a request that got no answer is repeated with its key, as the contract says
            while not stop.is_set():
                count += 1
                query, idem = pending or ({"client": number, "count": count}, f"{number}-{count}" if rng.random() < 0.5 else None)
                try:
                    answer = node.issue(key, query=query, headers={"Idempotency-Key": idem} if idem else None)
                except (OSError, AttributeError, http.client.HTTPException):
                    pending = (query, idem) if idem else None
                    time.sleep(0.02)
                    continue
                pending = None
                if answer.status in (200, 201):
                    code = answer.json["id"]
                    with lock:
                        if code in acknowledged and acknowledged[code] != query:
                            doubled.append(code)
                        if idem and by_key.setdefault(idem, code) != code:
                            doubled.append(code)
                        acknowledged[code] = query
                elif answer.status in (503, 401):
                    pending = (query, idem) if idem else None
                    time.sleep(0.01)
                else:
                    doubled.append(repr(answer))

        clients = [threading.Thread(target=client, args=(i,)) for i in range(8)]
        for thread in clients:
            thread.start()
        try:
            for kill in range(20):
                time.sleep(0.15 + 0.4 * random.Random(kill).random())
                node.kill()
                node.start()
        finally:
            time.sleep(0.5)
            stop.set()
            for thread in clients:
                thread.join(20)
        self.assertFalse(doubled)
        self.assertGreater(len(acknowledged), 500)
        for code, query in acknowledged.items():
            scene = node.call("GET", f"/v1/scenes/{code}")
            self.assertEqual(scene.status, 200, (code, scene))
            self.assertEqual(scene.json["query"], query)
        for code in random.Random(1).sample(sorted(acknowledged), 50):
            image = node.call("GET", f"/v1/codes/{code}/image")
            self.assertEqual(image.status, 200)
            self.assertIn(b"scene=" + code.encode(), image.body)
        node.verify()
        self.assertEqual(node.stop(), 0)
        node.verify()

    def test_p3_a_restart_does_not_forget_the_quota_of_the_past_minute(self):
        sim = self.simulator("--latency", "5:20")
        node = self.node(sim, per_minute=120, low=10_000, high=20_000).start()
        for _ in range(4):
            time.sleep(1.5)
            node.kill()
            node.start()
        time.sleep(1)
        self.assertLessEqual(sim.app()["busiest_60s"], 120)
        used = node.status()["apps"][0]["quota"]
        self.assertEqual(used["free"] + used["unsent"] + used["in_flight"] + used["cooling"] + used["charged"] + used["withheld"], 120, used)
        node.verify()

    def test_sigterm_under_load_ends_in_order(self):
        sim = self.simulator("--latency", "5:20")
        node = self.node(sim).start()
        key = node.key()
        node.wait_for_stock(300)
        answers = []

        def client():
            while True:
                try:
                    answers.append(node.issue(key))
                except Exception:
                    return

        threads = [threading.Thread(target=client) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        self.assertEqual(node.stop(), 0)
        for thread in threads:
            thread.join(10)
        issued = [a.json["id"] for a in answers if a.status == 201]
        self.assertGreater(len(issued), 20)
        self.assertEqual({a.status for a in answers} - {201, 503}, set())
        node.verify()
        node.start()
        for code in issued:
            self.assertEqual(node.call("GET", f"/v1/scenes/{code}").status, 200)


class OneHolder(EndToEnd):
    def test_a_second_process_is_refused_and_told_by_whom(self):
        node = self.node(self.simulator()).start()
        second = node.cli("serve", "-c", str(node.config), expect=3)
        self.assertIn("in use by node n1", second.stderr)
        self.assertIn(str(node.process.pid), second.stderr)
        self.assertEqual(call(node.admin_address, "GET", "/healthz").status, 200)

    def test_an_older_copy_of_the_store_is_refused(self):
        sim = self.simulator("--latency", "1:5")
        node = self.node(sim).start()
        key = node.key()
        node.wait_for_stock(100)
        self.assertEqual(node.stop(), 0)
        old = (node.data / "qrwell.db").read_bytes()
        node.start()
        for _ in range(5):
            self.assertEqual(node.issue(key).status, 201)
        seen = (node.data / "watermark").read_text()
        wait_until(lambda: (node.data / "watermark").read_text() != seen, 20, "the watermark to move")
        self.assertEqual(node.stop(), 0)
        for rest in node.data.glob("qrwell.db-*"):
            rest.unlink()
        (node.data / "qrwell.db").write_bytes(old)
        refused = node.cli("serve", "-c", str(node.config), expect=1)
        self.assertIn("older", refused.stderr)


class EmptyStock(EndToEnd):
    def test_rung_one_fetches_live_and_a_pool_without_it_says_when_to_come_back(self):
        sim = self.simulator("--latency", "5:20")
        node = self.node(sim, per_minute=600, live_reserve=100, low=1, high=1, on_empty="[live]", windows=closed_window()).start()
        key = node.key()
        wait_until(lambda: node.issue(key).status == 201, 20, "a first code")
        rungs = [node.issue(key) for _ in range(8)]
        self.assertIn("live", [a.json.get("rung") for a in rungs if a.status == 201], rungs)
        for answer in rungs:
            if answer.status == 201:
                self.assertEqual(node.call("GET", f"/v1/scenes/{answer.json['id']}").status, 200)
        node.verify()

    def test_a_live_request_without_a_unit_in_reach_is_answered_at_once(self):
        sim = self.simulator("--latency", "5:20")
        # A client waits 10 s for an answer: one that came at the deadline would be too late.
        node = self.node(sim, per_minute=30, live_reserve=10, low=20, high=20, on_empty="[live]", windows=closed_window(),
                         extra="limits: { live_deadline: 30s }").start()
        key = node.key()
        node.wait_for_stock(20)
        answers = [node.issue(key) for _ in range(40)]
        rungs = [a.json.get("rung") for a in answers if a.status == 201]
        self.assertEqual((len(rungs), rungs.count("live")), (30, 10), rungs)
        for answer in answers[30:]:
            self.assert_problem(answer, 503, "out_of_stock")
            self.assertIn(int(answer.headers["retry-after"]), range(30, 62), "when the first unit has cooled")
        wait_until(lambda: "may be made in" in node.pool()["plan"], 10, "the plan to say when it goes on")
        self.assertIn("30 of 30 calls used in the last 60 s", node.cli("status", "-c", str(node.config)).stdout)
        # A new process knows of the past minute what its predecessor did.
        node.kill()
        node.start()
        wait_until(lambda: node.status()["apps"], 10, "the app to be known")
        self.assertIn("30 of 30 calls used in the last 60 s", node.cli("status", "-c", str(node.config)).stdout)

    def test_a_live_request_does_not_wait_for_a_wechat_that_is_away(self):
        sim = self.simulator("--latency", "5:20")
        node = self.node(sim, low=20, high=20, live_reserve=10, on_empty="[live]", windows=closed_window(),
                         extra="limits: { live_deadline: 30s }").start()
        key = node.key()
        node.wait_for_stock(20)
        sim.stop()
        answers = [node.issue(key) for _ in range(40)]
        self.assertEqual([a.status for a in answers], [201] * 20 + [503] * 20)
        self.assertIn("WeChat", node.problems())
        shown = node.cli("status", "-c", str(node.config)).stdout.splitlines()
        self.assertIn("WeChat cannot be called", " ".join(shown[:4]))

    def test_nothing_left_is_a_503_with_an_honest_retry_after(self):
        sim = self.simulator("--latency", "5:20")
        node = self.node(sim, low=5, high=5, windows=closed_window()).start()
        key = node.key()
        node.wait_for_stock(5)
        self.assertEqual(node.admin("POST", "/v1/pools/default/pause", {"reason": "inventory"}).status, 200)
        answers = [node.issue(key) for _ in range(15)]
        empty = [a for a in answers if a.status == 503]
        self.assertTrue(empty)
        self.assert_problem(empty[-1], 503, "out_of_stock")
        self.assertGreaterEqual(int(empty[-1].headers["retry-after"]), 1)
        self.assertIn("inventory", node.problems())
        self.assertEqual(node.admin("POST", "/v1/pools/default/resume").status, 200)
        wait_until(lambda: node.issue(key).status == 201, 20, "the pool to fill again")

    def test_below_the_reserve_only_core_keys_draw(self):
        sim = self.simulator("--latency", "5:20")
        node = self.node(sim, low=20, high=20, reserve=20, windows=closed_window()).start()
        normal, core = node.key("normal"), node.key("core", priority="core")
        node.wait_for_stock(20)
        self.assertEqual(node.admin("POST", "/v1/pools/default/pause").status, 200)
        wait_until(lambda: node.issue(normal).status == 503, 10, "normal keys to be refused below the reserve")
        self.assertEqual(node.issue(core).status, 201)

    def test_fill_on_command(self):
        sim = self.simulator("--latency", "1:5")
        node = self.node(sim, low=10, high=1000, windows=closed_window()).start()
        node.wait_for_stock(10)
        self.assertLess(node.pool()["level"], 100)
        self.assertEqual(node.admin("POST", "/v1/pools/default/fill", {"count": 200}).status, 200)
        node.wait_for_stock(200)
        self.assert_problem(node.admin("POST", "/v1/pools/default/fill", {"count": -1}), 400, "invalid_request", "count")
        self.assert_problem(node.admin("POST", "/v1/pools/nowhere/fill"), 404, "not_found", "nowhere")


class WeChatTrouble(OneNode):
    """Stock goes on being issued, nothing wrong is stocked, and status says in words what is wrong."""

    def start(self, **more):
        self.sim = self.simulator("--latency", "1:5")
        self.n = self.node(self.sim, **{"low": 150, "high": 150, **more}).start()
        self.key = self.n.key()
        self.n.wait_for_stock(140)

    def test_wechat_away(self):
        self.start()
        address = self.sim.address
        self.sim.stop()
        self.check_images(self.draw(60))
        wait_until(lambda: "WeChat" in self.n.problems(), 30, "status to say that WeChat is away")
        self.assertEqual(call(self.n.admin_address, "GET", "/readyz?for=issue").status, 200)
        again = Simulator(self.folder, "--latency", "1:5", listen=address)
        self.addCleanup(again.stop)
        self.n.wait_for_stock(140, 120)
        self.n.verify()

    def test_errors_sent_as_200_and_images_that_are_none(self):
        self.start()
        self.sim.fault(
            {"kind": "error", "code": -1, "rate": 0.1}, {"kind": "error_as_text", "rate": 0.1}, {"kind": "json_as_image", "rate": 0.1},
            {"kind": "truncated", "rate": 0.05}, {"kind": "empty_body", "rate": 0.05}, {"kind": "garbage", "rate": 0.05},
            {"kind": "corrupt", "rate": 0.05}, {"kind": "wrong_size", "rate": 0.05}, {"kind": "reset", "rate": 0.05},
            {"kind": "http_status", "code": 503, "rate": 0.05})
        ids = self.draw(100)
        time.sleep(3)
        self.sim.heal()
        self.check_images(ids)
        paused = self.n.pool()["paused"]
        if paused:
            self.assertEqual(self.n.admin("POST", "/v1/pools/default/resume").status, 200)
        self.n.wait_for_stock(100, 60)
        self.check_images(self.draw(50))
        self.n.verify()

    def test_images_that_are_all_equal_pause_the_pool_with_a_reason(self):
        self.start()
        self.sim.fault({"kind": "same_bytes", "rate": 1})
        self.draw(80)
        wait_until(lambda: self.n.pool()["paused"], 60, "the pool to pause")
        self.assertIn("paused", self.n.problems())
        self.n.verify()

    def test_the_limit_of_wechat_is_lower_than_ours(self):
        self.sim = self.simulator("--latency", "1:5", "--limit", "100")
        self.n = self.node(self.sim, per_minute=1000, low=5000, high=5000).start()
        wait_until(lambda: self.n.status()["apps"][0]["quota"]["state"] != "normal", 30, "the quota to slow down")
        wait_until(lambda: "homes" in self.n.problems(), 10, "status to say so")
        self.n.verify()

    def test_a_stolen_token_is_fetched_again_once(self):
        self.start()
        before = self.n.status()["apps"][0]["token"]["refreshes"]
        self.sim.fault({"kind": "steal_token"})
        self.draw(60)
        self.n.wait_for_stock(120, 60)
        self.assertLessEqual(self.n.status()["apps"][0]["token"]["refreshes"] - before, 2)
        self.n.verify()
