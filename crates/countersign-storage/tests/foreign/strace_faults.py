#!/usr/bin/env python3
"""Breaks the file store at every system call, from outside, with strace.

    cargo build -p countersign-storage --example store_ops
    python3 strace_faults.py target/debug/examples/store_ops [FOLDER]

1. Order: nothing is acknowledged, and no old bytes removed, before what it rests on was synced.
2. Faults: one system call fails, or it and a later one, or it and all later ones, or it kills the process; for every
   one there is. What was acknowledged is there after a start; what failed once has changed nothing; nothing is left.
3. The same while a start clears up after a kill.

Standard library only. FOLDER is where the stores are made: one in memory is quicker.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from store_model import digest_of, possible, wrong_in

CALLS = ("openat,openat2,mkdirat,renameat,renameat2,linkat,unlinkat,fsync,fdatasync,write,pwrite64,writev,"
         "read,pread64,getdents64,statx,newfstatat")
# Without --seccomp-bpf: with it, strace 6.1 sends no signals.
STRACE = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={CALLS}"]
LONG = "l" * 130


def run(binary, root, calls, strace=()):
    """What the child said of each call: a list of (verdict, call, answer)."""
    done = subprocess.run([*strace, binary, str(root), *calls], capture_output=True, text=True)
    lines = [line.partition(" = ") for line in done.stdout.splitlines()]
    return [(head[:3], head[4:].removesuffix(" ="), answer) for head, _, answer in lines]


class Bench:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.base, self.root = folder / "base", folder / "store"
        begin = ["put k 1 100000", "put other 2 5", f"put {LONG} 3 10", "create k"]
        upload = run(binary, self.base, begin)[-1][2]
        parts = [f"part k {upload} {number} {number + 10} {number * 100}" for number in (1, 2, 3)]
        assert all(verdict == "ack" for verdict, _, _ in run(binary, self.base, parts))
        objects = tuple(sorted({"k": (1, 100000), "other": (2, 5), LONG: (3, 10)}.items()))
        three = tuple((number, (number + 10, number * 100)) for number in (1, 2, 3))
        self.upload, self.state = upload, (objects, ((upload, three),), ())
        self.runs = self.errors = self.short = self.kills = 0

    def restore(self, base):
        shutil.rmtree(self.root, ignore_errors=True)
        # Hard links stay hard links.
        subprocess.run(["cp", "-a", str(base), str(self.root)], check=True)

    def made(self, base, calls):
        """The names of the system calls of the thread that does the work, in order."""
        self.restore(base)
        log = self.folder / "log"
        run(self.binary, self.root, calls, ["strace", "-f", "-o", str(log), "-e", f"trace={CALLS}"])
        by_thread = {}
        for line in log.read_text().splitlines():
            if found := re.match(r"(\d+) +(\w+)\(", line):
                by_thread.setdefault(found[1], []).append(found[2])
        return max(by_thread.values(), key=len)

    def faults(self, base, begin, calls):
        """(how, whether only one call fails, what strace does) for every system call after those of `begin`."""
        names = self.made(base, calls)
        # Without a beginning: those of a start, after it has made its 256 folders.
        first = len(self.made(base, begin)) if begin else len(names) - names[::-1].index("mkdirat")
        for place in range(first, len(names)):
            name = names[place]

            # strace counts each kind of call on its own.
            def inject(name, what, more="", place=place):
                return ["-e", f"inject={name}:{what}:when={names[:place].count(name) + 1}{more}"]

            for error in ("EIO", "ENOSPC", "EMFILE", "EINTR"):
                yield f"{error} in {name} {place}", True, inject(name, f"error={error}")
            yield f"kill in {name} {place}", False, inject(name, "signal=KILL")
            twice = inject(name, "error=EIO", f"..{names[:place].count(name) + 2}")
            yield f"EIO in {name} {place} and the next", False, twice
            for second in {"openat2", "linkat", "renameat", "unlinkat", "fsync"} - {name}:
                both = inject(name, "error=EIO") + inject(second, "error=EIO")
                yield f"EIO in {name} {place} and the next {second}", False, both
            every = [inject(other, "error=EROFS", "+") for other in sorted(set(CALLS.split(",")) - {"write"})]
            yield f"EROFS from {name} {place} on", False, sum(every, [])

    def found(self):
        said = run(self.binary, self.root, ["objects", f"parts k {self.upload}"])
        assert [verdict for verdict, _, _ in said][:1] == ["ack"], f"cannot be opened or read: {said}"
        return said[0][2], said[1][2] if said[1][0] == "ack" else None

    def expected(self, state):
        objects, uploads, _ = state
        shown = " ".join(f"{name}:{digest_of(body)}" for name, body in objects)
        parts = [" ".join(f"{number}:{digest_of(body)[:32]}-1" for number, body in parts) for _, parts in uploads]
        return shown, parts[0] if parts else None

    def check(self, states):
        found = self.found()
        assert found in [self.expected(state) for state in states], f"found {found}"
        self.found()
        assert not wrong_in(self.root), f"left: {wrong_in(self.root)}"

    def trial(self, base, calls, fault, states=None):
        """One run with a fault, and what is found after it."""
        how, once, inject = fault
        self.restore(base)
        said = run(self.binary, self.root, calls, [*STRACE, *inject])
        self.runs += 1
        self.errors += any(verdict == "err" for verdict, _, _ in said)
        self.short += len(said) < len(calls)
        self.kills += how.startswith("kill") and len(said) < len(calls)
        try:
            self.check(possible(self.state, calls, said, once) if states is None else states)
        except AssertionError as error:
            print(f"FAILED: {calls}, {how}: said {[verdict for verdict, _, _ in said]}: {error}")
            return 1
        return 0

    def break_calls(self, name, calls):
        # A look first: the thread that only starts the others has made fewer calls of each kind by then.
        calls, runs = ["objects", *calls], self.runs
        failed = sum(self.trial(self.base, calls, fault) for fault in list(self.faults(self.base, ["objects"], calls)))
        print(f"{name}: {self.runs - runs} runs, {failed} failed", flush=True)
        return failed

    def break_starts(self, name, calls):
        """A kill in the middle of calls, then a start that is broken too."""
        failed, runs, crashed, calls = 0, self.runs, self.folder / "crashed", ["objects", *calls]
        kills = [fault for fault in self.faults(self.base, ["objects"], calls) if fault[0].startswith("kill")]
        # Each start has a hundred faults: every fifth kill does.
        for _, _, kill in kills[::5]:
            self.restore(self.base)
            states = possible(self.state, calls, run(self.binary, self.root, calls, [*STRACE, *kill]), False)
            if not any((self.root / "tmp").iterdir()) and not list(self.root.glob("uploads/*.completing")):
                continue
            shutil.rmtree(crashed, ignore_errors=True)
            self.root.rename(crashed)
            for fault in list(self.faults(crashed, None, ["objects"])):
                if fault[0].startswith(("EIO", "kill")) and "next" not in fault[0]:
                    failed += self.trial(crashed, ["objects"], fault, states)
        print(f"starts after {name}: {self.runs - runs} runs, {failed} failed", flush=True)
        return failed


def calls_in(log):
    """The lines of a log, each whole, without the thread's id."""
    open_calls = {}
    for line in log.read_text().splitlines():
        thread, _, text = line.partition(" ")
        text = text.strip()
        if text.endswith("<unfinished ...>"):
            open_calls[thread] = text.removesuffix("<unfinished ...>").rstrip()
        elif text.startswith("<..."):
            yield open_calls.pop(thread, "") + text.partition("resumed>")[2]
        else:
            yield text


