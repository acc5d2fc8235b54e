# SPDX-License-Identifier: Apache-2.0
"""False alarms: honest files of every kind, made for this alone."""

from steganalysis import carriers, runs

# Seeds of this section; every other one counts from 0.
FIRST_SEED = 1_000_000


def table(bench, size):
    count = size.honest or (20 if size.quick else 70)
    lines = ["| honest files | files | message read | other alarm | explained as |", "|---|---|---|---|---|"]
    total = messages = alarms = 0
    for number, kind in enumerate(carriers.KINDS):
        def one(seed, kind=kind):
            return bench.report(carriers.content_of(carriers.carrier(kind, 24000 if seed % 10 else 120000, seed)))[0]
        reports = bench.map(one, [FIRST_SEED + 10_000 * number + i for i in range(count)])
        read = [report for report in reports if report["verdict"] == "message"]
        other = [report for report in reports if runs.is_alarm(report) and report["verdict"] != "message"]
        for report in read + other:
            print(f"  {kind}: {runs.said(report)} {[(p['title'], p['p_value'], p['layout']) for p in report['payloads']]}", flush=True)
        explained = sorted({e["id"] for report in reports for e in report["explanations"]})
        lines.append(f"| {kind} | {count} | {len(read)} | {len(other)} | {', '.join(explained)} |")
        total, messages, alarms = total + count, messages + len(read), alarms + len(other)
    lines.append(f"| **all** | {total} | {messages} | {alarms} | |")
    return lines
