"""Imports and exports as jobs: durable, resumable, for those who may, and every id resolves elsewhere."""

import csv
import io
import json
import pathlib
import tempfile

from end_to_end.harness import EndToEnd, Node, call, wait_until

COLUMNS = "id,state,pool,owner,path,query,tags,created_at,expires_at,version,kind"

LINKS = """
  - name: links
    app: homes
    page: pages/qr/index
    stock: { low: 0, high: 0 }
    on_empty: [link]
    link_prefixes: ["https://q.example.cn/"]
"""


def rows(count, name="code"):
    return COLUMNS + "\r\n" + "".join(
        f'{name}{i:08},bound,elsewhere,shop,pages/a,"{{""n"":""{i % 7}""}}","[""t""]",2026-11-21T00:00:00.000Z,,1,wxacode\r\n'
        for i in range(count))


class Jobs(EndToEnd):
    def fresh_node(self, simulator, **settings):
        """Another installation in a folder of its own."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        node = Node(folder, simulator, **settings)
        self.addCleanup(lambda: node.process and node.process.alive() and node.process.kill())
        return node.start()

    def send(self, node, method, path, text=None, key=None):
        return call(node.admin_address, method, path, text.encode() if isinstance(text, str) else text,
                    {"Authorization": f"Bearer {key or node.admin_token}", "Content-Type": "text/csv"})

    def job(self, node, number, timeout_s=60.0, states=("done", "failed", "cancelled")):
        def look():
            answer = node.admin("GET", f"/v1/jobs/{number}")
            self.assertEqual(answer.status, 200, answer)
            return answer.json if answer.json["state"] in states else None

        return wait_until(look, timeout_s, f"job {number} in {states}")

    def file(self, node, job, size_max=1 << 20):
        body, tag = b"", None
        while len(body) < job["bytes"]:
            headers = {"Authorization": f"Bearer {node.admin_token}", "Range": f"bytes={len(body)}-{len(body) + size_max - 1}"}
            if tag:
                headers["If-Range"] = tag
            part = call(node.admin_address, "GET", job["file_url"], None, headers)
            self.assertEqual(part.status, 206, part)
            self.assertTrue(part.headers["content-range"].startswith(f"bytes {len(body)}-"))
            body, tag = body + part.body, part.headers["etag"]
        return body

    def test_whatever_was_issued_resolves_on_a_fresh_node(self):
        simulator = self.simulator()
        old = self.node(simulator, low=60, high=200, pool_extra=LINKS).start()
        shop = old.key("shop")
        old.wait_for_stock(30)
        odd = ['comma, "quote"', "new\nline", "carriage\r\nreturn", "tab\there", "房子 №1", "🏠", "'", "\"\"", " ends ", "=1+1", ",", "\\"]
        made = [old.issue(shop, "pages/a", {"name": text, "房": "1"}, tags=["春", f"t{i}"]).json for i, text in enumerate(odd)]
        made.append(old.issue(shop, "pages/b", "x=1&y=%E6%88%BF").json)
        link = wait_until(lambda: (a := old.issue(shop, "pages/l", {"链接": "1"}, pool="links")).status == 201 and a, what="a link code").json
        self.assertEqual(link["kind"], "link")
        made.append(link)
        later = old.issue(shop, "pages/c", expires_in=3600).json
        over = old.issue(shop, "pages/d", expires_in=3600).json
        gone = old.issue(shop, "pages/e").json
        self.assertEqual(old.call("DELETE", f"/v1/codes/{gone['id']}", key=shop).status, 200)
        begun = old.admin("POST", "/v1/exports", {})
        self.assertEqual(begun.status, 202, begun)
        self.assertEqual(begun.headers["location"], f"/v1/jobs/{begun.json['id']}")
        job = self.job(old, begun.json["id"])
        self.assertEqual((job["state"], job["rows"], job["error"]), ("done", len(made) + 3, None))
        text = self.file(old, job, 700)
        self.assertEqual(text, old.admin("GET", "/v1/export?limit=1000").body)
        found = {row["id"]: row for row in csv.DictReader(io.StringIO(text.decode(), newline=""))}
        # what has expired by the time it is imported
        found[over["id"]]["expires_at"] = "2026-01-02T00:00:00.000Z"
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS.split(","))
        writer.writeheader()
        writer.writerows(found.values())
        new = self.fresh_node(simulator, low=10, high=20)
        done = self.job(new, self.send(new, "POST", "/v1/imports", out.getvalue()).json["id"])
        self.assertEqual((done["state"], done["added"], done["bad"]), ("done", len(made) + 3, 0), done)
        for code in made + [later]:
            scene = new.call("GET", f"/v1/scenes/{code['id']}")
            self.assertEqual(scene.status, 200, (code, scene))
            self.assertEqual((scene.json["path"], scene.json["query"]), (code["path"], code["query"]))
        self.assert_problem(new.call("GET", f"/v1/scenes/{gone['id']}"), 410, "revoked")
        self.assert_problem(new.call("GET", f"/v1/scenes/{over['id']}"), 410, "expired")
        seen = new.call("GET", f"/v1/codes/{made[0]['id']}", key=new.key("shop", scopes=("read",))).json
        self.assertEqual(seen["tags"], ["春", "t0"])
        actions = [entry["action"] for entry in new.admin("GET", "/v1/audit").json["entries"]]
        self.assertIn("import", actions)
        self.assertIn("import_ended", actions)
        # filters
        tagged = self.job(old, old.admin("POST", "/v1/exports", {"tag": "t3"}).json["id"])
        self.assertEqual(tagged["rows"], 1)
        revoked = self.job(old, old.admin("POST", "/v1/exports", {"state": "revoked"}).json["id"])
        self.assertIn(gone["id"].encode(), self.file(old, revoked))
        new.verify()

    def test_ids_that_our_own_key_would_call_forged_resolve_once_imported(self):
        node = self.node(self.simulator(), low=10, high=20).start()
        mine = (node.folder / "data" / "mac.keys").read_text().splitlines()[-1][0]
        named, unnamed = mine + "x" * 19, mine + "y" * 19
        key = f'{mine},,,,{"ab" * 32},,,,,,mac_key\r\n'
        row = "{},bound,elsewhere,shop,pages/a,,,2026-11-21T00:00:00.000Z,,1,wxacode\r\n"
        self.assert_problem(node.call("GET", f"/v1/scenes/{unnamed}"), 404, "unknown_code")
        done = self.job(node, self.send(node, "POST", "/v1/imports", COLUMNS + "\r\n" + row.format(unnamed)).json["id"])
        self.assertEqual((done["state"], done["added"]), ("done", 1), done)
        self.assertEqual(node.call("GET", f"/v1/scenes/{unnamed}").status, 200)
        part = self.send(node, "POST", "/v1/import", COLUMNS + "\r\n" + key + row.format(named))
        self.assertEqual((part.status, part.json["added"]), (200, 1), part)
        self.assertEqual(node.call("GET", f"/v1/scenes/{named}").status, 200)
        node.kill()
        node.start()
        for code in (named, unnamed):
            self.assertEqual(node.call("GET", f"/v1/scenes/{code}").status, 200)
        node.verify()

    def test_a_killed_import_goes_on_from_the_row_it_reached(self):
        node = self.node(self.simulator(), low=10, high=20).start()
        count = 20_000
        text = rows(count) + "bad row\r\n"
        half = len(text) // 2
        begun = self.send(node, "POST", "/v1/imports?complete=false", text[:half]).json
        self.assertEqual((begun["state"], begun["bytes"]), ("receiving", half))
        node.kill()
        node.start()
        self.assert_problem(self.send(node, "PATCH", f"/v1/imports/{begun['id']}?offset=7", "x"), 409, "conflict", f"offset={half}")
        answer = self.send(node, "PATCH", f"/v1/imports/{begun['id']}?offset={half}&complete=true", text[half:])
        self.assertEqual(answer.status, 200, answer)
        # killed in the middle, after the first note of how far it is
        noted = wait_until(lambda: (lambda j: j["rows"] > 1_500 and j)(node.admin("GET", f"/v1/jobs/{begun['id']}").json), 30,
                           "the first rows")
        self.assertEqual(noted["state"], "running")
        node.kill()
        node.start()
        job = self.job(node, begun["id"], 120)
        self.assertEqual((job["state"], job["rows"], job["bad"]), ("done", count + 1, 1), job)
        self.assertEqual(job["added"] + job["same"], count)
        bad = self.send(node, "GET", job["bad_rows_url"])
        self.assertIn(f",{count + 2},,", bad.body.decode())
        for i in (0, 777, count // 2, count - 1):
            scene = node.call("GET", f"/v1/scenes/code{i:08}")
            self.assertEqual((scene.status, scene.json["query"]), (200, {"n": str(i % 7)}))
        again = self.job(node, self.send(node, "POST", "/v1/imports", rows(100)).json["id"])
        self.assertEqual((again["added"], again["same"]), (0, 100))
        # an export that is killed has every id once
        begun = node.admin("POST", "/v1/exports", {}).json
        wait_until(lambda: node.admin("GET", f"/v1/jobs/{begun['id']}").json["rows"] > 0, 30, "the first page")
        node.kill()
        node.start()
        job = self.job(node, begun["id"])
        self.assertEqual((job["state"], job["rows"]), ("done", count))
        ids = [row["id"] for row in csv.DictReader(io.StringIO(self.file(node, job).decode(), newline="")) if row["kind"] != "mac_key"]
        self.assertEqual(sorted(ids), [f"code{i:08}" for i in range(count)])
        node.verify()

    def test_the_command_goes_on_with_its_job(self):
        node = self.node(self.simulator(), low=10, high=20).start()
        file = node.folder / "in.csv"
        file.write_text(rows(300) + "bad\r\n", newline="")
        # as if an earlier run of the command had ended after its first part
        text = file.read_bytes()
        answer = self.send(node, "POST", "/v1/imports?complete=false", text[:5000])
        self.assertEqual(answer.status, 201, answer)
        begun = answer.json
        (node.folder / "in.csv.import").write_text(f"{begun['id']} {len(text)}\n")
        done = json.loads(node.cli("import", str(file), "-c", str(node.config), "--json", expect=4).stdout)
        self.assertEqual((done["added"], done["same"], done["rejected"]), (300, 0, 1))
        self.assertEqual(len(node.admin("GET", "/v1/jobs").json["jobs"]), 1)
        self.assertIn(",302,,", (node.folder / "in.csv.rejected.csv").read_text())
        done = json.loads(node.cli("import", str(file), "-c", str(node.config), "--json", expect=4).stdout)
        self.assertEqual((done["added"], done["same"], done["rejected"]), (0, 300, 1))

    def test_who_may_what(self):
        node = self.node(self.simulator(), low=30, high=60).start()
        shop, other = node.key("shop"), node.key("other")
        node.wait_for_stock(10)
        mine, theirs = node.issue(shop).json["id"], node.issue(other).json["id"]
        self.assert_problem(self.send(node, "POST", "/v1/imports", rows(1), shop), 403, "forbidden")
        self.assert_problem(node.call("POST", "/v1/exports", {"owner": "other"}, shop), 403, "forbidden")
        self.assert_problem(node.call("GET", "/v1/jobs"), 401, "unauthorized")
        # the admin token is none on the open listener
        self.assert_problem(node.call("GET", "/v1/jobs", key=node.admin_token), 401, "unauthorized")
        begun = node.call("POST", "/v1/exports", {}, shop).json
        job = wait_until(lambda: (lambda j: j["state"] == "done" and j)(node.call("GET", f"/v1/jobs/{begun['id']}", key=shop).json))
        got = node.call("GET", job["file_url"], key=shop)
        self.assertIn(mine, got.body.decode())
        self.assertNotIn(theirs, got.body.decode())
        self.assertEqual(node.call("GET", job["file_url"], key=shop, headers={"If-None-Match": got.headers["etag"]}).status, 304)
        self.assert_problem(node.call("GET", job["file_url"], key=other), 404, "not_found")
        self.assertEqual(node.call("GET", "/v1/jobs", key=other).json, {"jobs": []})
        self.assertEqual(node.call("DELETE", f"/v1/jobs/{begun['id']}", key=shop).status, 200)
        self.assert_problem(node.call("GET", job["file_url"], key=shop), 404, "not_found")
