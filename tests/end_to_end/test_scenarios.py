"""Scenarios of the simulator, replayed against a node: for each, what stock, quota and status must show."""

import json
import re
import socket
import subprocess
import time

from end_to_end.harness import BIN, EndToEnd, OneNode, call, wait_until


class Scenarios(OneNode):
    """A stock of 150 that 60 draws make the node fill again, while WeChat does what the scenario says."""

    def start(self, *options, **more):
        self.sim = self.simulator("--latency", "1:5", *options)
        self.n = self.node(more.pop("wechat", self.sim), **{"low": 150, "high": 150, "per_minute": 1000, **more}).start()
        self.key = self.n.key()
        self.n.wait_for_stock(140)

    def play(self, *steps):
        answer = call(self.sim.address, "POST", "/sim/scenario", "steps:\n" + "".join(f"- {{{step}}}\n" for step in steps))
        self.assertEqual(answer.status, 200, answer)

    def wait_for_the_end(self):
        wait_until(lambda: self.sim.state()["scenario"]["over"], 30, "the end of the scenario")

    def app(self):
        return self.n.status()["apps"][0]

    def resume_if_paused(self):
        if self.n.pool()["paused"]:
            self.assertEqual(self.n.admin("POST", "/v1/pools/default/resume").status, 200)

    def test_45009_for_a_while_silences_the_node_and_the_stock_goes_on(self):
        self.start()
        self.play("at: 0s, for: 3s, what: 45009")
        self.check_images(self.draw(60))
        wait_until(lambda: self.app()["quota"]["state"] == "slowed", 20, "the quota to slow down")
        wait_until(lambda: "homes" in self.n.problems(), 10, "status to say so")
        self.assertLess(self.app()["quota"]["effective_limit"], 1000, self.app()["quota"])
        # The limit of WeChat may be a window's: the node asks nothing for a whole one, though the scenario is over.
        self.wait_for_the_end()
        wait_until(lambda: self.app()["quota"]["in_flight"] == 0, 20, "the last calls to end")
        calls = self.sim.app()["calls"]
        refused = self.sim.app()["refused"]["45009"]
        self.draw(10)
        time.sleep(2)
        self.assertEqual(self.sim.app()["calls"], calls)
        self.assertLessEqual(refused, 64, "calls that were under way at once may all be refused, and no more")
        self.n.verify()

    def test_a_token_stolen_again_and_again_costs_few_calls(self):
        self.start()
        before = self.app()["token"]["refreshes"]
        self.play("at: 0s, what: steal_token")
        self.draw(60)
        wait_until(lambda: self.sim.app()["images"] >= 200, 20, "the stock to fill again with a new token")
        self.assertIn("second token manager", self.n.problems())
        self.play("at: 0s, for: 4s, what: steal_token")  # before each call, so that no token is ever good
        self.draw(60)
        self.wait_for_the_end()
        self.assertLessEqual(self.sim.app()["refused"]["40001"], 64, "what was under way may all be refused, and then no more is sent")
        self.assertLessEqual(self.app()["token"]["refreshes"] - before, 5)
        self.assertEqual(self.app()["token"]["forced_left"], 20, "a thief is not answered in kind")
        self.assertEqual(self.app()["quota"]["state"], "normal")
        self.assertFalse(self.n.pool()["paused"])
        self.draw(10)
        self.n.verify()

    def test_a_slow_wechat_slows_nothing_but_the_filling(self):
        self.start()
        self.play("at: 0s, for: 5s, what: latency, min_ms: 1000, max_ms: 2000", "at: 0s, for: 5s, what: slow_body, rate: 0.5, ms: 1000")
        self.check_images(self.draw(60))
        wait_until(lambda: self.app()["quota"]["in_flight"] > 0, 10, "calls under way")
        self.assertEqual(self.app()["quota"]["state"], "normal")
        self.assertFalse(self.n.pool()["paused"])
        self.wait_for_the_end()
        self.n.wait_for_stock(140, 30)
        self.assertEqual(self.n.problems(), "")
        self.assertLessEqual(self.sim.app()["busiest_60s"], 1000)
        self.n.verify()

    def test_the_html_of_a_gateway_is_never_stocked_whatever_its_status(self):
        self.start()
        self.play("at: 0s, for: 3s, what: gateway_html, rate: 0.5", "at: 0s, for: 3s, what: gateway_html, code: 502")
        ids = self.draw(60)
        wait_until(lambda: self.n.problems(), 20, "status to say that something is wrong")
        self.wait_for_the_end()
        self.resume_if_paused()
        self.n.wait_for_stock(140, 30)
        self.check_images(ids + self.draw(60))
        wait_until(lambda: not self.n.problems(), 20, "status to be content again")
        self.n.verify()


