"""Unpacks chosen members of wheels into a folder: unpack.py PLAN.json FOLDER.

PLAN is a list of {path, take, skip}; a member is taken when its name starts with one of `take` and contains none of
`skip`. Members are streamed (the largest is 800 MB). Prints "total BYTES", then "done BYTES" as it goes.
"""
import json
import os
import sys
import zipfile


def chosen(archive, plan):
    for member in archive.infolist():
        name = member.filename
        if member.is_dir() or not name.startswith(tuple(plan["take"])):
            continue
        if any(part in name for part in plan["skip"]):
            continue
        if name.startswith("/") or ".." in name.split("/"):
            raise ValueError("member with an unsafe name: %r" % name)
        yield member


def main(plans, folder):
    archives = [(zipfile.ZipFile(plan["path"]), plan) for plan in plans]
    members = [(archive, member) for archive, plan in archives for member in chosen(archive, plan)]
    print("total", sum(member.file_size for _, member in members), flush=True)
    done = reported = 0
    for archive, member in members:
        target = os.path.join(folder, member.filename)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(member) as source, open(target, "wb") as sink:
            while True:
                block = source.read(1 << 20)
                if not block:
                    break
                sink.write(block)
                done += len(block)
                if done - reported > 16 << 20:
                    print("done", done, flush=True)
                    reported = done
        mode = (member.external_attr >> 16) & 0o777
        if mode:
            os.chmod(target, mode | 0o600)
    print("done", done, flush=True)


if __name__ == "__main__":
    try:
        with open(sys.argv[1], encoding="utf-8") as plan_file:
            main(json.load(plan_file), sys.argv[2])
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        sys.exit("%s: %s" % (type(error).__name__, error))
