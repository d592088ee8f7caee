"""Each way in which WeChat's answers go wrong, as a scenario of the simulator: what it costs, what status says of it, and that nothing of it stays.
What lasts longer is in test_scenarios.py and test_trouble.py."""

import contextlib

from end_to_end.harness import EndToEnd, call, wait_until

STOCK = 100
DRAWN = 30

# What goes wrong with an answer -> the outcome that is counted; `dead`: an image came and its code dies.
ANSWERS = [("reset", "lost"), ("reset_mid_head", "lost"), ("reset_mid_body", "lost"), ("truncated", "lost"), ("black_hole", "lost"),
           ("slow_body", "lost"), ("empty_body", "not_an_answer"), ("garbage", "not_an_answer"), ("http_status, code: 503", "not_an_answer"),
           ("gateway_html", "not_an_answer"), ("short_body", "dead"), ("corrupt", "dead"), ("wrong_size", "dead"),
           ("json_as_image", "refused"), ("error_as_text", "refused")]
BAD = 3  # of each; more than a tenth of the last 100 codes dead would pause the pool
UNDER_WAY = 64  # calls that may be on their way when the first of them is refused

# Codes after which the node tries again by itself -> what status says.
WAITED_FOR = [(-1, "WeChat is busy"), (44990, "too many calls in one second"), (45063, "45063"), (40164, "not in the account's IP list"),
              (61004, "not in the account's IP list"), (85401, "does not know this code")]

# Codes that no second try mends: the pool pauses and says so.
STOPPING = [(40097, "does not take a parameter"), (40129, "a character of the scene"),
            (40169, "could not read the request"), (47001, "as JSON"), (48001, "may not use this interface"), (48004, "banned"),
            (50002, "the account is limited"), (85096, "scancode_time")]