class Release(EndToEnd):
    def test_a_pool_whose_page_is_not_released_waits_for_it_and_begins_by_itself(self):
        sim = self.simulator("--latency", "1:5", "--pages", "pages/other/index")
        node = self.node(sim, low=50, high=50).start()
        wait_until(lambda: "the middle page is not in the released version" in node.problems(), 20, "status to say so")
        wait_until(lambda: sim.app()["refused"].get("41030", 0) >= 2, 20, "a second try")
        self.assertIn("stocking begins by itself when the page is released", node.problems())
        pool = node.pool()
        self.assertEqual((pool["level"], pool["paused"]), (0, False))
        self.assertLessEqual(sim.app()["calls"], 8, "one at a time, with growing pauses")
        self.assertEqual(call(sim.address, "POST", "/sim/pages", {"pages": ["pages/other/index", "pages/qr/index"]}).status, 200)
        node.wait_for_stock(50, 60)
        wait_until(lambda: not node.problems(), 20, "status to be content")
        node.verify()


class Failover(EndToEnd):
    def test_a_token_comes_from_the_second_host_while_the_first_refuses_connections(self):
        sim = self.simulator("--latency", "1:5", "--listen", "127.0.0.1:0")
        hosts = wait_until(lambda: len(found := re.findall(r"listening on (\S+)", sim.process.text())) == 2 and found, what="both hosts")
        sim.address = hosts[1]  # for the control calls, which the fault would strike too
        sim.fault({"kind": "reset_on_accept", "host": hosts[0]})
        node = self.node('", "http://'.join(hosts)).start()
        wait_until(lambda: node.status()["apps"][0]["token"]["has_token"], 20, "a token")
        self.assertEqual(node.status()["apps"][0]["token"]["host"], f"http://{hosts[1]}")
        seen = sim.state()
        self.assertGreater(seen["connections"]["refused"], 0)
        self.assertEqual(list(seen["calls_by_host"]), [hosts[1]])


    def calls(self, node):
        return node.status()["apps"][0]["calls"]

    def test_a_host_that_refuses_connections_costs_no_unit_and_no_time(self):
        sim = self.simulator("--latency", "1:5")
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else gets the port
            dead = f"127.0.0.1:{nobody.getsockname()[1]}"
            node = self.node(f'{dead}", "http://{sim.address}', low=50, high=50).start()
            node.wait_for_stock(50)
            calls = self.calls(node)
            self.assertEqual(calls["outcomes"]["never_written"] + calls["outcomes"]["lost"], 0, calls)
            self.assertGreater(calls["moved"], 0)
            self.assertEqual(calls["host"], f"http://{sim.address}")
            self.assertEqual([h["state"] for h in calls["hosts"]][1], "used")
            self.assertIn(f"Calls to WeChat go to http://{sim.address}, since http://{dead} fails (", node.problems())
            quota = node.status()["apps"][0]["quota"]
            self.assertEqual(quota["used_60s"], sim.app()["calls"], "a unit for each call that arrived, and no other")
            metrics = node.metrics()
            self.assertEqual(metrics["qrwell_wechat_host_used"], {f'app="homes",host="http://{dead}"': 0, f'app="homes",host="http://{sim.address}"': 1})
            self.assertEqual(metrics["qrwell_wechat_host_left"][f'app="homes",host="http://{dead}"'], 1)
            moved = node.wait_for_line(actor="wechat_fetcher", msg="calls go to another host of WeChat")
            self.assertIn("Failed to connect", moved["why"])
        node.verify()

    def test_a_host_that_resets_connections_is_left_after_two_calls_and_used_again_when_it_works(self):
        sim = self.simulator("--latency", "1:5", "--listen", "127.0.0.1:0")
        hosts = wait_until(lambda: len(found := re.findall(r"listening on (\S+)", sim.process.text())) == 2 and found, what="both hosts")
        sim.address = hosts[1]
        sim.fault({"kind": "reset", "host": hosts[0]})
        node = self.node('", "http://'.join(hosts), low=50, high=50).start()
        node.wait_for_stock(50)
        calls = self.calls(node)
        self.assertEqual(calls["host"], f"http://{hosts[1]}")
        # Two, and one for each time that it was tried whether it works again.
        self.assertLessEqual(calls["outcomes"]["lost"], 8, calls)
        self.assertIn(f"since http://{hosts[0]} fails (", node.problems())
        sim.heal()
        key = node.key()

        def back():
            node.issue(key)
            return self.calls(node)["host"] == f"http://{hosts[0]}"

        wait_until(back, 60, "the first host to be used again", 0.5)
        self.assertNotIn(hosts[0], node.problems())
        node.verify()


class Launch(EndToEnd):
    def test_a_played_launch_opens_the_target_with_and_without_prefetch(self):
        node = self.node(self.simulator()).start()
        key = node.key()
        node.wait_for_stock(10)
        code = node.issue(key, query={"house": "8841"}).json["id"]

        def play(scene, expect):
            done = subprocess.run([str(BIN / "wechat-sim"), "launch", "--server", f"http://{node.address}", "--scene", scene,
                                   "--package-ms", "50", "--network-ms", "50", "--wait-ms", "10000", "--json"],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
            return json.loads(done.stdout)

        played = play(code, 0)
        self.assertEqual(played["with_prefetch"]["source"], "prefetch", played)
        self.assertEqual(played["without_prefetch"]["source"], "request", played)
        for way in ("with_prefetch", "without_prefetch"):
            self.assertEqual(played[way]["opens"], "pages/house/detail?house=8841")
        unknown = play("1k0ZaB3xQ9d_7Hc2-LmT", 1)
        self.assertEqual(unknown["with_prefetch"]["outcome"], "unknown")
