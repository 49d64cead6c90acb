"""What ipywidgets sends for the widgets that stdin describes: [[class, arguments, [[name, value], ...]], ...] -> lists of messages."""
import base64
import json
import sys

import comm
from comm.base_comm import BaseComm

sent = []


class Recorder(BaseComm):
    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        texts = [base64.b64encode(bytes(buffer)).decode() for buffer in buffers or []]
        sent.append({"type": msg_type, "id": self.comm_id, "data": data, "metadata": metadata or {}, "buffers": texts, "target": keys.get("target_name")})


comm.create_comm = lambda *args, **keys: Recorder(*args, **keys)

import ipywidgets  # noqa: E402 - after create_comm was replaced


def value(given):
    if isinstance(given, dict) and "base64" in given:
        return base64.b64decode(given["base64"])
    if isinstance(given, dict) and "widget" in given:
        return getattr(ipywidgets, given["widget"])(**given["arguments"])
    return [value(item) for item in given] if isinstance(given, list) else given


results = []
for name, arguments, changes in json.load(sys.stdin):
    sent.clear()
    widget = getattr(ipywidgets, name)(**{key: value(item) for key, item in arguments.items()})
    for key, changed in changes:
        setattr(widget, key, value(changed))
    results.append(list(sent))
json.dump({"version": ipywidgets.__version__, "results": results}, sys.stdout)
