"""What was measured, as a table and beside a baseline. A figure is a dict; `ratio` is a spread (rigs.spread)."""

LOSS = 0.10  # of a ratio: less may be noise

RATES = [("issue", "issue, JSON, durable"), ("scan_hot", "scan, 20,000 hot codes"), ("scan_all", "scan, all codes, warm"),
         ("scan_first", "scan, caches empty")]
LATENCIES = [("latency_half", "issue, half the rate"), ("latency_low", "issue, low load")]


def number(x):
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.2f}" if abs(x) < 10 else f"{x:.1f}"


def of(spread):
    """Median, and from least to most."""
    return f"{number(spread['median'])} ({number(spread['min'])}-{number(spread['max'])})"


def rows(heads, lines):
    table = [heads] + [[str(cell) for cell in line] for line in lines]
    widths = [max(len(line[i]) for line in table) for i in range(len(heads))]
    out = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in table]
    return [out[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|"] + out[1:]


def text(result):
    """Markdown that reads well in a terminal, too."""
    m, s, f = result["machine"], result["settings"], result["figures"]
    out = [f"`{result['command']}`, {result['when']}, qrwell {result['revision']}",
           f"{m['processors']} processors ({m['model']}), {m['memory_gb']} GB, Linux {m['kernel']}, {m['filesystem']}; a synced "
           f"write of 4 KiB takes {m['over_us']:.0f} us ({m['longer_us']:.0f} us when the file grows)",
           f"{s['connections']} connections, {s['rounds']} rounds, {s['stock']:,} codes in stock, {s['bound']:,} bound "
           f"(made in {f['made']['made_s']:.0f} s); median (least-most). The clients share the processors with what they measure.",
           ""]
    out += rows(["rate", "a second", "x nginx", "nginx a second", "CPU us", "nginx CPU us", "cores", "client cores", "RSS MB",
                 "others"],
                [[label, of(f[key]["rate"]), of(f[key]["ratio"]), of(f[key]["nginx_rate"]), of(f[key]["cpu_us"]),
                  of(f[key]["nginx_cpu_us"]), of(f[key]["server_cores"]), of(f[key]["client_cores"]),
                  number(f[key]["rss_mb"]["max"]), f"{f[key]['others']['max']:.0%}"] for key, label in RATES if key in f])
    out.append("")
    out += rows(["latency, open loop", "a second", "p50 ms", "p99 ms", "p99.9 ms", "worst ms", "CPU us", "others"],
                [[label, number(f[key]["asked"]["median"]), of(f[key]["p50_ms"]), of(f[key]["p99_ms"]), of(f[key]["p99.9_ms"]),
                  number(f[key]["worst_ms"]["max"]), of(f[key]["cpu_us"]), f"{f[key]['others']['max']:.0%}"]
                 for key, label in LATENCIES if key in f])
    out.append("")
    if "stocking" in f:
        k = f["stocking"]
        out += rows(["stocking", ""], [
            ["codes a minute", f"{k['per_minute']:,.0f}; the quota and WeChat's times allow {k['formula']:,.0f}: {k['ratio']['median']:.3f}"],
            ["measured over", f"the last {k['window_s']:.0f} s of {k['seconds']:.0f} s from the first code"],
            ["limit, call time", f"{k['limit']:,} in any 60 s; p50 {k['p50_ms']:.0f} ms at the node"],
            ["busiest 60 s", f"{k['busiest_60s']:,} calls, as the simulator counted them (refused: {k['refused']:,})"],
            ["CPU of the node", f"{k['cores']:.1%} of a core, {k['cpu_us']:.0f} us a code; RSS {k['rss_mb']:.0f} MB"],
            ["CPU of the simulator", f"{k['sim_cores']:.1%} of a core"]])
        out.append("")
    k = f["start"]
    out += rows(["start", ""], [
        ["ready", f"{of(k['ready_ms'])} ms to /readyz?for=issue, {of(k['log_ms'])} ms to the log's line, {s['stock']:,} in stock"],
        ["idle", f"{f['made']['idle_cores']:.1%} of a core"],
        ["memory then", f"{k['rss_mb']['median']:.0f} MB"],
        ["verify afterwards", f"{'clean' if f['verify']['ok'] else 'BROKEN'}, {f['verify']['codes']:,} codes in {f['verify']['seconds']:.1f} s"]])
    out += [""] + ["* " + note for note in result["notes"]]
    return "\n".join(out)


def ratios(result):
    return {key: figure["ratio"]["median"] for key, figure in result["figures"].items() if "ratio" in figure}


def compare(before, after):
    """Lines to print, and whether a ratio was lost. Only ratios: rates are of a machine and its day."""
    lines, lost = [], False
    for name in ("connections", "stock", "bound", "seconds"):
        if before["settings"].get(name) != after["settings"].get(name):
            lines.append(f"not the same settings: {name} was {before['settings'].get(name)}, is {after['settings'].get(name)}")
    old, new = ratios(before), ratios(after)
    for key, was in old.items():
        if key not in new:
            lines.append(f"{key}: was {was:.3f}, was not measured now")
            continue
        change = new[key] / was - 1 if was else 0.0
        worse = change < -LOSS
        lost = lost or worse
        lines.append(f"{'LOSS' if worse else 'ok  '} {key}: {was:.3f} -> {new[key]:.3f} ({change:+.1%})")
    return lines, lost
