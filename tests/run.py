#!/usr/bin/env python3
"""Runs every test of a build and counts: the Boost.Test programs and the scripts for Node first (quick, in parallel), then the tests of the
whole program over its sockets (tests/end_to_end). Prints what failed with its output; the last line is `N passed, N failed`."""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent


def run_program(program, timeout_s):
    """One Boost.Test program -> (name, passed, failed, seconds, output)."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "log.xml"
        command = [str(program), f"--logger=HRF,test_suite:JUNIT,all,{log}", "--report_level=short", "--color_output=no"]
        output, code = run_command(command, timeout_s, folder)
        passed, failed = 0, 0
        try:
            # Boost writes what a test prints into the log as it is, also what XML forbids.
            text = re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|&#x?[0-9a-fA-F]+;", "?", log.read_text(errors="replace"))
            for case in xml.etree.ElementTree.fromstring(text).iter("testcase"):
                if case.find("failure") is not None or case.find("error") is not None:
                    failed += 1
                elif case.find("skipped") is None:
                    passed += 1
        except (OSError, xml.etree.ElementTree.ParseError):
            pass
    failed, output = judge(code, passed, failed, output)
    return program.name, passed, failed, time.monotonic() - started, output


def run_script(script, timeout_s):
    """One script for Node (the middle page runs in JavaScript) -> (name, passed, failed, seconds, output)."""
    started, name = time.monotonic(), str(script.relative_to(ROOT))
    node = shutil.which("node")
    if not node:
        return name, 0, 1, 0.0, "node is missing: run tools/setup --tests"
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "log.tap"
        command = [node, "--test-reporter=tap", f"--test-reporter-destination={log}", "--test-reporter=spec",
                   "--test-reporter-destination=stdout", str(script)]
        output, code = run_command(command, timeout_s, folder)
        text = log.read_text(errors="replace") if log.exists() else ""
    count = {what: int(number) for what, number in re.findall(r"^# (pass|fail|cancelled) (\d+)$", text, re.MULTILINE)}
    passed, failed = count.get("pass", 0), count.get("fail", 0) + count.get("cancelled", 0)
    failed, output = judge(code, passed, failed, output)
    return name, passed, failed, time.monotonic() - started, output


def run_command(command, timeout_s, folder):
    """-> (output, exit code)."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout_s, cwd=folder)
        return done.stdout.decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode(errors="replace") + f"\nended after {timeout_s} s", -1


def judge(code, passed, failed, output):
    """-> (failed, output): a run that ends badly or does nothing has failed, whatever it counted."""
    if code != 0 and failed == 0:
        failed = 1  # it crashed, hung or was killed before it could say what failed
    if passed + failed == 0:
        failed, output = 1, output + "\nran no test"
    return failed, output


def run_programs(build, only, timeout_s):
    programs = sorted(p for p in (build / "tests").glob("test_*") if os.access(p, os.X_OK) and re.search(only, p.name))
    scripts = sorted(p for p in ROOT.rglob("*_test.js") if re.search(only, str(p.relative_to(ROOT))))
    runs = [(run_program, p) for p in programs] + [(run_script, p) for p in scripts]
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for name, good, bad, seconds, output in pool.map(lambda run: run[0](run[1], timeout_s), runs):
            passed, failed = passed + good, failed + bad
            print(f"{'ok  ' if bad == 0 else 'FAIL'} {name}: {good} passed, {bad} failed, {seconds:.1f} s", flush=True)
            if bad:
                print(output[-8000:], flush=True)
    return passed, failed


class Result(unittest.TextTestResult):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def run_end_to_end(build, only):
    os.environ["QRWELL_BIN_DIR"] = str(build / "bin")
    sys.path.insert(0, str(ROOT))
    suite = unittest.defaultTestLoader.discover(str(ROOT / "end_to_end"), pattern="test_*.py", top_level_dir=str(ROOT))
    chosen = unittest.TestSuite(t for t in flatten(suite) if re.search(only, t.id()))
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result).run(chosen)
    return result.passed, len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--build", type=pathlib.Path, default=ROOT.parent / "build" / "release")
    options.add_argument("--only", default="", help="a regular expression: programs and end-to-end tests to run")
    options.add_argument("--timeout", type=float, default=300, help="seconds for one program")
    chosen = options.parse_args()
    passed, failed = run_programs(chosen.build.resolve(), chosen.only, chosen.timeout)
    more_passed, more_failed = run_end_to_end(chosen.build.resolve(), chosen.only)
    passed, failed = passed + more_passed, failed + more_failed
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
