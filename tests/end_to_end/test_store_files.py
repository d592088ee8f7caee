"""What becomes of a node's files: deleted, replaced, restored, of another build, open to others; while it runs and between."""

import json
import os
import pathlib
import shutil
import sqlite3
import stat

from end_to_end.harness import EndToEnd, call, wait_until


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


class Files(EndToEnd):
    def start(self, **settings):
        node = self.node(self.simulator("--latency", "1:5"), **settings).start()
        self.key = node.key()
        node.wait_for_stock(100)
        return node

    def sell(self, node, count, name="sold"):
        answers = [node.issue(self.key, headers={"Idempotency-Key": f"{name}-{n}"}) for n in range(count)]
        self.assertEqual({a.status for a in answers} - {200, 201}, set(), answers)
        return [a.json["id"] for a in answers]

    def store_files(self, node):
        return [path for path in node.data.iterdir() if path.name.startswith("qrwell.db")]

    def lose_the_store(self, node):
        for path in self.store_files(node):
            path.unlink()

    def commands(self, node):
        config = str(node.config)
        return (["key", "list", "-c", config], ["key", "add", "late", "--scopes", "issue", "-c", config], ["pool", "list", "-c", config],
                ["pool", "pause", "default", "-c", config], ["verify", "-c", config])


class UnderARunningNode(Files):
    def ready(self, node, purpose):
        return call(node.admin_address, "GET", f"/readyz?for={purpose}").status

    def check_nothing_is_acknowledged(self, node, sold, path):
        # Nobody asks for a code meanwhile: the node finds out by itself.
        wait_until(lambda: self.ready(node, "issue") == 503, 20, "readiness to fall")
        wait_until(lambda: f"{path} is not the file any more" in node.problems(), 10, "status to name it")
        for number in range(5):
            answer = node.issue(self.key, headers={"Idempotency-Key": f"lost-{number}"})
            self.assertEqual(answer.status, 503, answer)
            self.assertTrue(answer.json["retryable"])
        self.assertEqual(self.ready(node, "scan"), 200)
        for code in sold:
            self.assertEqual(node.call("GET", f"/v1/scenes/{code}").status, 200)

    @staticmethod
    def link_of(descriptor):
        """Where it leads; None for one that was closed since the folder was read, as those of clients are."""
        try:
            return os.readlink(descriptor)
        except FileNotFoundError:
            return None

    def test_p2_a_store_deleted_under_a_running_node_acknowledges_nothing_more_and_can_be_saved(self):
        node = self.start()
        sold = self.sell(node, 5)
        self.lose_the_store(node)
        self.check_nothing_is_acknowledged(node, sold, node.data / "qrwell.db")
        # As docs/operating.md says.
        folder = pathlib.Path(f"/proc/{node.process.pid}/fd")
        for name in ("qrwell.db", "qrwell.db-wal"):
            held = [fd for fd in folder.iterdir() if self.link_of(fd) == f"{node.data}/{name} (deleted)"]
            self.assertTrue(held, name)
            shutil.copyfile(held[0], node.data / name)
        node.stop()
        node.start()
        for code in sold:
            self.assertEqual(node.call("GET", f"/v1/scenes/{code}").status, 200)
        self.assertEqual(self.sell(node, 5), sold)
        node.verify()
        node.wait_for_stock(100)
        self.assertEqual(node.issue(self.key).status, 201)

    def test_p2_a_store_replaced_under_a_running_node_acknowledges_nothing_more(self):
        node = self.start()
        sold = self.sell(node, 5)
        copy = node.data / "copy"
        with sqlite3.connect(node.data / "qrwell.db") as before, sqlite3.connect(copy) as after:
            before.backup(after)
        before.close()
        after.close()
        sold += self.sell(node, 5, "later")
        copy.rename(node.data / "qrwell.db")
        self.check_nothing_is_acknowledged(node, sold, node.data / "qrwell.db")
        self.assertEqual(node.stop(), 0)
        for end in ("-wal", "-shm"):
            (node.data / f"qrwell.db{end}").unlink(missing_ok=True)
        self.assertIn("older than what this node has committed", node.cli("serve", "-c", str(node.config), expect=1).stderr)

    def test_p2_a_log_deleted_under_a_running_node_acknowledges_nothing_more(self):
        node = self.start()
        sold = self.sell(node, 5)
        (node.data / "qrwell.db-wal").unlink()
        self.check_nothing_is_acknowledged(node, sold, node.data / "qrwell.db-wal")
        # What the log held is in the store by now: not even a kill loses it.
        node.kill()
        node.start()
        self.assertEqual(self.sell(node, 5), sold)
        node.verify()

    def test_a_store_that_was_only_moved_is_written_again_when_it_is_back(self):
        node = self.start()
        (node.data / "qrwell.db").rename(node.data / "aside")
        wait_until(lambda: self.ready(node, "issue") == 503, 20, "readiness to fall")
        (node.data / "aside").rename(node.data / "qrwell.db")
        wait_until(lambda: self.ready(node, "issue") == 200, 20, "the node to be ready again")
        wait_until(lambda: node.issue(self.key).status == 201, 20, "a code")
        node.verify()

    def test_a_deleted_lock_is_named(self):
        node = self.start()
        (node.data / "lock").unlink()
        wait_until(lambda: "lock was deleted or replaced" in node.problems(), 20, "status to name it")


