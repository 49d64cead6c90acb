# Validates run crates with roc-validator, without a network: its two JSON-LD contexts are put into its HTTP cache.
# Standard input: {"cache": PATH, "contexts": {URL: JSON}, "crates": [{"folder": PATH, "severity": "REQUIRED" | "RECOMMENDED"}]}.
# Standard output: for each crate {"passed": bool, "issues": [text]}.
import json
import subprocess
import sys

import requests
from requests_cache import CachedSession
from requests_cache.models import CachedRequest, CachedResponse

task = json.load(sys.stdin)
session = CachedSession(cache_name=task["cache"], backend="sqlite", expire_after=-1)
for url, context in task["contexts"].items():
    for accept in ({}, {"Accept": "application/ld+json, application/json"}, {"Accept": "application/ld+json, application/json;q=0.5"}):
        request = session.prepare_request(requests.Request("GET", url, headers=accept))
        body = json.dumps(context).encode()
        session.cache.save_response(CachedResponse(status_code=200, url=url, reason="OK", headers={"Content-Type": "application/ld+json"}, content=body, request=CachedRequest.from_request(request)), session.cache.create_key(request))
session.close()

answers = []
for crate in task["crates"]:
    command = [sys.executable, "-c", "from rocrate_validator.cli import cli; cli()", "validate", "--no-paging", "--offline", "--cache-path", task["cache"], "-p", "process-run-crate", "-l", crate["severity"].lower(), "-f", "json", crate["folder"]]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        report = json.loads(done.stdout[done.stdout.index("{"):])
    except ValueError:
        sys.exit(f"roc-validator answered no JSON ({done.returncode}): {done.stdout}\n{done.stderr}")
    answers.append({"passed": done.returncode == 0, "issues": [f'{issue["check"]["name"]}: {issue["message"]}' for issue in report.get("issues", [])]})
json.dump(answers, sys.stdout)