class Faults(EndToEnd):
    def setUp(self):
        super().setUp()
        self.sim = self.simulator("--latency", "1:5")
        self.n = self.node(self.sim, low=STOCK, high=STOCK)
        self.n.config.write_text(self.n.config.read_text().replace("wechat: {", "wechat: { call_timeout: 500ms,"))
        self.n.start()
        self.key = self.n.key()
        self.wanted = STOCK  # images, in all
        self.full()

    def full(self):
        wait_until(lambda: self.app()["calls"]["outcomes"]["image"] >= self.wanted, 60, f"{self.wanted} images")
        wait_until(lambda: self.n.pool()["level"] == STOCK, 20, "a full stock")
        wait_until(lambda: not self.n.problems(), 30, "status to be content")
        self.assertEqual(self.app()["quota"]["state"], "normal")

    def app(self):
        return self.n.status()["apps"][0]

    def play(self, *steps):
        answer = call(self.sim.address, "POST", "/sim/scenario", "steps:\n" + "".join(f"- {{at: 0s, {step}}}\n" for step in steps))
        self.assertEqual(answer.status, 200, answer)

    @contextlib.contextmanager
    def trouble(self, *steps):
        """Plays, draws from a full stock, and when that is full again looks whether what was handed out is good."""
        self.play(*steps)
        self.wanted += DRAWN
        answers = [self.n.issue(self.key) for _ in range(DRAWN)]
        self.assertEqual({a.status for a in answers}, {201}, "stock is handed out whatever WeChat says")
        yield
        self.full()
        for answer in answers:
            image = self.n.call("GET", f"/v1/codes/{answer.json['id']}/image")
            self.assertIn(b"scene=" + answer.json["id"].encode(), image.body)

    def says(self, words):
        wait_until(lambda: words in self.n.problems(), 20, f"status to say {words!r}", every_s=0.02)

    def test_each_bad_answer_costs_one_call_and_is_counted_and_not_stocked(self):
        def counts():
            return {**self.app()["calls"]["outcomes"], "dead": self.n.pool()["dead"], "calls": self.sim.app()["calls"]}

        for fault, outcome in ANSWERS:
            with self.subTest(fault=fault):
                before = counts()
                with self.trouble(f"what: {fault}, count: {BAD}"):
                    pass
                wanted = {outcome: BAD, "image": DRAWN + (BAD if outcome == "dead" else 0), "calls": DRAWN + BAD}
                self.wanted += wanted["image"] - DRAWN
                try:
                    wait_until(lambda: {name: counts()[name] - before[name] for name in wanted} == wanted, 10)
                except AssertionError:
                    self.assertEqual({name: counts()[name] - before[name] for name in wanted}, wanted)
        self.n.verify()

    def test_an_image_with_the_label_of_json_is_an_image(self):
        calls = self.sim.app()["calls"]
        with self.trouble(f"what: image_as_json, count: {DRAWN}"):
            pass
        self.assertEqual(self.sim.app()["calls"] - calls, DRAWN)
        self.assertEqual(self.n.pool()["dead"], 0)
        self.n.verify()

    def test_two_equal_images_are_no_two_codes(self):
        with self.trouble("what: same_bytes, count: 3"):
            pass
        # The first of them is as good as any.
        wait_until(lambda: self.n.pool()["dead"] == 2, 20, "the others to be dead")
        self.n.verify()

    def test_codes_that_pass_by_themselves_pause_no_pool(self):
        for code, words in WAITED_FOR:
            with self.subTest(code=code):
                refused = self.sim.app()["refused"].get(str(code), 0)
                with self.trouble(f"for: 1500ms, what: {code}"):
                    self.says(words)
                    self.assertFalse(self.n.pool()["paused"])
                self.assertLessEqual(self.sim.app()["refused"][str(code)] - refused, UNDER_WAY, "it asks no more while it is refused")
        self.n.verify()

    def test_codes_that_stay_stop_the_pool_until_somebody_resumes_it(self):
        for code, words in STOPPING:
            with self.subTest(code=code):
                with self.trouble(f"for: 2s, what: {code}"):
                    self.says(str(code))
                    self.says(words)
                    self.assertTrue(self.n.pool()["paused"])
                    wait_until(lambda: self.sim.state()["scenario"]["over"], 20, "the end of the scenario")
                    self.assertLessEqual(self.sim.app()["refused"][str(code)], UNDER_WAY)
                    self.assertEqual(self.n.admin("POST", "/v1/pools/default/resume").status, 200)
        self.n.verify()

    def test_an_expired_token_is_fetched_again_and_costs_only_what_was_under_way(self):
        refreshes = self.app()["token"]["refreshes"]
        with self.trouble("what: expire_token"):
            wait_until(lambda: self.app()["token"]["refreshes"] > refreshes, 30, "a new token")
        self.assertEqual(self.app()["token"]["refreshes"], refreshes + 1)
        self.assertEqual(self.app()["token"]["forced_left"], 20)
        self.assertLessEqual(self.sim.app()["refused"]["42001"], UNDER_WAY)
        self.n.verify()


class Limits(EndToEnd):
    """A limit that WeChat tells of is silence for more than a minute, so each has a node of its own."""

    def check(self, step, *, images):
        sim = self.simulator("--latency", "1:5")
        node = self.node(sim, low=STOCK, high=STOCK, per_minute=1000).start()
        key = node.key()
        node.wait_for_stock(STOCK)
        answer = call(sim.address, "POST", "/sim/scenario", f"steps:\n- {{at: 0s, for: 2s, {step}}}\n")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual({node.issue(key).status for _ in range(DRAWN)}, {201})
        quota = wait_until(lambda: (q := node.status()["apps"][0]["quota"])["state"] != "normal" and q, 20, "the quota to slow down")
        self.assertIn("limit is reached", node.problems())
        self.assertLess(quota["effective_limit"], 1000)
        wait_until(lambda: sim.state()["scenario"]["over"], 20, "the end of the scenario")
        wait_until(lambda: node.status()["apps"][0]["quota"]["in_flight"] == 0, 20, "the last calls to end")
        calls = sim.app()["calls"]
        self.assertEqual(sim.app()["images"], STOCK + images)
        self.assertEqual({node.issue(key).status for _ in range(10)}, {201})
        wait_until(lambda: node.pool()["level"] == STOCK - DRAWN - 10 + images, 20, "the draws to be counted")
        self.assertEqual(sim.app()["calls"], calls, "nothing is asked for a whole window")
        self.assertFalse(node.pool()["paused"])
        node.verify()

    def test_45011_of_the_minute(self):
        self.check("what: 45011", images=0)

    def test_45009_of_the_day_after_some_more_calls(self):
        self.check(f"what: limit, per_day: {STOCK + 10}", images=10)
