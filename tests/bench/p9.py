"""Promise P9: what a flood of one kind does to the times of issues and scans.

Issues and scans come at a fixed rate, open loop. In turn: nothing beside them, each flood from a few closed-loop clients,
and, since the clients share the processors with the node, a process that does nothing but use as much processor time as
the flood's client did. All but the node and qrload run at the lowest priority. Two ratios come out of it: against nothing
beside, and against the equally busy process, which leaves what the node itself is to blame for."""

import json
import pathlib
import subprocess
import sys
import time

from bench import machine, report, rigs

KINDS = ("batch", "list", "export", "import")
HERE = pathlib.Path(__file__).resolve().parent
FULL = {"rounds": 3, "seconds": 6, "rate": 1000, "clients": 4, "page": 500, "stock": 1_000_000, "bound": 200_000}
QUICK = {"rounds": 1, "seconds": 3, "rate": 1000, "clients": 4, "page": 500, "stock": 200_000, "bound": 50_000}
AIM = 1.20
AROUND_S = 1.5  # a flood begins before qrload and ends after it


class Beside:
    """Floods, or burns, for as long as qrload runs and a little longer on both sides."""

    def __init__(self, *words):
        self.process = subprocess.Popen(["chrt", "--idle", "0", sys.executable, str(HERE / "floods.py"), *map(str, words)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(0.7)

    def end(self):
        out, err = self.process.communicate(timeout=60)
        if self.process.returncode != 0:
            raise rigs.Missing(f"floods.py: {err.strip()[-500:]}")
        return json.loads(out)


class P9:
    def __init__(self, settings, folder, say):
        self.s, self.folder, self.say = settings, folder, say

    def mixed(self, beside=None):
        """One run of issues and scans; half of each."""
        command = [str(rigs.BIN / "qrload"), "--url", f"http://{self.node.address}", "--key-file", str(self.key_file), "--mix", "mix",
                   "--ids", str(self.ids), "--connections", "32", "--rate", f"{self.s['rate']}/s", "--duration", str(self.s["seconds"]),
                   "--json"]
        meter = machine.Meter([self.node.process.pid])
        done = subprocess.run(command, capture_output=True, text=True, timeout=self.s["seconds"] + 60, check=False)
        used = meter.read()
        flood = beside.end() if beside else {"cpu_s": 0.0}
        try:
            said = json.loads(done.stdout)
        except ValueError:
            raise rigs.Missing(f"qrload said nothing: {done.stderr.strip()}") from None
        bad = sum(said[k]["sent"] - said[k]["ok"] for k in ("issue", "scan")) + said["unsent"]
        return {"issue": said["issue"]["times_ms"], "scan": said["scan"]["times_ms"], "bad": bad,
                "node_cores": used["cpu_s"][self.node.process.pid] / used["elapsed_s"], "others": used["others"], "flood": flood}

    def run(self, stack):
        node_folder = self.folder / "p9"
        node_folder.mkdir()
        self.node, self.ids = rigs.StockedNode(node_folder), self.folder / "p9-ids"
        self.node.make_stock(self.s["stock"], self.s["bound"], self.ids)
        stack.callback(lambda: self.node.process and self.node.stop())
        self.node.start_timed()
        self.key_file, admin_file = self.folder / "p9-key", self.folder / "p9-admin"
        self.key_file.write_text(self.node.key("bench"))
        admin_file.write_text(self.node.key("flood", scopes=("issue", "read", "admin")))
        seconds = self.s["seconds"] + AROUND_S
        self.mixed()  # warms what can be warm
        samples = {name: [] for name in ("nothing", *KINDS, *(f"busy as {k}" for k in KINDS))}
        for _ in range(self.s["rounds"]):
            samples["nothing"].append(self.mixed())
            for kind in KINDS:
                sample = self.mixed(Beside(kind, self.node.address, admin_file, seconds, self.s["clients"], self.s["page"]))
                samples[kind].append(sample)
                if sample["flood"]["said"] and "200" in sample["flood"]["statuses"]:
                    self.say(f"{kind} was not answered as it should: {sample['flood']['said'][:200]}")
                share = sample["flood"]["cpu_s"] / seconds
                samples[f"busy as {kind}"].append(self.mixed(Beside("burn", share, "-", seconds, "-", "-")))
                self.say(f"{kind}: {sample['flood']['a_second']:.0f} requests a second {sample['flood']['statuses']}, issue p99 "
                         f"{sample['issue']['p99']:.2f} ms, scan p99 {sample['scan']['p99']:.2f} ms, others {sample['others']:.0%}")
        return samples


def summary(samples, settings):
    """{kind: {...}}: medians over the rounds, and the two ratios of issue and scan."""
    median = lambda name, get: rigs.spread(get(s) for s in samples[name])["median"]
    p99 = lambda name, what: median(name, lambda s: s[what]["p99"])
    out = {}
    for kind in KINDS:
        row = {"a_second": median(kind, lambda s: s["flood"]["a_second"]), "node_cores": median(kind, lambda s: s["node_cores"]),
               "client_cores": median(kind, lambda s: s["flood"]["cpu_s"]) / (settings["seconds"] + AROUND_S),
               "bad": sum(s["bad"] for s in samples[kind]), "others": max(s["others"] for s in samples[kind])}
        statuses = {}
        for s in samples[kind]:
            for status, n in s["flood"]["statuses"].items():
                statuses[status] = statuses.get(status, 0) + n
        row["statuses"] = statuses
        for what in ("issue", "scan"):
            row[what] = {"p99_ms": p99(kind, what), "alone_ms": p99("nothing", what), "busy_ms": p99(f"busy as {kind}", what)}
            row[what]["ratio_alone"] = row[what]["p99_ms"] / row[what]["alone_ms"]
            row[what]["ratio_busy"] = row[what]["p99_ms"] / row[what]["busy_ms"]
        out[kind] = row
    return out


def table(result):
    s = result["settings"]
    lines = [f"P9: issues and scans at {s['rate']:,}/s together, open loop, {s['rounds']} rounds of {s['seconds']} s; each flood from "
             f"{s['clients']} closed-loop clients, {s['page']} codes a page; medians of p99 in ms, ratios against nothing beside and against an equally busy "
             f"process; the aim is below {AIM:.2f}", ""]
    heads = ["flood", "requests/s"]
    for what in ("issue", "scan"):
        heads += [f"{what}: alone", "busy", "flooded", "x alone", "x busy"]
    heads += ["node cores", "flood's client", "answers", "others"]
    rows = []
    for kind, row in result["floods"].items():
        cells = [kind, report.number(row["a_second"])]
        for what in ("issue", "scan"):
            w = row[what]
            cells += [report.number(w["alone_ms"]), report.number(w["busy_ms"]), report.number(w["p99_ms"]),
                      f"{w['ratio_alone']:.2f}", f"{w['ratio_busy']:.2f}"]
        rows.append(cells + [f"{row['node_cores']:.2f}", f"{row['client_cores']:.2f}",
                             " ".join(f"{k}: {v:,}" for k, v in row["statuses"].items()), f"{row['others']:.0%}"])
    return "\n".join(lines + report.rows(heads, rows))