class AtStart(Files):
    def test_p1_no_new_store_takes_the_place_of_one_that_is_gone(self):
        node = self.start()
        self.assertEqual(node.stop(), 0)
        self.lose_the_store(node)
        before = (node.data / "incarnations").read_text()
        for words in (["serve", "-c", str(node.config)], *self.commands(node)):
            refused = node.cli(*words, expect=1)
            self.assertIn(f"{node.data / 'qrwell.db'} is not there", refused.stderr, words)
            self.assertIn("has had a store before", refused.stderr)
            self.assertEqual(self.store_files(node), [], words)
        self.assertEqual((node.data / "incarnations").read_text(), before)

    def test_commands_before_the_first_start_make_nothing(self):
        node = self.node("127.0.0.1:1")
        for words in self.commands(node):
            refused = node.cli(*words, expect=1)
            self.assertIn("`qrwell serve` makes", refused.stderr, words)
            self.assertFalse(node.data.exists(), words)

    def test_p1_commands_refuse_an_older_copy_and_commands_leave_no_incarnation(self):
        node = self.start()
        self.assertEqual(node.stop(), 0)
        born = (node.data / "incarnations").read_text()
        for words in self.commands(node)[:3]:
            node.cli(*words)
        self.assertEqual((node.data / "incarnations").read_text(), born)
        old = (node.data / "qrwell.db").read_bytes()
        node.start()
        wait_until(lambda: node.issue(self.key).status == 201, 10, "a code")
        self.assertEqual(node.stop(), 0)  # at once: the watermark is written at the end too
        self.lose_the_store(node)
        (node.data / "qrwell.db").write_bytes(old)
        for words in (["serve", "-c", str(node.config)], *self.commands(node)):
            self.assertIn("older than what this node has committed", node.cli(*words, expect=1).stderr, words)

    def test_p1_after_a_restore_recover_voids_what_may_have_been_sold_and_the_node_goes_on(self):
        node = self.start(low=100, high=100)
        recover = ["recover", "--void-stock", "-c", str(node.config)]
        before = self.sell(node, 5, "before")
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.cli(*recover, expect=1).stdout.count("Nothing was changed"), 1)
        backup = (node.data / "qrwell.db").read_bytes()
        in_copy = {row[0] for row in sqlite3.connect(node.data / "qrwell.db").execute("SELECT id FROM codes")}
        node.start()
        self.assertIn("in use", node.cli(*recover, "--yes", expect=3).stderr)
        after = self.sell(node, 30, "after")
        self.assertTrue(in_copy & set(after), "codes that are in stock in the copy are sold")
        self.assertEqual(node.stop(), 0)
        self.lose_the_store(node)
        (node.data / "qrwell.db").write_bytes(backup)
        self.assertIn("`qrwell recover --void-stock`", node.cli("serve", "-c", str(node.config), expect=1).stderr)

        told = node.cli(*recover, expect=1).stdout
        for words in ("older than what this node has committed", "codes in stock of pool default", "they do not resolve", "Nothing was changed", "--yes"):
            self.assertIn(words, told)
        self.assertIn("older than", node.cli("serve", "-c", str(node.config), expect=1).stderr, "it only told")
        done = json.loads(node.cli(*recover, "--yes", "--json").stdout)
        self.assertTrue(done["done"])
        self.assertGreaterEqual(done["codes"], 90)
        self.assertIn("nothing was changed", node.cli(*recover, "--yes").stdout, "a second time there is nothing to do")

        node.start()
        self.assertEqual(node.pool()["level"], 0)
        for code in before:
            self.assertEqual(node.call("GET", f"/v1/scenes/{code}").status, 200)
        self.assertEqual(self.sell(node, 5, "before"), before, "their requests are known, too")
        # The calls of the minute before count as made, since nobody knows of them.
        self.assertGreaterEqual(node.status()["apps"][0]["quota"]["used_60s"], 5000)
        node.wait_for_stock(50, 90)
        self.assertEqual(set(self.sell(node, 40, "anew")) & (in_copy | set(before) | set(after)), set())
        node.verify()
        # What was the newest store is another one now: it cannot take the place of its successor by mistake.
        self.assertEqual(node.stop(), 0)
        self.lose_the_store(node)
        (node.data / "qrwell.db").write_bytes(backup)
        self.assertIn("is not the one that this data directory", node.cli("serve", "-c", str(node.config), expect=1).stderr)

    def test_p1_a_backup_under_the_log_of_a_killed_node_is_refused(self):
        node = self.start()
        self.assertEqual(node.stop(), 0)
        backup = (node.data / "qrwell.db").read_bytes()
        node.start()
        wait_until(lambda: node.issue(self.key).status == 201, 10, "a code")
        self.assertEqual(node.stop(), 0)
        node.start()
        wait_until(lambda: node.issue(self.key).status == 201, 10, "another code")
        node.kill()
        newest = (node.data / "qrwell.db").read_bytes()
        (node.data / "qrwell.db").write_bytes(backup)
        refused = node.cli("serve", "-c", str(node.config), expect=1)
        self.assertIn("under the log of its successor", refused.stderr)
        (node.data / "qrwell.db").write_bytes(newest)
        node.start()
        node.verify()

    def test_p6_mac_keys_that_are_gone_are_missed_and_given_up_on_command_only(self):
        node = self.start()
        sold = node.issue(self.key).json["id"]
        self.assertEqual(node.stop(), 0)
        keys = node.data / "mac.keys"
        secret = keys.read_text()
        keys.unlink()
        refused = node.cli("serve", "-c", str(node.config), expect=2)
        for words in (f"{keys} is not there", "from its copy", "qrwell recover --lost-mac-keys"):
            self.assertIn(words, refused.stderr)
        self.assertNotIn(secret[2:18], refused.stderr)
        self.assertFalse(keys.exists())
        keys.write_text(secret)
        node.start()
        self.assertEqual(node.cli("recover", "--lost-mac-keys", "-c", str(node.config), expect=3).stdout, "")
        self.assertEqual(node.stop(), 0)
        self.assertIn("nothing was changed", node.cli("recover", "--lost-mac-keys", "-c", str(node.config)).stdout)
        keys.unlink()
        given_up = node.cli("recover", "--lost-mac-keys", "-c", str(node.config), "--json")
        self.assertEqual(json.loads(given_up.stdout), {"lost_mac_keys": sold[0]})
        node.start()
        self.assertEqual(node.call("GET", f"/v1/scenes/{sold}").status, 200)
        node.wait_for_stock(50)
        fresh = node.issue(self.key).json["id"]
        self.assertEqual(node.call("GET", f"/v1/scenes/{fresh}").status, 200)

    def test_files_that_are_open_to_others_are_closed_with_one_line(self):
        node = self.start()
        self.assertEqual(node.stop(), 0)
        private = [node.data / name for name in ("qrwell.db", "mac.keys", "admin.token", "watermark", "incarnations", "lock")]
        self.assertEqual({mode_of(path) for path in private}, {0o600})
        self.assertEqual(mode_of(node.data), 0o700)
        node.data.chmod(0o755)
        for path in private:
            path.chmod(0o644)
        node.start()
        self.assertEqual({mode_of(path) for path in private}, {0o600})
        self.assertEqual(mode_of(node.data), 0o700)
        line = node.wait_for_line(msg="files were open to others")
        for words in (f"{node.data} (0755 -> 0700)", "qrwell.db (0644 -> 0600)", "mac.keys (0644 -> 0600)"):
            self.assertIn(words, line["files"])
        self.assertEqual(len(node.lines(msg="files were open to others")), 1)
        self.assertEqual(node.stop(), 0)
        node.start()
        self.assertEqual(node.lines(msg="files were open to others"), [])

    def store_of_schema_1(self, node, at_hour=True):
        with sqlite3.connect(node.data / "qrwell.db") as db:
            db.executescript("""DROP INDEX codes_bound_all; DROP INDEX codes_expires_all; DROP INDEX codes_revoked_all; DROP TABLE stats_day;
                                ALTER TABLE stats_hour RENAME TO later;
                                CREATE TABLE stats_hour(hour INTEGER NOT NULL, pool TEXT NOT NULL, owner TEXT NOT NULL, tag TEXT NOT NULL,
                                  launch INTEGER NOT NULL, node TEXT NOT NULL, issued INTEGER NOT NULL DEFAULT 0,
                                  scanned INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(hour, pool, owner, tag, launch, node)) WITHOUT ROWID;
                                INSERT INTO stats_hour SELECT hour, pool, owner, tag, launch, node, issued, scanned FROM later WHERE owner <> '';
                                DROP TABLE later;
                                DROP INDEX reuse_id; DROP TABLE jobs;
                                DROP INDEX codes_bound; DROP INDEX codes_expires; DROP INDEX codes_revoked;
                                CREATE INDEX codes_bound ON codes(gen_id, bound_ms) WHERE bound_ms IS NOT NULL;
                                CREATE INDEX codes_expires ON codes(gen_id, expires_ms) WHERE expires_ms IS NOT NULL;
                                CREATE INDEX codes_revoked ON codes(gen_id, bound_ms) WHERE state = 3""")
            if at_hour:
                db.executescript("""DROP INDEX idem_at; ALTER TABLE idem RENAME COLUMN at_ms TO at_hour;
                                    UPDATE idem SET at_hour = at_hour / 3600000; CREATE INDEX idem_hour ON idem(at_hour)""")
            db.execute("UPDATE meta SET v = 1 WHERE k = 'schema'")
        db.close()

    def test_a_store_of_the_former_schema_is_migrated_and_p5_still_holds(self):
        for at_hour in (True, False):
            with self.subTest(at_hour=at_hour):
                node = self.start() if at_hour else node.start()
                node.wait_for_stock(20)
                name = f"before-{at_hour}"
                code = node.issue(self.key, headers={"Idempotency-Key": name}).json["id"]
                self.assertEqual(node.stop(), 0)
                self.store_of_schema_1(node, at_hour)
                for words in self.commands(node):
                    self.assertIn("its schema is 1, this qrwell wants 4", node.cli(*words, expect=1).stderr)
                node.start()
                line = node.wait_for_line(msg="the store is brought to another schema; this may take minutes")
                self.assertEqual((line["from"], line["to"]), (1, 4))
                again = node.issue(self.key, headers={"Idempotency-Key": name})
                self.assertEqual((again.status, again.json["id"]), (200, code))
                self.assertEqual(node.issue(self.key, headers={"Idempotency-Key": "after-" + name}).status, 201)
                self.assertEqual(node.stop(), 0)
                node.verify()

    def test_a_store_of_another_build_is_refused_before_it_fails_at_a_request(self):
        node = self.start()
        self.assertEqual(node.stop(), 0)
        with sqlite3.connect(node.data / "qrwell.db") as db:
            db.execute("ALTER TABLE idem RENAME COLUMN at_ms TO at_hour")
        db.close()
        for words in (["serve", "-c", str(node.config)], *self.commands(node)):
            refused = node.cli(*words, expect=1).stderr
            self.assertIn("table idem lacks the column at_ms and has the unknown column at_hour", refused)
            self.assertIn(str(node.data / "qrwell.db"), refused)

    def test_a_key_for_a_pool_that_there_is_not_is_refused(self):
        node = self.start()
        add = ["key", "add", "vip", "--scopes", "issue", "--pools", "default,vip", "-c", str(node.config)]
        self.assertIn("there is no pool 'vip'; there are: default", node.cli(*add, expect=2).stderr)
        answer = node.admin("POST", "/v1/keys", {"name": "vip", "scopes": ["issue"], "pools": ["vip"]})
        self.assert_problem(answer, 400, "invalid_request", "there is no pool 'vip'; there are: default")
        self.assertEqual(node.stop(), 0)
        self.assertIn("there is no pool 'vip'; there are: default", node.cli(*add, expect=2).stderr)
        self.assertIn("it has: default", node.cli("pool", "pause", "vip", "-c", str(node.config), expect=1).stderr)
        node.config.write_text(node.config.read_text().replace("  - name: default", "  - { name: vip, app: homes, page: pages/qr/index }\n  - name: default"))
        node.cli(*add)
