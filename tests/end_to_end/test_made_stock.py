"""The benchmark's stock, made beforehand: a node takes it for its own, and the books balance."""

import contextlib
import json
import sqlite3
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


class MadeStore(EndToEnd):
    """A store as if a node had been at work for months: verified, listed, counted and scanned over the wire."""

    POOLS = "\n".join(f'  - {{ name: {name}, app: homes, page: pages/{name}/index, stock: {{ low: 0, high: 1 }}, timezone: Asia/Shanghai, '
                      f'windows: {closed_window()} }}' for name in ("houses", "cars"))

    def make(self, node, *options):
        done = subprocess.run([str(BIN / "make_store"), "-c", str(node.config), *options], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def all_pages(self, node, key, query):
        out, cursor = [], ""
        while cursor is not None:
            page = node.call("GET", f"/v1/codes?limit=500&{query}" + (f"&cursor={cursor}" if cursor else ""), key=key)
            self.assertEqual(page.status, 200, page)
            out += page.json["codes"]
            cursor = page.json["next_cursor"]
        return out

    def test_is_whole(self):
        node = self.node("127.0.0.1:1", low=0, high=1, windows=closed_window(), pool_extra=self.POOLS)
        ids = self.folder / "ids"
        code, said, why = self.make(node, "--codes", "6000", "--stock", "700", "--days", "90", "--owners", "7", "--ids", str(ids))
        self.assertEqual(code, 0, why)
        self.assertEqual(json.loads(said)["stocked"], 700)
        self.assertEqual(node.verify()["findings"][0]["examined"], 6000 - self.dead(node))
        node.start()
        key = node.key("looks", scopes=("read", "admin"))
        listed = self.all_pages(node, key, "")
        states = {state: self.all_pages(node, key, f"state={state}") for state in ("bound", "revoked", "expired")}
        self.assertEqual(len(listed), 6000 - 700 - self.dead(node))
        self.assertEqual(sum(map(len, states.values())), len(listed))
        self.assertTrue(all(states.values()))
        self.assertEqual(listed, sorted(listed, key=lambda c: c["created_at"], reverse=True))
        self.assertEqual({c["pool"] for c in listed}, {"default", "houses", "cars"})
        tagged = self.all_pages(node, key, "tag=common")
        self.assertEqual({c["id"] for c in tagged}, {c["id"] for c in listed if "common" in c["tags"]})
        mine = self.all_pages(node, key, "owner=owner-000&pool=cars")
        self.assertEqual({c["id"] for c in mine}, {row[0] for row in self.ask(node, "SELECT id FROM codes JOIN generations USING (gen_id) "
                                                                              "WHERE owner = 'owner-000' AND pool = 'cars'")})
        # What was issued and scanned adds up, however it is asked for.
        for by in ("", "&by=day", "&by=owner", "&by=pool,launch", "&by=owner,pool"):
            rows = node.call("GET", "/v1/stats?from=" + listed[-1]["created_at"] + by, key=key).json
            self.assertFalse(rows["cut"])
            self.assertEqual(sum(r["issued"] for r in rows["rows"]), len(listed), by)
        for line in ids.read_text().split("\n")[:-1][::100]:
            id, path = line.split(" ")
            self.assertEqual(node.call("GET", f"/v1/scenes/{id}").json["path"], path)
        self.assertEqual(node.issue(node.key(), pool="cars").status, 201)
        node.stop()
        node.verify()
        # Only once: on top of what a node did it would not add up.
        code, _, why = self.make(node)
        self.assertEqual(code, 1)
        self.assertIn("has codes", why)

    def ask(self, node, query):
        with contextlib.closing(sqlite3.connect(f"file:{node.data}/qrwell.db?mode=ro", uri=True)) as db:
            return db.execute(query).fetchall()

    def dead(self, node):
        return self.ask(node, "SELECT count(*) FROM codes WHERE state = 4")[0][0]
