# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and stops what is measured: Gatehouse, nginx, a FastAPI gateway, and the fake upstream behind them."""
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"  # Debian's packages are for Debian's interpreter
TICKS = os.sysconf("SC_CLK_TCK")

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_rlimit_nofile 65536;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 300s;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream fake {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://fake;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
}}
"""


class Missing(Exception):
    """A program that a measurement needs is not here."""


def pinned(core):
    """The command prefix that keeps a process on one core, where there are two."""
    cores = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(cores[min(core, len(cores) - 1)])] if len(cores) > 1 else []


SERVER_CORE, LOAD_CORE = 0, 1


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A server in a process group of its own, ended with it."""

    def __init__(self, command, core, env=None, ready=None, log=None):
        self.started = time.monotonic()
        self.popen = subprocess.Popen(
            pinned(core) + [str(word) for word in command], env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE if ready else log, stderr=log, start_new_session=True, text=True)
        self.ready_line = self._await_line(ready) if ready else None

    def _await_line(self, pattern):
        for line in self.popen.stdout:
            if match := re.search(pattern, line):
                self.ready_after = time.monotonic() - self.started
                return match
        raise RuntimeError(f"{self.popen.args} ended before it was ready (status {self.popen.wait()})")

    def await_port(self, port, seconds=15):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.popen.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError(f"{self.popen.args} does not listen")

    def pids(self):
        """The process and all below it."""
        found = [self.popen.pid]
        for pid in found:
            children = Path(f"/proc/{pid}/task/{pid}/children")
            if children.exists():
                found += [int(child) for child in children.read_text().split()]
        return found

    def cpu(self):
        """CPU seconds so far, in user and kernel mode, of all its processes and threads."""
        total = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def memory(self):
        """Resident megabytes of all its processes."""
        status = [Path(f"/proc/{pid}/status").read_text() for pid in self.pids()]
        return sum(int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) for text in status) / 1024

    def stop(self):
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.popen.pid, signal.SIGKILL)
                self.popen.wait()
        if self.popen.stdout:
            self.popen.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def start_fake(program, behaviour):
    fake = Process([program, "--behave", behaviour], LOAD_CORE, ready=r"ready on http://127.0.0.1:(\d+)",
                   log=subprocess.DEVNULL)
    fake.port = int(fake.ready_line.group(1))
    return fake


def start_gatehouse(program, upstream, folder):
    if not Path(program).exists():
        raise Missing(f"{program} is not built")
    home = folder / "gatehouse"
    home.mkdir(exist_ok=True)
    environment = {
        "MODEL_ROUTE_box": f"http://127.0.0.1:{upstream}/v1",
        "GATEHOUSE_SERVER_LANES": "1",
        "LOG_LEVEL": "warning",  # as nginx and uvicorn here: no line a request
        "XDG_CONFIG_HOME": str(home),
        "XDG_DATA_HOME": str(home),
    }
    with open(folder / "gatehouse.log", "ab") as log:
        server = Process([program, "serve", "--port", "0"], SERVER_CORE, env=environment,
                         ready=r"gatehouse ready on http://[^ ]*:(\d+)", log=log)
    server.port = int(server.ready_line.group(1))
    return server


def start_nginx(upstream, folder):
    program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if not program:
        raise Missing("nginx is missing: scripts/setup bench installs it")
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, port=port, upstream=upstream))
    server = Process([program, "-p", folder, "-e", folder / "error.log", "-c", configuration], SERVER_CORE,
                     log=subprocess.DEVNULL)
    server.port = port
    server.await_port(port)
    return server


def fastapi_versions():
    """The versions that start_fastapi() runs, and whether uvicorn found its faster parts; empty: none."""
    script = ("import fastapi, httpx, uvicorn, importlib.util as util\n"
              "loop = 'uvloop' if util.find_spec('uvloop') else 'asyncio'\n"
              "parser = 'httptools' if util.find_spec('httptools') else 'h11'\n"
              "print(f'{fastapi.__version__}, httpx {httpx.__version__}, '\n"
              "      f'uvicorn {uvicorn.__version__} on {loop} and {parser}')")
    return subprocess.run([PYTHON, "-c", script], capture_output=True, text=True).stdout.strip()


def start_fastapi(upstream, folder):
    if not fastapi_versions():
        raise Missing("FastAPI, httpx or uvicorn is missing: scripts/setup bench installs them")
    port = free_port()
    command = [PYTHON, "-B", "-m", "uvicorn", "fastapi_gateway:app", "--app-dir", HERE, "--port", port,
               "--log-level", "warning", "--no-access-log", "--backlog", "4096", "--timeout-keep-alive", "300"]
    with open(folder / "fastapi.log", "ab") as log:
        server = Process(command, SERVER_CORE, env={"UPSTREAM": f"http://127.0.0.1:{upstream}/v1"}, log=log)
    server.port = port
    server.await_port(port)
    return server