def check_order(bench):
    """Holds 100 puts, and one of everything else twice, to the order that a power cut cannot take apart."""
    bench.restore(bench.base)
    u, log, root = bench.upload, bench.folder / "log", str(bench.root)
    calls = [f"put {'k' if n % 2 else f'new{n}'} {n} {n * 997}" for n in range(100)]
    calls += [f"part k {u} 2 5 5", f"complete k {u} 2", f"complete k {u} 2", "freeze k z", "freeze k z", "copy z y",
              "delete y", "delete y", "delete never", f"put {LONG}m 5 10", f"delete {LONG}m", "create q"]
    run(bench.binary, bench.root, calls, ["strace", "-f", "-y", "-s", "4096", "-o", str(log), "-e", "trace=" + CALLS])
    written, unsynced, synced, acknowledged, failed = set(), set(), set(), 0, []
    for text in calls_in(log):
        if found := re.match(r'write\(1<.*?>, "ack (\w+)', text):
            acknowledged += 1
            if unsynced:
                failed.append(f"acknowledged before {unsynced} was synced: {text}")
            touches_a_record = found[1] in ("put", "delete", "freeze", "complete", "copy")
            if touches_a_record and not any("/records" in it for it in synced):
                failed.append(f"acknowledged, and no record synced: {text}")
            synced = set()
        elif found := re.match(rf'write\(\d+<({root}/.*?)>', text):
            written.add(found[1])
        elif found := re.match(rf'f(?:data)?sync\(\d+<(.*?)>\) += 0', text):
            written.discard(found[1])
            unsynced.discard(found[1])
            synced.add(found[1])
        elif found := re.match(r'(?:renameat2?|linkat)\(\d+<(.*?)>, "(.*?)", \d+<(.*?)>, "(.*?)".*\) += 0', text):
            source, target = f"{found[1]}/{found[2]}", found[3]
            is_publishing = target.startswith(root + "/records") and not found[1].startswith(root + "/records")
            if source in written or (is_publishing and unsynced):
                failed.append(f"published before {unsynced or source} was synced: {text}")
            if not text.startswith("linkat") and found[1] != root + "/tmp" and "/uploads/" not in found[1]:
                unsynced.add(found[1])
            if target != root + "/tmp":
                unsynced.add(target)
        elif re.match(rf'unlinkat\(\d+<{root}/data/', text) and unsynced:
            failed.append(f"old bytes removed before {unsynced} was synced: {text}")
    if acknowledged != len(calls):
        failed.append(f"{acknowledged} of {len(calls)} calls acknowledged")
    print(*failed, sep="\n", end="\n" if failed else "")
    print(f"order: {acknowledged} calls, {len(failed)} violations")
    return len(failed)


