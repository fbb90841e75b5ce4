#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""document.py [REPORT-DIRECTORY] - put the tables of the last `make bench` into the documents

docs/performance.md gets the report as it is, README.md a few of its rows: what stands between
"<!-- bench -->" and "<!-- /bench -->" there. So a figure in them is what one run printed, on one
machine. Say beside the table which machine that was, and what else it did.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
from report import LABEL, load, ratio, rounded
from rows import ROWS

TOP = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
ENVIRONMENTS = ["native", "vitrine", "bwrap", "proot", "uml"]
# Rows of README.md, and what they are called there when rows.py says it too briefly
SHORT = {"getppid": "a system call (getppid)", "open+close": None, "untar": None, "ls": None, "gcc": None,
         "python3": "python3, from start to end", "redis-get": None,
         "start": "start a sandbox, run echo, end it", "memory-pss": "memory of an idle sandbox"}


def put(document, text):
    """Replace what stands between the marks"""
    path = os.path.join(TOP, document)
    with open(path, encoding="utf-8") as file:
        before, rest = file.read().split("<!-- bench -->\n", 1)
    after = rest.split("<!-- /bench -->", 1)[1]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}<!-- bench -->\n{text.strip()}\n<!-- /bench -->{after}")


def short(data):
    """The rows of README.md: native's times, and how many times as long the others take"""
    known = {row: (name, unit) for rows in ROWS.values() for row, name, unit in rows}
    out = ["| | " + " | ".join(f"**{e}**" if e == "vitrine" else LABEL.get(e, e)
                               for e in ENVIRONMENTS) + " |",
           "|---|" + "---:|" * len(ENVIRONMENTS)]
    for row, label in SHORT.items():
        name, unit = known[row]
        cells = []
        for environment in ENVIRONMENTS:
            value, times = data.get(("1", environment, row)), ratio(data, "1", environment, row)
            if value is None:
                cell = "-"
            elif environment == "native" or row in ("start", "memory-pss"):
                cell = f"{rounded(value / unit[0])} {unit[1]}"
            else:
                cell = f"{rounded(times)}x"
            cells.append(f"**{cell}**" if environment == "vitrine" else cell)
        out.append("| " + " | ".join([label or name] + cells) + " |")
    return "\n".join(out)


def main(arguments):
    """See the head"""
    directory = arguments[0] if arguments else os.path.join(TOP, "build", "bench")
    with open(os.path.join(directory, "report.md"), encoding="utf-8") as file:
        report = re.sub(r"\A# .*\n+", "", file.read())
    report = re.sub(r"^## ", "### ", report, flags=re.M)
    report = report.replace("](../../docs/benchmarks.md)", "](benchmarks.md)")
    put(os.path.join("docs", "performance.md"), report)
    put("README.md", short(load(os.path.join(directory, "raw.tsv"))))


main(sys.argv[1:])
