"""How long `GET /v1/codes` and `GET /v1/stats` take in a large store, each filter by itself: on a node that was just started
on a file that is not in memory (cold), and repeated (warm)."""

import http.client
import json
import os
import subprocess
import time
import urllib.parse

from bench import report, rigs
from end_to_end import harness

FULL = {"codes": 10_000_000, "days": 400, "owners": 200, "repeats": 15, "only": ""}
QUICK = {"codes": 300_000, "days": 60, "owners": 50, "repeats": 5, "only": ""}
AIM_MS = 100
DAY_S = 86_400
POOLS = ("default", "houses", "cars")
POOL = """  - {{ name: {name}, app: homes, page: pages/{name}/index, stock: {{ low: 0, high: 1 }}, timezone: Asia/Shanghai, windows: {windows} }}"""


def at(days_ago):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days_ago * DAY_S))


def questions(days):
    """(name, path and query, whose key): every filter, and what combines badly."""
    old, older = days * 0.6, days * 0.6 + 1 / 24
    big, small = "owner-000", "owner-%03d"
    lists = {
        "all owners": {}, "one owner": {"owner": big}, "a small owner": {"owner": small}, "pool": {"pool": "cars"},
        "owner, pool": {"owner": big, "pool": "cars"},
        "common tag": {"tag": "common"}, "owner, common tag": {"owner": big, "tag": "common"}, "tag of few": {"tag": "rare"},
        "owner, tag of few": {"owner": big, "tag": "rare"}, "absent tag": {"tag": "absent"}, "owner, absent tag": {"owner": big, "tag": "absent"},
        "tag, pool": {"tag": "common", "pool": "cars"},
        **{f"{state}": {"state": state} for state in ("bound", "revoked", "expired")},
        **{f"owner, {state}": {"state": state, "owner": big} for state in ("bound", "revoked", "expired")},
        **{f"owner, tag, {state}": {"state": state, "owner": big, "tag": "common"} for state in ("bound", "revoked", "expired")},
        "tag, revoked": {"tag": "common", "state": "revoked"},
        "one hour, long ago": {"from": at(older), "to": at(old)}, "owner, one hour, long ago": {"owner": big, "from": at(older), "to": at(old)},
        "all time": {"from": at(days), "to": at(0)}, "until long ago": {"to": at(old)}, "owner, until long ago": {"owner": big, "to": at(old)},
        "bound, until long ago": {"owner": big, "to": at(old), "state": "bound"},
        "expired, one hour, long ago": {"owner": big, "state": "expired", "from": at(older), "to": at(old)},
        "expired, all owners, one hour": {"state": "expired", "from": at(older), "to": at(old)},
        "revoked, one hour, long ago": {"state": "revoked", "owner": big, "from": at(older), "to": at(old)},
        "owner, tag, one hour, long ago": {"owner": big, "tag": "common", "from": at(older), "to": at(old)},
        "pool, revoked, until long ago": {"pool": "houses", "state": "revoked", "to": at(old)},
    }
    for name, query in lists.items():
        yield "list: " + name, "/v1/codes", {**query, "limit": 100}
    for name in ("all owners", "one owner", "owner, tag, revoked"):
        yield f"list: {name}, 500 a page", "/v1/codes", {**lists[name], "limit": 500}
    for span in (1, days - 1):  # 400 days are the most that may be asked for
        for by in ("", "day", "hour", "pool,day", "owner", "owner,day", "tag", "launch", "pool,owner,launch"):
            yield f"stats: {span} days, all owners, by {by or 'nothing'}", "/v1/stats", {"from": at(span), **({"by": by} if by else {})}
        for by in ("", "day", "hour", "tag", "tag,day", "pool,launch,day"):
            yield f"stats: {span} days, one owner, by {by or 'nothing'}", "/v1/stats", {"from": at(span), "owner": big, **({"by": by} if by else {})}
        yield f"stats: {span} days, one tag", "/v1/stats", {"from": at(span), "tag": "common"}
        yield f"stats: {span} days, one tag of one owner, by day", "/v1/stats", {"from": at(span), "tag": "common", "owner": big, "by": "day"}


