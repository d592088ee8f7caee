"""GET /v1/stats against what a client counted itself: codes of random pools, owners and tags, scanned at random ways in; from a seed."""

import collections
import datetime
import itertools
import random
import urllib.parse

from end_to_end.harness import EndToEnd, call, wait_until

SEED = 20261121
POOLS = """
  - { name: second, app: homes, page: pages/qr/index, stock: { low: 100, high: 150, reserve: 0 } }
"""
TAGS = ("spring", "door 7", "深圳")
LAUNCHES = (0, 1047, 1011, 1048, 1124)
GROUPS = ("pool", "owner", "tag", "launch", "hour", "day")


def hour_of(text, unit):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    moment = moment.replace(minute=0, second=0, microsecond=0, **({"hour": 0} if unit == "day" else {}))
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Statistics(EndToEnd):
    def setUp(self):
        super().setUp()
        self.n = self.node(self.simulator("--latency", "1:5"), low=100, high=150, pool_extra=POOLS, extra="limits: { scan_flush: 100ms }").start()
        self.boss = self.n.key("boss", ("read", "admin"))
        self.keys = {owner: [self.n.key(f"{owner}-{i}", owner=owner) for i in range(2)] for owner in ("web", "shop")}
        for pool in ("default", "second"):
            wait_until(lambda p=pool: self.n.admin("GET", f"/v1/pools/{p}").json["level"] >= 100, 60, f"stock of {pool}")
        self.issued, self.scanned = [], []  # (pool, owner, tags, created_at), (pool, owner, tags, launch, a time of about then)

    def make(self, rng):
        """Codes and scans, with all that is counted beside them and all that is not."""
        codes = []
        for number in range(120):
            owner, pool = rng.choice(sorted(self.keys)), rng.choice(("default", "second"))
            tags = rng.sample(TAGS, rng.randrange(len(TAGS) + 1))
            body = {"path": "pages/a", "query": {"n": number}, "pool": pool, "tags": tags}
            key, name = rng.choice(self.keys[owner]), {"Idempotency-Key": f"n-{number}"}
            answer = self.n.call("POST", "/v1/codes", body, key, name)
            self.assertEqual(answer.status, 201, answer)
            code = answer.json
            self.issued.append((pool, owner, tags, code["created_at"]))
            codes.append((code["id"], pool, owner, tags))
            if rng.random() < 0.1:
                self.assertEqual(self.n.call("POST", "/v1/codes", body, key, name).status, 200)  # a replay is no issue
        gone = {code for code, *_ in rng.sample(codes, 10)}
        for code in gone:
            owner = next(o for c, _, o, _ in codes if c == code)
            self.assertEqual(self.n.call("DELETE", f"/v1/codes/{code}", None, self.keys[owner][0]).status, 200)
        for _ in range(500):
            code, pool, owner, tags = rng.choice(codes)
            launch = rng.choice(LAUNCHES)
            path = f"/v1/scenes/{code}" if rng.random() < 0.7 else "/v1/prefetch?" + urllib.parse.urlencode({"query": f"scene={code}"})
            if launch:
                path += ("?launch=" if path.startswith("/v1/scenes") else "&scene=") + str(launch)
            answer = call(self.n.address, "GET", path)
            self.assertEqual(answer.status, 410 if code in gone else 200, answer)  # a refusal is no scan
            if answer.status == 200:
                self.scanned.append((pool, owner, tags, launch, answer.headers["date"]))

    def expected(self, by, pool=None, owner=None, tag=None):
        rows = collections.defaultdict(lambda: [0, 0])
        for which, events in ((0, [(p, o, t, 0, at) for p, o, t, at in self.issued]), (1, self.scanned)):
            for p, o, tags, launch, at in events:
                if (pool and p != pool) or (owner and o != owner) or (tag and tag not in tags):
                    continue
                # By tags, a code counts once for each of those that are asked for.
                for one in ([t for t in tags if not tag or t == tag] if "tag" in by else [None]):
                    known = {"pool": p, "owner": o, "tag": one, "launch": launch}
                    known.update({unit: hour_of(self.time_of(at), unit) for unit in ("hour", "day") if unit in by})
                    rows[tuple(known[group] for group in by)][which] += 1
        return {row: tuple(counts) for row, counts in rows.items()}

    @staticmethod
    def time_of(at):
        if "GMT" not in at:
            return at
        return datetime.datetime.strptime(at, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=datetime.timezone.utc).isoformat()

    def told(self, by, key=None, **filters):
        query = {name: value for name, value in {"by": ",".join(by), **filters}.items() if value}
        answer = self.n.call("GET", "/v1/stats" + ("?" + urllib.parse.urlencode(query) if query else ""), key=key or self.boss)
        self.assertEqual(answer.status, 200, answer)
        self.assertFalse(answer.json["cut"])
        rows = {tuple(row[group] for group in by): (row["issued"], row["scanned"]) for row in answer.json["rows"]}
        self.assertEqual(len(rows), len(answer.json["rows"]), "no row twice")
        return rows

    def test_statistics_are_what_was_issued_and_scanned_however_they_are_asked_for(self):
        rng = random.Random(SEED)
        self.make(rng)
        total = (len(self.issued), len(self.scanned))
        wait_until(lambda: self.told(()) == {(): total}, 20, f"{total} to be counted, seed {SEED}")
        asked = [by for size in range(1, len(GROUPS) + 1) for by in itertools.combinations(GROUPS, size) if not {"hour", "day"} <= set(by)]
        for by in asked:
            filters = {"pool": rng.choice((None, "default", "second")), "owner": rng.choice((None, "web", "shop")),
                       "tag": rng.choice((None, *TAGS))}
            for chosen in ({}, filters):
                with self.subTest(by=by, filters=chosen, seed=SEED):
                    self.assertEqual(self.told(by, **chosen), self.expected(by, **chosen))

    def test_an_owner_sees_its_own_sums_alone(self):
        self.make(random.Random(SEED + 1))
        wait_until(lambda: self.told(()) == {(): (len(self.issued), len(self.scanned))}, 20, "all to be counted")
        for owner, keys in self.keys.items():
            for by in ((), ("tag",), ("pool", "launch")):
                self.assertEqual(self.told(by, key=keys[1]), self.expected(by, owner=owner))
            self.assert_problem(self.n.call("GET", "/v1/stats?owner=somebody", key=keys[0]), 403, "forbidden", "owner")
        codes = [self.n.call("GET", "/v1/codes?limit=500&owner=" + owner, key=self.boss).json["codes"] for owner in self.keys]
        self.assertEqual(sum(map(len, codes)), len(self.issued), "the list has as many")
