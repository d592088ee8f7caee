"""Calls that wait for the store, while it cannot be read or written: test_every_status.py runs them."""

import concurrent.futures
import urllib.parse

from end_to_end.status_world import COLUMNS, PREFIX, ROW, UNKNOWN_ID


def at_once(calls):
    """Answers of calls that wait for the same thing."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(calls)) as threads:
        return [done.result() for done in [threads.submit(c) for c in calls]]


def calls(w):
    """By operation."""
    return {
        "issueCode": lambda: w.issue(headers={"Idempotency-Key": w.fresh()}),
        "issueCodes": lambda: w.ask("POST", "/v1/codes/batch", {"items": [{"path": "pages/a"}]}, w.shop),
        "listCodes": lambda: w.ask("GET", "/v1/codes", key=w.shop),
        "getCode": lambda: w.ask("GET", f"/v1/codes/{w.code}", key=w.shop),
        "getCodeImage": lambda: w.ask("GET", f"/v1/codes/{w.code}/image"),
        "changeCode": lambda: w.ask("PATCH", f"/v1/codes/{w.code}", {"tags": ["late"]}, w.shop),
        "revokeCode": lambda: w.ask("DELETE", f"/v1/codes/{w.spare}", key=w.shop),
        "getStats": lambda: w.ask("GET", "/v1/stats", key=w.shop),
        "resolveScene": lambda: w.ask("GET", f"/v1/scenes/{w.unseen[0]}"),
        "resolveLink": lambda: w.ask("GET", "/v1/scenes?" + urllib.parse.urlencode({"q": PREFIX + w.unseen[1]})),
        "prefetchScene": lambda: w.ask("GET", f"/v1/prefetch?query=scene%3D{w.unseen[2]}"),
        "landingPage": lambda: w.ask("GET", f"/q/{w.unseen[3]}"),
        "exportCodes": lambda: w.ask("GET", "/v1/export", key=w.boss),
        "importCodes": lambda: w.ask("POST", "/v1/import", f"{COLUMNS}\n{UNKNOWN_ID[:-1]}b{ROW}\n", w.boss,
                                     {"Content-Type": "text/csv"}),
        "pausePool": lambda: w.ask("POST", "/v1/pools/kept/pause", {}, w.boss),
        "addKey": lambda: w.op("POST", "/v1/keys", {"name": w.fresh(), "scopes": ["read"]}),
        "rotateKey": lambda: w.op("POST", "/v1/keys/reader/rotate"),
        "revokeKey": lambda: w.op("DELETE", "/v1/keys/narrow"),
        "listKeys": lambda: w.op("GET", "/v1/keys"),
        "listAudit": lambda: w.op("GET", "/v1/audit"),
        "verifyStore": lambda: w.op("POST", "/v1/verify"),
        "fillPool": lambda: w.ask("POST", "/v1/pools/default/fill", {"count": 1}, w.boss),
        "refreshToken": lambda: w.ask("POST", "/v1/apps/homes/token/refresh", key=w.boss),
    }
