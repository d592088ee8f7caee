"""The command line: beside a running node and without one, exit codes, clear errors."""

import json
import subprocess

from end_to_end.harness import BIN, EndToEnd, wait_until


class CommandLine(EndToEnd):
    def test_keys_beside_a_node_and_without_one(self):
        node = self.node(self.simulator("--latency", "1:5")).start()
        config = str(node.config)
        key = node.cli("key", "add", "beside", "--scopes", "issue,read", "-c", config).stdout.strip()
        self.assertRegex(key, r"^qw_beside_[-_0-9A-Za-z]{43}$")
        node.wait_for_stock(20)
        self.assertEqual(node.issue(key).status, 201)
        self.assertEqual(node.stop(), 0)
        offline = node.cli("key", "add", "offline", "--scopes", "issue", "--rate", "5/s", "--priority", "core", "-c", config).stdout.strip()
        listed = json.loads(node.cli("key", "list", "-c", config, "--json").stdout)
        self.assertEqual({k["name"]: k["priority"] for k in listed["keys"]}, {"beside": "normal", "offline": "core"})
        self.assertNotIn(offline, json.dumps(listed))
        node.cli("key", "revoke", "beside", "-c", config)
        node.cli("key", "revoke", "nobody", "-c", config, expect=1)
        node.cli("key", "add", "offline", "--scopes", "issue", "-c", config, expect=1)
        node.cli("key", "add", "Bad Name", "--scopes", "issue", "-c", config, expect=2)
        node.cli("key", "add", "x", "--scopes", "everything", "-c", config, expect=2)
        node.start()
        node.wait_for_stock(20)
        self.assertEqual(node.issue(key).status, 401)
        self.assertEqual(node.issue(offline).status, 201)

    def test_pools_status_and_verify(self):
        node = self.node(self.simulator("--latency", "1:5")).start()
        config = str(node.config)
        node.wait_for_stock(50)
        self.assertIn("default", node.cli("pool", "list", "-c", config).stdout)
        self.assertEqual(json.loads(node.cli("pool", "show", "default", "-c", config, "--json").stdout)["name"], "default")
        self.assertIn("paused: stocktaking", node.cli("pool", "pause", "default", "--reason", "stocktaking", "-c", config).stdout)
        status = node.cli("status", "-c", config).stdout
        self.assertIn("stocktaking", status)
        self.assertTrue(json.loads(node.cli("status", "-c", config, "--json").stdout)["problems"])
        node.cli("pool", "resume", "default", "-c", config)
        node.cli("pool", "fill", "default", "--count", "10", "-c", config)
        node.cli("pool", "show", "nowhere", "-c", config, expect=1)
        self.assertIn("keeps its promises", node.cli("verify", "-c", config).stdout)
        self.assertEqual(node.stop(), 0)
        self.assertIn("keeps its promises", node.cli("verify", "-c", config).stdout)
        node.cli("pool", "pause", "default", "-c", config)
        self.assertTrue(json.loads(node.cli("pool", "show", "default", "-c", config, "--json").stdout)["paused"])
        node.cli("pool", "fill", "default", "-c", config, expect=3)
        node.cli("status", "-c", config, expect=3)

    def test_a_pause_outlives_a_restart(self):
        node = self.node(self.simulator("--latency", "1:5")).start()
        node.wait_for_stock(20)
        node.admin("POST", "/v1/pools/default/pause", {"reason": "audit"})
        node.kill()
        node.start()
        wait_until(lambda: node.pool().get("paused"), 10, "the pool to be paused again")
        self.assertEqual(node.pool()["pause_reason"], "audit")

    def test_wrong_configuration_is_named_with_file_line_and_key(self):
        config = self.folder / "wrong.yaml"
        config.write_text("node: { name: n1 }\nhttp:\n  lisen: 127.0.0.1:1\napps: []\n")
        for command in (["config", "check"], ["serve"]):
            done = subprocess.run([str(BIN / "qrwell"), *command, "-c", str(config)], capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 2)
            self.assertIn("wrong.yaml:3", done.stderr)
            self.assertIn("lisen", done.stderr)
            self.assertIn("listen", done.stderr)
        missing = subprocess.run([str(BIN / "qrwell"), "serve", "-c", str(self.folder / "none.yaml")], capture_output=True, text=True, timeout=20)
        self.assertEqual(missing.returncode, 2)
        self.assertIn("none.yaml", missing.stderr)

    def test_usage_version_and_reference(self):
        run = lambda *words: subprocess.run([str(BIN / "qrwell"), *words], capture_output=True, text=True, timeout=20)
        self.assertEqual(run().returncode, 2)
        self.assertEqual(run("dance").returncode, 2)
        self.assertEqual(run("--help").returncode, 0)
        self.assertIn("0.1.0", run("version").stdout)
        self.assertEqual(json.loads(run("version", "--json").stdout)["name"], "qrwell")
        self.assertIn("http.admin_listen", run("config", "reference").stdout)
        self.assertTrue(json.loads(run("config", "reference", "--json").stdout))

    def test_sighup_applies_what_it_may_and_names_what_waits_for_a_restart(self):
        node = self.node(self.simulator("--latency", "1:5")).start()
        text = node.config.read_text()
        node.config.write_text(text.replace("level: info", "level: debug").replace("high: 400", "high: 500"))
        node.process.process.send_signal(1)
        wait_until(lambda: "pending restart" in node.process.text(), 10, "the log to name what waits for a restart")
        self.assertIn("setting changed", node.process.text())
        self.assertTrue(node.process.alive())
        node.config.write_text("nonsense: [")
        node.process.process.send_signal(1)
        wait_until(lambda: "was not re-read" in node.process.text(), 10, "the log to refuse a broken file")
        self.assertTrue(node.process.alive())

    def test_the_demo_checks_itself(self):
        done = subprocess.run([str(BIN / "qrwell"), "demo", "--exit", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("The demo works", done.stdout)