def main():
    binary, place = os.path.abspath(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        bench = Bench(binary, pathlib.Path(folder).resolve())
        u, failed = bench.upload, check_order(bench)
        broken = {
            "put": ["put new 5 300", "delete new"],
            "overwrite": ["put k 5 70000", "put k 6 10"],
            "delete": ["delete k", "delete k"],
            "freeze": ["freeze k z", "freeze k z", "delete z"],
            "part": [f"part k {u} 2 7 100", f"part k {u} 4 8 100"],
            "complete": [f"complete k {u} 2", f"complete k {u} 2", "delete k"],
            "complete and abort": [f"complete k {u} 2", f"abort k {u}", f"freeze k {LONG}z"],
            "abort": [f"abort k {u}", f"part k {u} 1 5 5"],
            "copy": ["copy k y", "delete k"],
            "long keys": [f"put {LONG}m 5 10", f"freeze {LONG}m n"],
        }
        failed += sum(bench.break_calls(name, calls) for name, calls in broken.items())
        for name in ("overwrite", "complete", "abort"):
            failed += bench.break_starts(name, broken[name])
        print(f"{bench.runs} runs, {bench.errors} with refused calls, {bench.short} cut short, "
              f"{bench.kills} killed, {failed} failed")
        # A harness that injects nothing finds nothing.
        failed += bench.errors < bench.runs // 8 or bench.kills < bench.runs // 16
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
