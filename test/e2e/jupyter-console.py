"""Drives `jupyter console` as a person at a terminal does. Prints what each step showed, as JSON."""
import json
import os
import sys

import pexpect

patience = 120
child = pexpect.spawn(sys.executable, ["-m", "jupyter_console", "--kernel", "potstill", "--simple-prompt"], encoding="utf8", timeout=patience, env=os.environ, dimensions=(40, 200))
steps = {}


def run(name, line, pattern):
    child.sendline(line)
    child.expect(pattern)
    steps[name] = child.before + child.after


child.expect(r"In \[1\]: ")
steps["banner"] = child.before
run("result", "[1, 2, 3].map((n) => n * n)", r"\[ 1, 4, 9 \]")
child.expect(r"In \[2\]: ")
child.sendline("(await input('Name: ')).toUpperCase()")
child.expect("Name: ")
run("input", "Ada", "'ADA'")
child.expect(r"In \[3\]: ")
run("type error", "const n: number = 'text'", "TS2322[^\r\n]*")
child.expect(r"In \[4\]: ")
run("loop", "console.log('begun'.toUpperCase()); while (true) {}", "BEGUN")
child.sendintr()
child.expect("InterruptedError")
steps["interrupted"] = child.after
child.expect(r"In \[5\]: ")
run("alive", "20 + 22", r"\b42\b")
child.expect(r"In \[6\]: ")
child.sendeof()
if child.expect([pexpect.EOF, r"\[y\]/n"]) == 1:
    child.sendline("y")
    child.expect(pexpect.EOF)
child.close()
steps["exit"] = child.exitstatus
json.dump(steps, sys.stdout)
