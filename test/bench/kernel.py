"""Starts one Jupyter kernel and times it: cold start to the kernel_info reply and to the first result, then cells.

argv[1] is JSON: {"argv": [...], "env": {...}, "cells": 30, "linger_s": 0}; the kernel is left alone for `linger_s`
before it is ended. Prints as JSON
- start_ms, first_ms, first_cpu_s: cold start to the kernel_info reply, to the end of the first `1+1`, and the
  processor time of the kernel's processes until then (Linux; null elsewhere);
- repeated_ms, distinct_ms: medians of `1+1` again and again, which a kernel may remember, and of `1+2`, `1+3`, …,
  which it cannot, taken in turn.
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
    """The result's text once the kernel is idle again and has replied."""
    text, idle, replied = None, False, False
    while not idle:
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
        idle = message["msg_type"] == "status" and content["execution_state"] == "idle"
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


def processor_seconds(pid):
    """User and system time of a process and of all its descendants; None where there is no /proc."""
    if not os.path.exists("/proc/self/stat"):
        return None
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
    return sum(rows[each][1] for each in family if each in rows) / os.sysconf("SC_CLK_TCK")


def measure(argv, env, cells, linger):
    context = zmq.Context()
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
        request = client.kernel_info()
        wait_reply(client, request, manager)
        started = (time.perf_counter() - start) * 1000
        wait_subscribed(client)
        run_sum(client, 1)
        ready = (time.perf_counter() - start) * 1000
        used = processor_seconds(manager.provisioner.process.pid)
        repeated, distinct = [], []
        for k in range(cells):
            repeated.append(run_sum(client, 1))
            distinct.append(run_sum(client, 2 + k))
        time.sleep(linger)
        return {
            "start_ms": started,
            "first_ms": ready,
            "first_cpu_s": used,
            "repeated_ms": statistics.median(repeated),
            "distinct_ms": statistics.median(distinct),
        }
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


request = json.loads(sys.argv[1])
print(json.dumps(measure(request["argv"], request.get("env", {}), request.get("cells", 30), request.get("linger_s", 0))))
