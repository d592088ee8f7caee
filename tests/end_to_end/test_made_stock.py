"""The benchmark's stock, made beforehand: a node takes it for its own, and the books balance."""

import json
import subprocess

from end_to_end.harness import BIN, EndToEnd, closed_window


class MadeStock(EndToEnd):
    def make(self, node, *options):
        done = subprocess.run([str(BIN / "make_stock"), "-c", str(node.config), *options], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_is_issued_and_scanned(self):
        node = self.node("127.0.0.1:1", low=0, high=1, windows=closed_window())
        ids = self.folder / "ids"
        made = self.make(node, "--stock", "1234", "--bound", "321", "--ids", str(ids))
        self.assertEqual((made["stocked"], made["bound"]), (1234, 321))
        node.verify()
        node.start()
        node.wait_for_stock(1234)
        self.assertEqual(node.pool()["level"], 1234)
        lines = ids.read_text().split("\n")[:-1]
        self.assertEqual(len(set(lines)), 321)
        id, path = lines[-1].split(" ")
        self.assertEqual(node.call("GET", f"/v1/scenes/{id}").json["path"], path)
        self.assertEqual(node.issue(node.key()).status, 201)
        node.stop()
        # Again, on top of what is left.
        self.make(node, "--stock", "100")
        self.assertEqual(node.verify()["findings"][0]["examined"], 1234 + 321 + 100)

    def test_leaves_a_running_node_alone(self):
        node = self.node("127.0.0.1:1", low=0, high=1, windows=closed_window()).start()
        done = subprocess.run([str(BIN / "make_stock"), "-c", str(node.config)], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("in use by", done.stderr)
