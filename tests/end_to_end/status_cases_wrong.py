"""For each operation, requests that it refuses: test_every_status.py runs them."""

import urllib.parse

from end_to_end.harness import call
from end_to_end.status_of_all import BODIES
from end_to_end.status_world import COLUMNS, PREFIX, ROW, UNKNOWN_ID, case


@case("issueCode", 400)
def wrong_issue(w):
    for body in ({}, {"path": "/a"}, {"path": "pages/a", "poool": 1}, {"path": "pages/a", "pool": "nowhere"}, {"path": "pages/a", "on_empty": ["live"]}, []):
        yield w.ask("POST", "/v1/codes", body, w.shop)
    yield w.issue(headers={"Idempotency-Key": ""})


@case("issueCode", 403)
def forbidden_issue(w):
    yield w.issue(w.narrow, path="pages/other")
    yield w.issue(w.narrow, pool="links")


@case("issueCode", 404)
def image_deleted(w):
    name = w.fresh()
    code = w.issue(headers={"Idempotency-Key": name}).json["id"]
    w.delete_image(code)
    yield w.issue(headers={"Idempotency-Key": name, "Accept": "image/*"})


@case("issueCode", 406)
def wrong_image_type(w):
    yield w.issue(headers={"Accept": "image/png"})
    yield w.issue(pool="links", headers={"Accept": "image/jpeg"})


@case("issueCode", 410)
def replay_of_revoked(w):
    name = w.fresh()
    code = w.issue(headers={"Idempotency-Key": name}).json["id"]
    w.ask("DELETE", f"/v1/codes/{code}", key=w.shop)
    yield w.issue(headers={"Idempotency-Key": name, "Accept": "image/*"})


@case("issueCode", 415)
@case("issueCodes", 415)
@case("changeCode", 415)
def wrong_type(w):
    operation = w.operations[w.asked]
    yield call(w.n.address, operation.method, w.path_of(operation), b"path=a", {"Authorization": f"Bearer {w.shop}", "Content-Type": "text/plain"})


@case("importCodes", 415)
def not_csv(w):
    yield w.ask("POST", "/v1/import", "{}", w.boss, {"Content-Type": "application/json"})


@case("issueCode", 422)
def another_body(w):
    name = w.fresh()
    yield from [w.issue(query={"n": n}, headers={"Idempotency-Key": name}) for n in range(2)][1:]


@case("issueCode", 429)
def past_the_rate(w):
    slow, poor = w.n.key(w.fresh(), rate_per_s=1), w.n.key(w.fresh(), daily_codes=1)
    yield next(a for a in iter(lambda: w.issue(slow), None) if a.status == 429)
    yield next(a for a in iter(lambda: w.issue(poor), None) if a.status == 429)


@case("issueCode", 503)
def no_code(w):
    yield w.issue(pool="kept")


@case("issueCodes", 400)
def no_batch(w):
    for body in ({}, {"items": []}, {"items": [{"path": "pages/a"}] * 501}):
        yield w.ask("POST", "/v1/codes/batch", body, w.shop)


@case("listCodes", 400)
def wrong_list(w):
    for query in ("limit=0", "pools=default", "cursor=x", "from=now"):
        yield w.ask("GET", "/v1/codes?" + query, key=w.shop)


@case("listCodes", 403)
@case("getStats", 403)
def of_another_owner(w):
    yield w.ask("GET", w.operations[w.asked].path + "?owner=somebody", key=w.shop)


@case("listCodes", 403)
@case("getStats", 403)
def of_another_pool(w):
    yield w.ask("GET", w.operations[w.asked].path + "?pool=links", key=w.narrow)


@case("getStats", 400)
def wrong_stats(w):
    for query in ("by=colour", "from=2020-01-01T00:00:00Z", "by=hour,day", "what=1"):
        yield w.ask("GET", "/v1/stats?" + query, key=w.shop)


@case("getCode", 404)
def not_mine(w):
    rival = w.n.key(w.fresh())
    yield w.ask("GET", f"/v1/codes/{UNKNOWN_ID}", key=w.shop)
    yield w.ask("GET", f"/v1/codes/{w.code}", key=rival)


@case("changeCode", 404)
@case("revokeCode", 404)
def not_there(w):
    operation = w.operations[w.asked]
    yield w.ask(operation.method, f"/v1/codes/{UNKNOWN_ID}", BODIES.get(w.asked), w.shop)


@case("changeCode", 403)
@case("revokeCode", 403)
def path_not_mine(w):
    operation, code = w.operations[w.asked], w.bind(path="pages/other")
    yield w.ask(operation.method, f"/v1/codes/{code}", BODIES.get(w.asked), w.narrow)


@case("changeCode", 400)
def wrong_change(w):
    for body in ({}, {"pool": "x"}, {"path": None}, {"expires_at": "2020-01-01T00:00:00Z"}):
        yield w.ask("PATCH", f"/v1/codes/{w.code}", body, w.shop)


@case("changeCode", 400)
@case("revokeCode", 400)
def wrong_if_match(w):
    operation = w.operations[w.asked]
    yield w.ask(operation.method, f"/v1/codes/{w.code}", BODIES.get(w.asked), w.shop, {"If-Match": "1"})


@case("changeCode", 409)
def revoked_for_good(w):
    yield w.ask("PATCH", f"/v1/codes/{w.revoked}", {"path": "pages/b"}, w.shop)


