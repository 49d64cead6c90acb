"""Starts one Jupyter kernel and times it: cold start to the kernel_info reply, then rounds of `1+1`.

argv[1] is JSON: {"argv": [...], "env": {...}, "cells": 30}. Prints {"start_ms", "cell_ms", "result"} as JSON.
Every kernel is driven by this client, so that ratios compare kernels alone.
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


def run_cell(client, code, deadline=120):
    start = time.perf_counter()
    text = wait_idle(client, client.execute(code), deadline)
    return (time.perf_counter() - start) * 1000, text


def measure(argv, env, cells):
    context = zmq.Context()
    context.setsockopt(zmq.RECONNECT_IVL, 2)
    context.setsockopt(zmq.LINGER, 0)
    manager = KernelManager(context=context, connection_file=os.path.join(tempfile.mkdtemp(), "connection.json"))
    manager._kernel_spec = KernelSpec(argv=argv, display_name="bench", language="any", interrupt_mode="message")
    start = time.perf_counter()
    manager.start_kernel(env={**os.environ, **env}, stdout=sys.stderr, stderr=sys.stderr)
    client = manager.client()
    try:
        client.start_channels()
        request = client.kernel_info()
        wait_reply(client, request, manager)
        started = (time.perf_counter() - start) * 1000
        wait_subscribed(client)
        run_cell(client, "1+1")
        ready = (time.perf_counter() - start) * 1000
        timings = []
        for _ in range(cells):
            elapsed, text = run_cell(client, "1+1")
            timings.append(elapsed)
        return {"start_ms": started, "first_ms": ready, "cell_ms": statistics.median(timings), "result": re.sub(r"\x1b\[\d*m", "", text or "").strip()}
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


request = json.loads(sys.argv[1])
print(json.dumps(measure(request["argv"], request.get("env", {}), request.get("cells", 30))))
