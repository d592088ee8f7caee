"""What imports and exports as jobs answer: cases of test_every_status.py."""

from end_to_end.harness import wait_until
from end_to_end.status_world import COLUMNS, ROW, case

NOWHERE = 999_999


def many(w, count, name):
    """Rows of 2 KB: some thousand of them are a job that takes a moment, and more than one answer holds."""
    query = ',"{""n"":""' + "x" * 1900 + '""}"'
    return COLUMNS + "\n" + "".join(f"{name}{i:06}{ROW.replace('pages/a,', 'pages/a' + query)}\n" for i in range(count))


@case("beginImport", 202)
def sent_whole(w):
    yield w.csv("POST", "/v1/imports", f"{COLUMNS}\n{w.fresh('whole')}{ROW}\n")


@case("beginImport", 201)
@case("continueImport", 200, 409)
def sent_in_parts(w):
    text = f"{COLUMNS}\n{w.fresh('parts')}{ROW}\n"
    first = w.csv("POST", "/v1/imports?complete=false", text)
    path = f"/v1/imports/{first.json['id']}?offset="
    rest = [w.csv("PATCH", path + "1", "x"), w.csv("PATCH", f"{path}{len(text)}&complete=true", ""), w.csv("PATCH", path + "1", "x")]
    yield from [first] if w.asked == "beginImport" else rest


@case("beginImport", 400)
def wrong_import(w):
    for rows in ("", "id\n", COLUMNS.replace("owner", "id") + "\n"):
        yield w.csv("POST", "/v1/imports", rows)
    yield w.csv("POST", "/v1/imports?complete=perhaps", f"{COLUMNS}\n")
    yield w.csv("POST", "/v1/imports?complete=false", COLUMNS)


@case("continueImport", 400)
def no_offset(w):
    yield w.csv("PATCH", f"/v1/imports/{w.bad_import}", "x")
    yield w.csv("PATCH", f"/v1/imports/{w.bad_import}?offset=-1", "x")


@case("beginImport", 415)
@case("continueImport", 415)
def not_csv(w):
    method, path = ("POST", "/v1/imports") if w.asked == "beginImport" else ("PATCH", f"/v1/imports/{w.bad_import}?offset=1")
    yield w.ask(method, path, {}, w.boss)


@case("beginExport", 415)
def not_json(w):
    yield w.csv("POST", "/v1/exports", "x")


@case("beginExport", 202)
def export_begun(w):
    yield w.ask("POST", "/v1/exports", {"tag": "a", "pool": "default", "state": "bound", "from": "2026-01-01T00:00:00Z"}, w.shop)


@case("beginExport", 400)
def wrong_export(w):
    for body in ({"state": "stocked"}, {"colour": "red"}, {"tag": 7}, {"from": "yesterday"}, []):
        yield w.ask("POST", "/v1/exports", body, w.boss)


@case("beginExport", 403)
def of_another_owner(w):
    yield w.ask("POST", "/v1/exports", {"owner": "somebody"}, w.shop)
    yield w.ask("POST", "/v1/exports", {"pool": "links"}, w.narrow)


@case("listJobs", 200)
def jobs(w):
    yield w.ask("GET", "/v1/jobs?limit=5", key=w.shop)
    yield w.ask("GET", "/v1/jobs", key=w.boss)


@case("listJobs", 400)
def wrong_limit(w):
    yield w.ask("GET", "/v1/jobs?limit=101", key=w.shop)


@case("showJob", 200)
def job(w):
    yield w.ask("GET", f"/v1/jobs/{w.export}", key=w.shop)
    yield w.ask("GET", f"/v1/jobs/{w.bad_import}", key=w.boss)


@case("continueImport", 404)
@case("showJob", 404)
@case("cancelJob", 404)
@case("resumeJob", 404)
@case("exportedFile", 404)
@case("badRows", 404)
def no_job(w):
    operation = w.operations[w.asked]
    path = operation.path.replace("{id}", str(NOWHERE)) + ("?offset=1" if w.asked == "continueImport" else "")
    yield w.csv(operation.method, path, "x") if operation.method == "PATCH" else w.ask(operation.method, path, key=w.boss)


@case("cancelJob", 409)
def of_another_node(w):
    assert w.bad_import
    yield w.ask("DELETE", f"/v1/jobs/{w.job_of_another_node()}", key=w.boss)


@case("exportedFile", 200, 206, 304, 416)
@case("badRows", 200, 206, 304, 416)
def files(w):
    path = f"/v1/jobs/{w.export}/file" if w.asked == "exportedFile" else f"/v1/jobs/{w.bad_import}/bad-rows"
    whole = w.ask("GET", path, key=w.boss)
    yield whole
    yield w.ask("GET", path, key=w.boss, headers={"Range": "bytes=5-9"})
    yield w.ask("GET", path, key=w.boss, headers={"If-None-Match": whole.headers["etag"]})
    yield w.ask("GET", path, key=w.boss, headers={"Range": "bytes=999999999-"})


@case("cancelJob", 200)
@case("exportedFile", 409)
@case("resumeJob", 202, 409)
def stopped_and_resumed(w):
    # one that takes a moment keeps the others waiting
    large = w.csv("POST", "/v1/imports", many(w, 1500, w.fresh("big"))).json["id"]
    waits = w.csv("POST", "/v1/imports", f"{COLUMNS}\n{w.fresh('waits')}{ROW}\n").json["id"]
    stopped = w.ask("POST", "/v1/exports", {}, w.shop).json["id"]
    spool = w.n.data / "jobs" / f"{waits}.import.csv"
    text = spool.read_bytes()
    spool.unlink()
    cancelled = w.ask("DELETE", f"/v1/jobs/{stopped}", key=w.shop)
    not_done = w.ask("GET", f"/v1/jobs/{stopped}/file", key=w.shop)
    assert w.job(large)["state"] == "done"
    wait_until(lambda: w.job(waits)["state"] == "failed", what="a job without its file to fail")
    without = w.ask("POST", f"/v1/jobs/{waits}/resume", key=w.boss)
    spool.write_bytes(text)
    resumed = w.ask("POST", f"/v1/jobs/{waits}/resume", key=w.boss)
    assert w.job(waits)["state"] == "done"
    yield from {"cancelJob": [cancelled], "exportedFile": [not_done], "resumeJob": [without, resumed]}[w.asked]


@case("exportedFile", 428)
def too_long_for_one_answer(w):
    w.job(w.csv("POST", "/v1/imports", many(w, 1900, w.fresh("long"))).json["id"])
    w.job(w.csv("POST", "/v1/imports", many(w, 1900, w.fresh("long"))).json["id"])
    export = w.job(w.ask("POST", "/v1/exports", {}, w.boss).json["id"])
    yield w.ask("GET", export["file_url"], key=w.boss)
