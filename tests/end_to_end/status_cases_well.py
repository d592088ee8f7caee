"""For each operation, requests that end well: test_every_status.py runs them."""

import urllib.parse

from end_to_end.harness import call
from end_to_end.status_world import CASES, COLUMNS, PREFIX, ROW, UNKNOWN_ID, case


@case("issueCode", 201)
def bound(w):
    yield w.issue(query={"house": 8841}, tags=["spring"], expires_in=3600)
    yield w.issue(query="house=8841", headers={"Idempotency-Key": w.fresh()})
    yield w.issue(headers={"Accept": "image/*"})
    yield w.issue(pool="links")
    yield w.issue(pool="links", headers={"Accept": "image/*"})
    limited = w.n.key(w.fresh(), rate_per_s=1000)
    yield w.issue(limited)


@case("issueCode", 200)
def replayed(w):
    name = w.fresh()
    for accept in ("application/json", "application/json", "image/*"):
        answer = w.issue(headers={"Idempotency-Key": name, "Accept": accept})
        if answer.status == 200:
            yield answer


@case("issueCode", 200)
def reused(w):
    w.issue(query={"reuse": 1})
    first, *others = [w.issue(query={"reuse": 1}, reuse=True, headers={"Accept": accept}) for accept in ("*/*", "*/*", "image/*")]
    assert first.status == 201, "a code that was made without reuse is its maker's alone"
    assert {answer.headers["qrwell-reused"] for answer in others} == {"true"}, others
    yield from others


@case("issueCodes", 200)
def batch(w):
    name = w.fresh()
    yield w.ask("POST", "/v1/codes/batch", {"items": [{"path": "pages/a"}, {"path": "/wrong"}, 7, {"path": "pages/a", "pool": "kept"},
                                                     {"path": "pages/b", "idempotency_key": name}, {"path": "pages/b", "idempotency_key": name},
                                                     {"path": "pages/c", "idempotency_key": name}, {"path": "pages/c", "pool": "links"},
                                                     {"path": "pages/d", "reuse": True}, {"path": "pages/d", "reuse": True}]}, w.shop)
    slow = w.n.key(w.fresh(), rate_per_s=1)
    yield w.ask("POST", "/v1/codes/batch", {"items": [{"path": "pages/a"}] * 6}, slow)


@case("listCodes", 200)
def listed(w):
    for query in ("", "?limit=1", "?state=revoked", "?state=expired&pool=default&owner=shop", "?tag=spring&from=2026-01-01T00:00:00Z"):
        yield w.ask("GET", "/v1/codes" + query, key=w.shop)


@case("getCode", 200)
def looked_at(w):
    for code in (w.code, w.link, w.revoked, w.expired):
        yield w.ask("GET", f"/v1/codes/{code}", key=w.reader)


@case("getCode", 304)
def not_modified(w):
    yield w.ask("GET", f"/v1/codes/{w.code}", key=w.reader, headers={"If-None-Match": '"1"'})


@case("changeCode", 200)
def changed(w):
    code = w.bind()
    yield w.ask("PATCH", f"/v1/codes/{code}", {"path": "pages/b", "query": None, "tags": ["b"], "expires_in": 60}, w.shop, {"If-Match": '"1"'})


@case("revokeCode", 200)
def taken_back(w):
    code = w.bind()
    yield w.ask("DELETE", f"/v1/codes/{code}", key=w.shop)
    yield w.ask("DELETE", f"/v1/codes/{code}", key=w.shop)


@case("getCodeImage", 200)
def image(w):
    yield w.ask("GET", f"/v1/codes/{w.code}/image")
    yield w.ask("GET", f"/v1/codes/{w.link}/image?format=svg&width=1000")
    yield w.ask("GET", f"/v1/codes/{w.link}/image", headers={"Accept": "image/svg+xml"})
    yield w.ask("GET", f"/v1/codes/{w.link}/image")


