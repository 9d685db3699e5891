# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured of a server: each function starts a load, and returns figures."""
import json
import statistics
import subprocess

from servers import LOAD_CORE, pinned

CONNECTIONS = 32
IDLE = 4000


class Load:
    """A run of gatehouse-load, line by line."""

    def __init__(self, program, *words):
        self.popen = subprocess.Popen([*pinned(LOAD_CORE), str(program), *map(str, words)],
                                      stdout=subprocess.PIPE, text=True)

    def line(self):
        line = self.popen.stdout.readline().strip()
        if not line:
            raise RuntimeError(f"{' '.join(self.popen.args)} failed")
        return line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()
        self.popen.stdout.close()


def posts(load, server, seconds, idle=0, connections=CONNECTIONS):
    """CPU microseconds a POST, with so many idle connections beside it."""
    with Load(load, "post", f"port={server.port}", f"connections={connections}", f"idle={idle}",
              f"seconds={seconds}") as run:
        run.line()
        before = server.cpu()
        result = json.loads(run.line())
        spent = server.cpu() - before
    if result["failures"] or not result["answers"]:
        raise RuntimeError(f"{result['failures']} of {result['answers']} requests failed")
    return {"cpu_us": spent * 1e6 / result["answers"], "per_second": result["answers"] / result["seconds"],
            "p50_us": result["p50_us"], "p99_us": result["p99_us"]}


def latency(load, server, seconds):
    """Microseconds of a POST on one connection, one after the other."""
    result = posts(load, server, seconds, connections=1)
    return {name: result[name] for name in ("p50_us", "p99_us")}


def streams(load, server, count, tokens, seconds):
    """CPU microseconds a relayed event, and whether all of them arrived."""
    with Load(load, "streams", f"port={server.port}", f"connections={count}", f"tokens={tokens}",
              f"seconds={seconds}") as run:
        if run.line() != "begin":
            return {"lost": "not all of the streams began"}
        before = server.cpu()
        window = run.line()
        spent = server.cpu() - before
        memory = server.memory()
        if not window.startswith("end "):
            return {"lost": "the streams ended too early"}
        events = int(window.split()[1])
        result = json.loads(run.line())
    return {"cpu_us": spent * 1e6 / max(events, 1), "events_per_second": events / seconds,
            "complete": result["complete"], "streams": result["streams"],
            "lost": result["lost_tokens"] or result["failures"], "memory_mb": memory}


def ready(start, times):
    """Median milliseconds from starting the program to its ready line, and its memory then."""
    seconds, memory = [], []
    for _ in range(times):
        with start() as server:
            seconds.append(server.ready_after)
            memory.append(server.memory())
    return {"ready_ms": statistics.median(seconds) * 1000, "memory_mb": statistics.median(memory)}

