"""Starts one Jupyter kernel and times it: cold start to the kernel_info reply and to the first result, then cells.

argv[1] is JSON: {"argv": [...], "env": {...}, "cells": 30, "completions": [...], "print": "...", "lines": 10000,
"rest_s": 3, "linger_s": 0}. `completions` are cells with the cursor at their end, `print` is a cell that prints the
numbers below `lines`, a line each; without these fields nothing of the kind is measured. The kernel is left alone for
`rest_s` before its memory is read, and for `linger_s` before it is ended. Prints as JSON
- start_ms, first_ms, first_cpu_s: cold start to the kernel_info reply, to the end of the first `1+1`, and the
  processor time of the kernel's processes until then (Linux; null elsewhere);
- repeated_ms, distinct_ms: medians of `1+1` again and again, which a kernel may remember, and of `1+2`, `1+3`, …,
  which it cannot, taken in turn;
- rss_mib, pss_mib: memory of the kernel's processes when idle after these cells (Linux; null elsewhere);
- complete_first_ms, complete_ms: the first of `completions`, and the median of all, each asked for several times;
- lines_ms: from the request to idle and the last line, whichever comes later; null when lines are lost.
Throws when a result is wrong. Every kernel is driven by this client, so that ratios compare kernels alone.
"""

import json
import os
import re
import statistics
import sys
import tempfile
import time
from queue import Empty

import zmq
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec


def wait_idle(client, message_id, deadline):
    """The result's text once it is there, and the kernel is idle again and has replied; Deno is idle first."""
    text, idle, replied = None, False, False
    while not idle or text is None:
        message = client.get_iopub_msg(timeout=deadline)
        if message["parent_header"].get("msg_id") != message_id:
            continue
        content = message["content"]
        if message["msg_type"] == "execute_result":
            text = content["data"].get("text/plain")
        elif message["msg_type"] == "stream":
            text = content["text"]
        elif message["msg_type"] == "error":
            raise RuntimeError(content["ename"] + ": " + content["evalue"])
        idle = idle or (message["msg_type"] == "status" and content["execution_state"] == "idle")
    while not replied:
        replied = client.get_shell_msg(timeout=deadline)["parent_header"].get("msg_id") == message_id
    return text


def wait_reply(client, message_id, manager):
    """Waits for a reply on the shell channel, as long as the kernel lives and at most two minutes."""
    for _ in range(1200):
        try:
            message = client.get_shell_msg(timeout=0.1)
        except Empty:
            if manager.provisioner.process.poll() is not None:
                raise RuntimeError("the kernel ended before it answered") from None
            continue
        if message["parent_header"].get("msg_id") == message_id:
            return
    raise RuntimeError("no kernel_info reply within two minutes")


def wait_subscribed(client):
    """Asks for kernel_info until its status arrives on iopub: a PUB socket drops what it sends before the SUB is there."""
    for _ in range(600):
        client.kernel_info()
        try:
            client.get_iopub_msg(timeout=0.05)
        except Empty:
            continue
        return
    raise RuntimeError("no iopub message within 30 s")


def run_sum(client, term, deadline=120):
    """Runs `1+term`, checks its result and returns its milliseconds."""
    start = time.perf_counter()
    text = wait_idle(client, client.execute(f"1+{term}"), deadline)
    elapsed = (time.perf_counter() - start) * 1000
    shown = re.sub(r"\x1b\[\d*m", "", text or "").strip()
    if shown != str(1 + term):
        raise RuntimeError(f"1+{term} gave {shown!r}")
    return elapsed


def family_of(pid):
    """A process and all its descendants, each with its user and system time in ticks."""
    rows = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        rows[int(name)] = (int(fields[1]), sum(int(ticks) for ticks in fields[11:15]))
    family, grown = {pid}, True
    while grown:
        more = {child for child, (parent, _) in rows.items() if parent in family} - family
        family, grown = family | more, bool(more)
    return {each: rows[each][1] for each in family if each in rows}


