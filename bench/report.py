#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""report.py RAW DIRECTORY - make report.md and report.svg of what bench/run collected

A value is the median of its repetitions. A ratio is to native with as many CPUs; less is better in
every row. The SVG shows the ratios of the first pass on a logarithmic scale.
"""
import math
import os
import platform
import statistics
import sys
from collections import defaultdict

sys.dont_write_bytecode = True
from rows import AHEAD_OF_PROOT, AIMS, ENVIRONMENTS, ROWS

COLOUR = {"vitrine": "#1f6feb", "proot": "#d29922", "uml": "#cf222e", "vitrine-emulate": "#8250df", "bwrap": "#8c959f"}
LABEL = {"vitrine-smp": "vitrine --cpus 2", "vitrine-emulate": "vitrine, emulated",
         "uml": "user-mode-linux", "bwrap": "bubblewrap"}


def load(path):
    """(cpus, environment, row) -> median"""
    samples = defaultdict(list)
    with open(path, encoding="utf-8") as f:
        for line in f:
            environment, cpus, row, value = line.rstrip("\n").split("\t")
            samples[cpus, environment, row].append(float(value))
    return {key: statistics.median(values) for key, values in samples.items()}


def rounded(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio(data, cpus, environment, row):
    value, native = data.get((cpus, environment, row)), data.get((cpus, "native", row))
    return value / native if value and native else None


def cell(data, cpus, environment, row, unit):
    value = data.get((cpus, environment, row))
    if value is None:
        return "-"
    text = f"{rounded(value / unit[0])} {unit[1]}"
    times = ratio(data, cpus, environment, row)
    absolute = environment == "native" or row.startswith("memory") or times is None
    return text if absolute else f"**{rounded(times)}** ({text})"


def table(data, cpus, environments):
    environments = [e for e in environments if any(key[:2] == (cpus, e) for key in data)]
    out = ["| | " + " | ".join(LABEL.get(e, e) for e in environments) + " |",
           "|---|" + "---:|" * len(environments)]
    for group, rows in ROWS.items():
        lines = ["| " + " | ".join([name] + [cell(data, cpus, e, row, unit) for e in environments]) + " |"
                 for row, name, unit in rows if (cpus, "vitrine", row) in data or
                 (cpus, "native", row) in data]
        if lines:
            out += ["| *" + group + "* |" + " |" * len(environments)] + lines
    return out


def unit_of(row):
    return next(unit for rows in ROWS.values() for name, _, unit in rows if name == row)


def aims(data, cpus):
    for row, base, limit in AIMS:
        value = data.get((cpus, "vitrine", row))
        if base is None:
            against, what = 1, unit_of(row)[1]
            value = value and value / unit_of(row)[0]
        elif base == "native":
            against, what = data.get((cpus, "native", row)), "x native"
        else:
            against, what = data.get((cpus, "host", base)), "x the bare notification"
        if value and against:
            yield row, f"{rounded(value / against)} {what}", f"{limit} {what}", value / against <= limit
    for other, wanted in (("uml", None), ("proot", AHEAD_OF_PROOT)):
        for rows in ROWS.values():
            for row, _, _ in rows:
                mine, its = data.get((cpus, "vitrine", row)), data.get((cpus, other, row))
                if mine and its and (wanted is None or row in wanted) and not row.startswith("memory"):
                    yield (row, f"{rounded(mine / its)} x {LABEL.get(other, other)}",
                           f"1 x {LABEL.get(other, other)}", mine < its)


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        return next((line.split(":")[1].strip() for line in f if line.startswith("model name")), "?")


def markdown(data, environments):
    out = ["# Benchmark", "",
           f"{cpu_model()}, {os.cpu_count()} CPUs, Linux {platform.release()}. Ratios to native in bold, "
           "medians; less is better. [How it is measured](../../docs/benchmarks.md).", ""]
    for cpus in ("1", "2"):
        if not any(key[0] == cpus for key in data):
            continue
        out += [f"## {'One CPU' if cpus == '1' else 'Two CPUs'}", ""]
        bare = data.get((cpus, "host", "notify-bare"))
        if bare:
            out += [f"Bare seccomp notification round trip: {bare:.0f} ns.", ""]
        out += table(data, cpus, environments) + [""]
        judged = list(aims(data, cpus))
        missed = [f"| {row} | {value} | {aim} |" for row, value, aim, met in judged if not met]
        if judged:
            out += [f"Aims met: {len(judged) - len(missed)} of {len(judged)}.", ""]
        if missed:
            out += ["| missed | is | aim |", "|---|---:|---:|"] + missed + [""]
    return "\n".join(out)


def bar(x0, x1, y, height, colour, title):
    return (f'<rect x="{min(x0, x1):.1f}" y="{y:.1f}" width="{max(abs(x1 - x0), 1):.1f}" '
            f'height="{height}" fill="{colour}"><title>{title}</title></rect>')


def chart(data, environments):
    """Bars to the right of 1 are slower than native, to the left faster"""
    others = [e for e in environments if e != "native" and any(key[:2] == ("1", e) for key in data)]
    left, width, height = 260, 560, 7
    lines = []
    for group, rows in ROWS.items():
        rows = [(row, name) for row, name, _ in rows
                if not row.startswith("memory") and ratio(data, "1", "vitrine", row)]
        if rows:
            lines += [(None, group)] + rows
    ratios = [ratio(data, "1", e, row) for row, _ in lines for e in others if row]
    low = min([math.log10(r) for r in ratios if r] + [-0.5])
    high = max([math.log10(r) for r in ratios if r] + [1])

    def x(value):
        return left + (math.log10(value) - low) / (high - low) * width

    out, y = [], 50
    for row, name in lines:
        if row is None:
            y += 8
            out.append(f'<text x="10" y="{y + 10}" font-weight="bold">{name}</text>')
            y += 18
            continue
        out.append(f'<text x="20" y="{y + len(others) * height / 2 + 4}">{name}</text>')
        for environment in others:
            times = ratio(data, "1", environment, row)
            if times:
                out.append(bar(x(1), x(times), y, height - 1, COLOUR[environment],
                               f"{LABEL.get(environment, environment)}: {rounded(times)}"))
            y += height
        y += 6
    grid = []
    for power in range(math.ceil(low), math.floor(high) + 1):
        at = x(10 ** power)
        grid.append(f'<line x1="{at:.1f}" y1="44" x2="{at:.1f}" y2="{y}" '
                    f'stroke="{"#57606a" if power == 0 else "#d0d7de"}"/>'
                    f'<text x="{at:.1f}" y="40" text-anchor="middle">{10 ** power:g}x</text>')
    legend = "".join(
        f'<rect x="{left + i * 140}" y="8" width="12" height="12" fill="{COLOUR[e]}"/>'
        f'<text x="{left + i * 140 + 18}" y="18">{LABEL.get(e, e)}</text>' for i, e in enumerate(others))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 40}" height="{y + 20}" '
            f'font-family="sans-serif" font-size="12" fill="#24292f"><rect width="100%" height="100%" '
            f'fill="white"/><text x="10" y="18" font-weight="bold">Time, native = 1, one CPU</text>'
            f'{legend}{"".join(grid)}{"".join(out)}</svg>\n')


def main():
    raw, directory = sys.argv[1:3]
    data = load(raw)
    environments = [e for e in ENVIRONMENTS if any(key[1] == e for key in data)]
    text = markdown(data, environments)
    with open(os.path.join(directory, "report.md"), "w", encoding="utf-8") as f:
        f.write(text + "\n")
    with open(os.path.join(directory, "report.svg"), "w", encoding="utf-8") as f:
        f.write(chart(data, environments))
    print(text)


if __name__ == "__main__":
    main()
