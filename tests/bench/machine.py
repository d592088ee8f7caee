"""What the machine did meanwhile: processor time of a process and of everybody else, memory, and how long a sync takes."""

import os
import pathlib
import resource
import time

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def process_s(pid):
    """Processor time of all threads of a process, user and system, in seconds; 10 ms is the unit of the kernel."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def rss_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def busy_s():
    """Time in which a processor did anything, or was taken by another machine, since the start of the machine."""
    user, nice, system, _idle, _wait, irq, softirq, steal = map(
        int, pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9])
    return (user + nice + system + irq + softirq + steal) * TICK_S


def own_s():
    """This process and the children that it has waited for."""
    return sum(getattr(resource.getrusage(who), field)
               for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN) for field in ("ru_utime", "ru_stime"))


class Meter:
    """Processor time from now on: of some processes, of our children, and of whoever else was at work."""

    def __init__(self, pids):
        self.pids = pids
        self.began, self.busy, self.own = time.monotonic(), busy_s(), own_s()
        self.of = {pid: process_s(pid) for pid in pids}

    def read(self):
        elapsed = time.monotonic() - self.began
        used = {pid: process_s(pid) - before for pid, before in self.of.items()}
        others = busy_s() - self.busy - (own_s() - self.own) - sum(used.values())
        return {"elapsed_s": elapsed, "cpu_s": used, "others": max(0.0, others / elapsed / (os.cpu_count() or 1))}


def wait_for_quiet(share, pids, at_most_s):
    """Until others use less than this share of the machine, or the time is over."""
    deadline = time.monotonic() + at_most_s
    while time.monotonic() < deadline:
        meter = Meter(pids)
        time.sleep(0.5)
        if meter.read()["others"] < share:
            return True
    return False


def sync_us(folder):
    """Median of a synced write of 4 KiB over old bytes, and of one that makes the file longer."""
    path = folder / "sync.probe"
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        out = []
        for _kind in ("longer", "over"):
            times = []
            for i in range(150):
                os.pwrite(handle, b"\1" * 4096, i * 4096)
                began = time.perf_counter()
                os.fdatasync(handle)
                times.append(time.perf_counter() - began)
            out.append(sorted(times)[75] * 1e6)
        return {"over_us": out[1], "longer_us": out[0]}
    finally:
        os.close(handle)
        path.unlink()


def describe(folder):
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown")
    mounts = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    inside = [m for m in mounts if str(folder.resolve()).startswith(m[1])]
    return {"processors": os.cpu_count(), "model": model, "kernel": os.uname().release,
            "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
            "filesystem": max(inside, key=lambda m: len(m[1]))[2] if inside else "unknown", **sync_us(folder)}
