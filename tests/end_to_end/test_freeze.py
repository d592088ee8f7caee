"""P3 when a process is frozen for more than a minute and thawed: a laptop's lid, a paused virtual machine, a debugger. Takes 80 s."""

import signal
import time

from end_to_end.harness import EndToEnd, Node, Simulator, wait_until

LIMIT = 60
FROZEN_S = 63  # longer than a unit cools, and than every lease and time-out


class Freeze(EndToEnd):
    def start(self, name, latency, calls_at_once):
        """A node that fills as fast as it may, and the WeChat that counts its calls."""
        folder = self.folder / name
        folder.mkdir()
        sim = Simulator(folder, "--latency", latency)
        self.addCleanup(sim.stop)
        node = Node(folder, sim, per_minute=LIMIT, low=100, high=100)
        node.config.write_text(node.config.read_text().replace("wechat: {", f"wechat: {{ inflight_max: {calls_at_once},"))
        self.addCleanup(lambda: node.process and node.process.kill())
        return sim, node.start()

    def test_p3_a_process_that_was_frozen_for_a_minute_keeps_the_quota(self):
        # One is frozen when its minute is used up, the other in the midst of its first calls: those are answered while it is frozen,
        # others are begun and not yet on their way.
        full_sim, full = self.start("full", "5:20", 64)
        busy_sim, busy = self.start("busy", "500:1500", 16)
        wait_until(lambda: busy_sim.app()["calls"] >= 20, 20, "calls under way")
        busy.process.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: full_sim.app()["calls"] == LIMIT, 20, "the minute to be used up")
        full.process.process.send_signal(signal.SIGSTOP)
        time.sleep(FROZEN_S)
        before = {sim: sim.app()["calls"] for sim in (full_sim, busy_sim)}
        for node in (full, busy):
            node.process.process.send_signal(signal.SIGCONT)

        full.wait_for_stock(100, 20)  # it goes on at once: all of its units have cooled
        wait_until(lambda: busy_sim.app()["calls"] >= before[busy_sim] + 20, 20, "calls after the thaw")
        time.sleep(3)
        for sim, node in ((full_sim, full), (busy_sim, busy)):
            self.assertLessEqual(sim.app()["busiest_60s"], LIMIT, "WeChat counts by arrival, wherever the minute starts")
            self.assertEqual(node.admin("POST", "/v1/pools/default/pause").status, 200)
            # No unit was lost on the way: whatever was asked for before the freeze was used or given back.
            quota = wait_until(lambda: (q := node.status()["apps"][0]["quota"])["unsent"] + q["in_flight"] == 0 and q, 15, "an end of all grants")
            self.assertEqual(quota["open_grants"], 0, quota)
            self.assertEqual(quota["free"] + quota["cooling"] + quota["charged"] + quota["withheld"], LIMIT, quota)
            node.verify()
        self.assertEqual(full_sim.app()["calls"], 100)