@case("getCodeImage", 206)
def part_of_image(w):
    for code in (w.code, w.link):
        yield w.ask("GET", f"/v1/codes/{code}/image", headers={"Range": "bytes=2-5"})


@case("getCodeImage", 304)
def image_not_modified(w):
    for code in (w.code, w.link):
        yield w.ask("GET", f"/v1/codes/{code}/image", headers={"If-None-Match": "*"})


@case("getStats", 200)
def counted(w):
    for query in ("", "?by=pool,owner,tag,launch,hour", "?by=day&tag=spring&pool=default&owner=shop"):
        yield w.ask("GET", "/v1/stats" + query, key=w.shop)


@case("resolveScene", 200)
def resolved(w):
    for _ in range(3):  # of the store, of its cache, and of the listener's ready answers
        yield w.ask("GET", f"/v1/scenes/{w.code}?launch=1047")


@case("resolveLink", 200)
def link_resolved(w):
    yield w.ask("GET", "/v1/scenes?" + urllib.parse.urlencode({"q": PREFIX + w.link, "launch": 1011}))


@case("prefetchScene", 200)
def prefetched(w):
    yield w.ask("GET", "/v1/prefetch?" + urllib.parse.urlencode({"query": f"scene={w.code}", "scene": 1047}))
    yield w.ask("GET", "/v1/prefetch?" + urllib.parse.urlencode({"query": "q=" + urllib.parse.quote(PREFIX + w.link, safe="")}))


@case("landingPage", 200)
def landed(w):
    yield w.ask("GET", f"/q/{w.link}")


@case("exportCodes", 200)
def exported(w):
    yield w.ask("GET", "/v1/export", key=w.boss)
    yield w.ask("GET", "/v1/export?limit=1&owner=shop&pool=default", key=w.boss)


@case("importCodes", 200)
def imported(w):
    rows = f"{COLUMNS}\n{UNKNOWN_ID[:-1]}a{ROW}\n!{ROW}\n"
    yield w.ask("POST", "/v1/import", rows, w.boss, {"Content-Type": "text/csv"})


@case("pausePool", 200)
def paused(w):
    yield w.ask("POST", "/v1/pools/kept/pause", {"reason": "inventory"}, w.boss)


@case("resumePool", 200)
def resumed(w):
    yield w.ask("POST", "/v1/pools/kept/resume", key=w.boss)


@case("fillPool", 200)
def filled(w):
    yield w.ask("POST", "/v1/pools/default/fill", {"count": 1}, w.boss)


@case("refreshToken", 200, 429)
def refreshed(w):
    yield from (w.ask("POST", "/v1/apps/homes/token/refresh", key=w.boss) for _ in range(2))


@case("addKey", 201)
def key_added(w):
    yield w.op("POST", "/v1/keys", {"name": w.fresh(), "scopes": ["issue"], "pools": ["default"], "paths": ["pages/"], "rate_per_s": 1.5,
                                    "daily_codes": 9, "priority": "core", "expires_at": "2099-01-01T00:00:00Z", "owner": "shop"})


@case("rotateKey", 201)
def key_rotated(w):
    name = w.fresh()
    w.n.key(name)
    yield w.op("POST", f"/v1/keys/{name}/rotate", {"overlap": 60})


@case("revokeKey", 200)
def key_revoked(w):
    name = w.fresh()
    w.n.key(name)
    yield w.op("DELETE", f"/v1/keys/{name}")


for plain in ("listPools", "getPool", "listApps", "listNodes", "listActors", "getOpenApi", "getStatus", "verifyStore", "listKeys", "listAudit",
              "healthz", "readyz", "version", "metrics", "frontPage"):
    CASES[plain, 200] = [lambda w, name=plain: [call(w.address_of(w.operations[name]), w.operations[name].method,
                                                     w.path_of(w.operations[name]), None, {"Authorization": f"Bearer {w.boss}"}, 30)]]