@case("changeCode", 412)
@case("revokeCode", 412)
def lost_race(w):
    operation = w.operations[w.asked]
    yield w.ask(operation.method, f"/v1/codes/{w.code}", BODIES.get(w.asked), w.shop, {"If-Match": '"7"'})


@case("getCodeImage", 400)
def wrong_form(w):
    yield w.ask("GET", f"/v1/codes/{w.link}/image?format=gif")
    yield w.ask("GET", f"/v1/codes/{w.code}/image?width=500")


@case("getCodeImage", 404)
def no_image(w):
    yield w.ask("GET", f"/v1/codes/{UNKNOWN_ID}/image")


@case("getCodeImage", 410)
def image_of_revoked(w):
    yield w.ask("GET", f"/v1/codes/{w.revoked}/image")


@case("getCodeImage", 416)
def behind_the_end(w):
    for code in (w.code, w.link):
        yield w.ask("GET", f"/v1/codes/{code}/image", headers={"Range": "bytes=99999999-"})


def scans_of(w, code):
    link = urllib.parse.urlencode({"q": PREFIX + code})
    return {"resolveScene": f"/v1/scenes/{code}", "resolveLink": f"/v1/scenes?{link}", "landingPage": f"/q/{code}",
            "prefetchScene": "/v1/prefetch?" + urllib.parse.urlencode({"query": f"scene={code}"})}[w.asked]


@case("resolveScene", 404)
@case("resolveLink", 404)
@case("prefetchScene", 404)
@case("landingPage", 404)
def nobodys(w):
    for code in (UNKNOWN_ID, "nonsense"):
        yield w.ask("GET", scans_of(w, code))


@case("resolveScene", 410)
@case("resolveLink", 410)
@case("prefetchScene", 410)
@case("landingPage", 410)
def over(w):
    for code in (w.revoked, w.expired):
        yield w.ask("GET", scans_of(w, code))


@case("resolveScene", 400)
def wrong_scene(w):
    yield w.ask("GET", "/v1/scenes/%zz")


@case("resolveLink", 400)
def no_link(w):
    yield w.ask("GET", "/v1/scenes")


@case("prefetchScene", 400)
def no_query(w):
    yield w.ask("GET", "/v1/prefetch")
    yield w.ask("GET", "/v1/prefetch?query=house%3D1")


@case("exportCodes", 400)
def wrong_export(w):
    for query in ("limit=0", "cursor=x", "pools=default"):
        yield w.ask("GET", "/v1/export?" + query, key=w.boss)


@case("importCodes", 400)
def wrong_import(w):
    for rows in ("", "id\n", COLUMNS + "\n" + f"x{ROW}\n" * 501):
        yield w.ask("POST", "/v1/import", rows, w.boss, {"Content-Type": "text/csv"})


@case("getPool", 404)
@case("pausePool", 404)
@case("resumePool", 404)
@case("fillPool", 404)
@case("refreshToken", 404)
def not_configured(w):
    operation = w.operations[w.asked]
    yield w.ask(operation.method, operation.path.replace("{name}", "nowhere"), key=w.boss)


@case("pausePool", 400)
@case("resumePool", 400)
@case("fillPool", 400)
def wrong_order(w):
    operation = w.operations[w.asked]
    for body in ({"colour": "red"}, {"reason": 1, "count": -1}):
        yield w.ask("POST", w.path_of(operation), body, w.boss)


@case("fillPool", 409)
def fill_while_paused(w):
    w.ask("POST", "/v1/pools/kept/pause", {}, w.boss)
    yield w.ask("POST", "/v1/pools/kept/fill", {"count": 5}, w.boss)
    w.ask("POST", "/v1/pools/kept/resume", key=w.boss)


@case("refreshToken", 503)
def no_token(w):
    w.sim.fault({"kind": "error", "code": -1, "on": "token"})
    yield w.second.admin("POST", "/v1/apps/homes/token/refresh")
    w.sim.heal()


@case("addKey", 400)
def wrong_key(w):
    for body in ({}, {"name": "A", "scopes": ["read"]}, {"name": "a", "scopes": ["fly"]}, {"name": "a", "scopes": ["read"], "pools": ["x"]}):
        yield w.op("POST", "/v1/keys", body)


@case("addKey", 409)
def taken(w):
    yield w.op("POST", "/v1/keys", {"name": "shop", "scopes": ["read"]})


@case("rotateKey", 400)
def wrong_overlap(w):
    yield w.op("POST", "/v1/keys/shop/rotate", {"overlap": -1})


@case("rotateKey", 404)
@case("revokeKey", 404)
def no_such_key(w):
    operation = w.operations[w.asked]
    yield w.op(operation.method, operation.path.replace("{name}", "nobody"))


@case("rotateKey", 409)
def rotate_revoked(w):
    name = w.fresh()
    w.n.key(name)
    w.op("DELETE", f"/v1/keys/{name}")
    yield w.op("POST", f"/v1/keys/{name}/rotate")


@case("listAudit", 400)
def wrong_audit(w):
    for query in ("limit=0", "before=yesterday"):
        yield w.op("GET", "/v1/audit?" + query)


@case("readyz", 400)
def ready_for_what(w):
    yield w.op("GET", "/readyz?for=fun")
