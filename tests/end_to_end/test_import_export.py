"""`qrwell export` and `import`, and the calls that they are made of: what was printed resolves elsewhere."""

import csv
import io
import json
import pathlib
import tempfile

from end_to_end.harness import EndToEnd, Node, call

COLUMNS = "id,state,pool,owner,path,query,tags,created_at,expires_at,version,kind"


class ImportExport(EndToEnd):
    def fresh_node(self, simulator, **settings):
        """Another installation in a folder of its own."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        node = Node(folder, simulator, **settings)
        self.addCleanup(lambda: node.process and node.process.alive() and node.process.kill())
        return node.start()

    def send(self, node, text, key=None):
        return call(node.admin_address, "POST", "/v1/import", text,
                    {"Authorization": f"Bearer {key or node.admin_token}", "Content-Type": "text/csv"})

    def test_every_id_resolves_on_a_fresh_node(self):
        simulator = self.simulator()
        old = self.node(simulator, low=60, high=200).start()
        shop, other = old.key("shop"), old.key("other")
        old.wait_for_stock(40)
        made = [old.issue(shop, "pages/a", {"name": 'a, "b"', "n": i}, tags=["x", f"n{i}"]).json for i in range(12)]
        made.append(old.issue(other, "pages/b", "x=1&y=2", expires_in=3600).json)
        plain = old.issue(other, "pages/c").json
        made.append(plain)
        gone = old.issue(shop, "pages/gone").json
        self.assertEqual(old.call("DELETE", f"/v1/codes/{gone['id']}", key=shop).status, 200)
        moved = made[0]
        self.assertEqual(old.call("PATCH", f"/v1/codes/{moved['id']}", {"path": "pages/moved"}, shop).status, 200)

        # pages by the API: one behind the other they are the file
        def page(cursor="", **more):
            query = "&".join(f"{k}={v}" for k, v in {"limit": 5, **more}.items())
            return old.admin("GET", f"/v1/export?{query}" + (f"&cursor={cursor}" if cursor else ""))

        text, cursor, pages = b"", "", 0
        while True:
            answer = page(cursor)
            self.assertEqual(answer.status, 200, answer)
            self.assertTrue(answer.headers["content-type"].startswith("text/csv"))
            text, pages = text + answer.body, pages + 1
            cursor = answer.headers.get("qrwell-next-cursor", "")
            if not cursor:
                break
        self.assertGreaterEqual(pages, 3)
        rows = list(csv.DictReader(io.StringIO(text.decode(), newline="")))
        self.assertEqual(text.decode().splitlines()[0], COLUMNS)
        keys = [row for row in rows if row["kind"] == "mac_key"]
        codes = {row["id"]: row for row in rows if row["kind"] != "mac_key"}
        self.assertEqual(len(keys), 1)
        self.assertEqual(set(codes), {code["id"] for code in made} | {gone["id"]})
        self.assertEqual(codes[gone["id"]]["state"], "revoked")
        self.assertEqual(json.loads(codes[made[1]["id"]]["query"]), made[1]["query"])
        one = page(owner="other").body.decode()
        self.assertIn(plain["id"], one)
        self.assertNotIn(moved["id"], one)

        # by the command, beside the node and without it
        first, second = str(old.folder / "out.csv"), str(old.folder / "again.csv")
        old.cli("export", "-c", str(old.config), "--out", first)
        self.assertEqual(pathlib.Path(first).read_bytes(), text)
        old.cli("export", "-c", str(old.config), "--out", first, expect=1)  # overwrites nothing
        old.stop()
        old.cli("export", "-c", str(old.config), "--out", second)
        self.assertEqual(pathlib.Path(second).read_bytes(), text)

        # another installation, which happens to use the same key character
        mac_file = self.folder / "new.keys"
        mac_file.write_text(keys[0]["id"] + " " + "5a" * 32 + "\n")
        mac_file.chmod(0o600)
        new = self.fresh_node(simulator, low=10, high=20, extra=f'keys: {{ mac_file: "{mac_file}" }}')
        self.assertEqual(new.call("GET", f"/v1/scenes/{plain['id']}").status, 404)
        rejected = str(new.folder / "in.csv")
        bad = "no id,bound,default,shop,pages/a,,,2026-11-21T00:00:00.000Z,,1,wxacode\r\n"
        pathlib.Path(rejected).write_bytes(text + bad.encode())
        done = new.cli("import", rejected, "-c", str(new.config), "--json", expect=4)
        report = json.loads(done.stdout)
        self.assertEqual((report["added"], report["same"], report["rejected"]), (len(codes), 0, 1), report)
        left = list(csv.DictReader(open(rejected + ".rejected.csv", newline="")))
        self.assertEqual(len(left), 1)
        self.assertEqual((left[0]["line"], left[0]["column"]), (str(len(rows) + 2), "id"))
        self.assertIn("id: must be", left[0]["why"])
        self.assertFalse(pathlib.Path(rejected + ".import").exists(), "it is over")
        # again: nothing is added
        done = json.loads(new.cli("import", first, "-c", str(new.config), "--json").stdout)
        self.assertEqual((done["added"], done["same"], done["rejected"]), (0, len(codes), 0))

        def resolves():
            for code in made:
                scene = new.call("GET", f"/v1/scenes/{code['id']}")
                self.assertEqual(scene.status, 200, (code, scene))
                self.assertEqual(scene.json["query"], code["query"])
                self.assertEqual(scene.json["path"], "pages/moved" if code is moved else code["path"])
            self.assert_problem(new.call("GET", f"/v1/scenes/{gone['id']}"), 410, "revoked")

        resolves()
        reader = new.key("shop", scopes=("read",))
        seen = new.call("GET", f"/v1/codes/{moved['id']}", key=reader).json
        self.assertEqual((seen["kind"], seen["version"], seen["tags"]), ("imported", 2, ["x", "n0"]))
        self.assertEqual(seen["history"][-1]["op"], "import")
        # and after a restart
        new.stop()
        new.start()
        resolves()
        new.verify()

        # without the node, into an empty store
        third = self.fresh_node(simulator, low=10, high=20)
        third.stop()
        done = json.loads(third.cli("import", first, "-c", str(third.config), "--json").stdout)
        self.assertEqual(done["added"], len(codes))
        third.start()
        self.assertEqual(third.call("GET", f"/v1/scenes/{plain['id']}").status, 200)

    def test_an_export_that_ended_early_goes_on(self):
        node = self.node(self.simulator(), low=60, high=100).start()
        shop = node.key("shop")
        node.wait_for_stock(20)
        for _ in range(6):
            self.assertEqual(node.issue(shop).status, 201)
        whole = node.admin("GET", "/v1/export?limit=1000").body
        first = node.admin("GET", "/v1/export?limit=3")
        out = node.folder / "out.csv"
        (node.folder / "out.csv.part").write_bytes(first.body + b"half a li")
        cursor = first.headers["qrwell-next-cursor"]
        (node.folder / "out.csv.cursor").write_text(f"{len(first.body)} {cursor} /v1/export?limit=1000\n")
        node.cli("export", "-c", str(node.config), "--out", str(out), expect=1)
        node.cli("export", "-c", str(node.config), "--out", str(out), "--resume", "--owner", "x", expect=2)
        node.cli("export", "-c", str(node.config), "--out", str(out), "--resume")
        self.assertEqual(out.read_bytes(), whole)
        self.assertEqual(sorted(p.name for p in node.folder.glob("out.csv*")), ["out.csv"])

    def test_a_stray_quote_costs_its_own_row_beside_a_node_and_without(self):
        node = self.node(self.simulator(), low=10, high=20).start()
        row = 'x{},bound,default,shop of 4,{},"{{""n"":""{}""}}",,2026-11-21T00:00:00.000Z,,1,wxacode\r\n'
        bad = [row.format(0, 'pa"ge', 0), row.format(500, '"pages/a', 0), row.format(501, "/a", 0)]
        text = COLUMNS + "\r\n" + bad[0] + "".join(row.format(i, "pages/a", i) for i in range(1, 437)) + bad[1] + bad[2]
        text += "".join(row.format(i, "pages/a", i) for i in range(437, 874) if i not in (500, 501))
        good = 873 - 2

        def check(file):
            file.write_text(text, newline="")
            done = json.loads(node.cli("import", str(file), "-c", str(node.config), "--json", expect=4).stdout)
            self.assertEqual((done["added"] + done["same"], done["rejected"]), (good, 3), done)
            left = list(csv.DictReader(open(done["rejected_file"], newline="")))
            self.assertEqual([entry["line"] for entry in left], ["2", "439", "440"])
            self.assertEqual([left[0]["text"] + "\r\n", left[1]["text"] + "\r\n"], bad[:2], "as it came")
            self.assertEqual((left[2]["id"], left[2]["path"], left[2]["column"], left[2]["text"]), ("x501", "/a", "path", ""))

        check(node.folder / "in.csv")
        for i in (1, 436, 437, 873):
            self.assertEqual(node.call("GET", f"/v1/scenes/x{i}").status, 200)
        node.stop()
        check(node.folder / "again.csv")

    def test_refused(self):
        node = self.node(self.simulator(), low=10, high=20).start()
        shop = node.key("shop")
        for path in ("/v1/export?limit=0", "/v1/export?limit=1001", "/v1/export?cursor=x", "/v1/export?from=x", "/v1/export?x=1"):
            self.assert_problem(node.admin("GET", path), 400, "invalid_request")
        self.assert_problem(node.call("GET", "/v1/export", key=shop), 403, "forbidden")
        self.assert_problem(node.call("GET", "/v1/export"), 401, "unauthorized")
        self.assert_problem(self.send(node, "id\nx\n"), 400, "invalid_request", "header line")
        self.assert_problem(node.admin("POST", "/v1/import", {}), 415, "unsupported_media_type")
        self.assert_problem(node.call("POST", "/v1/import", "", shop, {"Content-Type": "text/csv"}), 403, "forbidden")
        many = COLUMNS + "\n" + "x\n" * 501
        self.assert_problem(self.send(node, many), 400, "invalid_request", "500")
        answer = self.send(node, COLUMNS + "\nx,bound\n")
        self.assertEqual((answer.status, answer.json["added"], answer.json["faults"][0]["line"]), (200, 0, 2))