def processor_seconds(pid):
    """User and system time of a process and of all its descendants; None where there is no /proc."""
    if not os.path.exists("/proc/self/stat"):
        return None
    return sum(family_of(pid).values()) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid):
    """Resident memory of a process and its descendants: the sum (shared pages counted for each) and the share."""
    if not os.path.exists("/proc/self/smaps_rollup"):
        return {"rss_mib": None, "pss_mib": None}
    totals = {"Rss": 0, "Pss": 0}
    for each in family_of(pid):
        try:
            with open(f"/proc/{each}/smaps_rollup") as file:
                text = file.read()
        except OSError:
            continue
        for name in totals:
            totals[name] += int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M).group(1))
    return {"rss_mib": totals["Rss"] / 1024, "pss_mib": totals["Pss"] / 1024}


def complete(client, code):
    """Asks for completions at the end of `code`; returns milliseconds and matches."""
    start = time.perf_counter()
    request = client.complete(code, len(code))
    while True:
        reply = client.get_shell_msg(timeout=60)
        if reply["parent_header"].get("msg_id") == request:
            return (time.perf_counter() - start) * 1000, reply["content"]["matches"]


def completion_times(client, codes, rounds=7):
    """The first completion, and the median of all, each code asked for in turn. The first code must have matches."""
    if not codes:
        return {}
    times = []
    for k in range(rounds):
        for code in codes:
            elapsed, matches = complete(client, code)
            if code == codes[0] and not matches:
                raise RuntimeError(f"no completions for {code!r}")
            times.append(elapsed)
    return {"complete_first_ms": times[0], "complete_ms": statistics.median(times[1:])}


def lines_time(client, code, lines, deadline=20):
    """Milliseconds until idle and all printed lines have arrived, in order; None when they do not within the deadline."""
    start = time.perf_counter()
    request = client.execute(code)
    text, idle = [], False
    expected = "".join(f"{k}\n" for k in range(lines))
    length = 0
    while not idle or length < len(expected):
        left = deadline - (time.perf_counter() - start)
        try:
            message = client.get_iopub_msg(timeout=max(0.001, left))
        except Empty:
            return None
        if message["parent_header"].get("msg_id") != request:
            continue
        content = message["content"]
        if message["msg_type"] == "stream":
            text.append(content["text"])
            length += len(content["text"])
        elif message["msg_type"] == "status":
            idle = content["execution_state"] == "idle"
    elapsed = (time.perf_counter() - start) * 1000
    return elapsed if "".join(text) == expected else None


def measure(request):
    argv, env = request["argv"], request.get("env", {})
    context = zmq.Context()
    context.setsockopt(zmq.RCVHWM, 0)
    context.setsockopt(zmq.RECONNECT_IVL, 2)
    context.setsockopt(zmq.LINGER, 0)
    folder = tempfile.mkdtemp()  # an empty one: packages beside a notebook cost some kernels time, and here they are ours
    manager = KernelManager(context=context, connection_file=os.path.join(folder, "connection.json"))
    manager._kernel_spec = KernelSpec(argv=argv, display_name="bench", language="any", interrupt_mode="message")
    start = time.perf_counter()
    manager.start_kernel(cwd=folder, env={**os.environ, **env}, stdout=sys.stderr, stderr=sys.stderr)
    client = manager.client()
    try:
        client.start_channels()
        wait_reply(client, client.kernel_info(), manager)
        started = (time.perf_counter() - start) * 1000
        wait_subscribed(client)
        run_sum(client, 1)
        ready = (time.perf_counter() - start) * 1000
        used = processor_seconds(manager.provisioner.process.pid)
        repeated, distinct = [], []
        for k in range(request.get("cells", 30)):
            repeated.append(run_sum(client, 1))
            distinct.append(run_sum(client, 2 + k))
        results = {
            "start_ms": started,
            "first_ms": ready,
            "first_cpu_s": used,
            "repeated_ms": statistics.median(repeated),
            "distinct_ms": statistics.median(distinct),
        }
        if "rest_s" in request:
            time.sleep(request["rest_s"])
            results.update(memory_mib(manager.provisioner.process.pid))
        results.update(completion_times(client, request.get("completions")))
        if "print" in request:
            results["lines_ms"] = lines_time(client, request["print"], request["lines"])
        time.sleep(request.get("linger_s", 0))
        return results
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


print(json.dumps(measure(json.loads(sys.argv[1]))))