class ScaledNode(harness.Node):
    """A node whose store was made as if it had been at work for months; it never calls WeChat."""

    def __init__(self, folder):
        more = "\n".join(POOL.format(name=name, windows=harness.closed_window()) for name in POOLS[1:])
        super().__init__(folder, rigs.NOWHERE, low=0, high=1, windows=harness.closed_window(), pool_extra=more)

    def make(self, codes, days, owners, stock=10_000, ids=None):
        command = [str(rigs.BIN / "make_store"), "-c", str(self.config), "--codes", str(codes), "--stock", str(stock), "--days", str(days),
                   "--owners", str(owners)] + (["--ids", str(ids)] if ids else [])
        done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
        if done.returncode != 0:
            raise rigs.Missing(f"make_store: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def forget_pages(self):
        """The kernel's copies of the store's pages; the node is not running."""
        for file in self.data.glob("qrwell.db*"):
            handle = os.open(file, os.O_RDONLY)
            os.fsync(handle)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


class Lists:
    def __init__(self, settings, folder, say):
        self.s, self.folder, self.say = settings, folder, say

    def ask(self, connection, path, query):
        began = time.perf_counter()
        connection.request("GET", path + "?" + urllib.parse.urlencode(query), headers={"Authorization": "Bearer " + self.key})
        answer = connection.getresponse()
        body = answer.read()
        return answer.status, body, (time.perf_counter() - began) * 1e3

    def measure(self, path, query):
        owner = lambda n: {k: v % (self.s["owners"] - 1 - n % 5) if k == "owner" and "%" in v else v for k, v in query.items()}
        self.node.stop()
        self.node.forget_pages()
        self.node.start()
        harness.call(self.node.address, "GET", "/v1/codes?tag=warm", headers={"Authorization": "Bearer " + self.key})  # the key is known
        connection = self.connect()
        status, body, cold = self.ask(connection, path, owner(0))
        said = json.loads(body)
        times, cursor = [], None
        for n in range(self.s["repeats"]):
            # From page to page, as far as they go: the cursor is ever deeper.
            if path == "/v1/codes":
                cursor = said.get("next_cursor")
            status_n, body_n, ms = self.ask(connection, path, {**owner(n if not cursor else 0), **({"cursor": cursor} if cursor else {})})
            assert status_n == status, (status_n, body_n[:300])
            times.append(ms)
            if path == "/v1/codes" and status == 200:
                said = json.loads(body_n)
        first = json.loads(body)
        times.sort()
        out = {"status": status, "cold_ms": cold, "p50_ms": times[len(times) // 2], "max_ms": times[-1],
               "rows": len(first.get("codes", first.get("rows", []))), "more": bool(first.get("next_cursor") or first.get("cut")),
               "said": first.get("detail", "")}
        connection.close()
        return out

    def connect(self):
        host, port = self.node.address.rsplit(":", 1)
        return http.client.HTTPConnection(host, int(port), timeout=60)

    def run(self, stack, made_before=None):
        """`made_before`: the folder of an earlier run, whose store is used again."""
        folder = made_before or self.folder / "lists"
        folder.mkdir(exist_ok=True)
        for log in folder.glob("node-*.log"):
            log.unlink()  # of a run before, whose addresses it tells
        self.node = ScaledNode(folder)
        made = {}
        if not (folder / "data/qrwell.db").exists():
            made = self.node.make(self.s["codes"], self.s["days"], self.s["owners"])
            self.say(f"{made['codes']:,} codes made in {made['made_s']:.0f} s, {made['store_bytes'] / 2**30:.1f} GiB")
        stack.callback(lambda: self.node.process and self.node.stop())
        self.node.start()
        self.key = self.node.key(f"lists-{time.time_ns()}", scopes=("read", "admin"))
        out = []
        for name, path, query in questions(self.s["days"]):
            if self.s["only"] not in name:
                continue
            sample = {"name": name, **self.measure(path, query)}
            out.append(sample)
            self.say(f"{name}: cold {sample['cold_ms']:.1f} ms, warm {sample['p50_ms']:.1f}, max {sample['max_ms']:.1f}, {sample['rows']} rows"
                     + (f", {sample['status']}: {sample['said']}" if sample["status"] != 200 else ""))
        return {"made": made, "questions": out}


def table(result):
    s = result["settings"]
    rows = [[q["name"], str(q["rows"]) + ("+" if q["more"] else "") if q["status"] == 200 else str(q["status"]), report.number(q["cold_ms"]),
             report.number(q["p50_ms"]), report.number(q["max_ms"]), "" if max(q["cold_ms"], q["max_ms"]) <= AIM_MS else "**above**"]
            for q in result["lists"]["questions"]]
    return "\n".join([f"Lists and statistics over {s['codes']:,} codes of {s['owners']} owners in {s['days']} days; ms over the wire; the aim is "
                      f"{AIM_MS}. Warm: the pages after the first, or the same again.", ""] +
                     report.rows(["asked for", "rows", "cold, first", "warm p50", "warm max", ""], rows))
