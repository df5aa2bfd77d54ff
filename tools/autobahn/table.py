"""What the suite found, a line for each of its sections and one for each case that is not good."""

SECTIONS = {
    "1": "framing",
    "2": "pings and pongs",
    "3": "reserved bits",
    "4": "opcodes",
    "5": "fragments",
    "6": "UTF-8",
    "7": "closing",
    "9": "limits and speed",
    "10": "cut by the sender",
    "12": "permessage-deflate",
    "13": "its parameters",
}
GOOD = ("OK", "INFORMATIONAL")
COLUMNS = ["cases", "OK", "INFORMATIONAL", "NON-STRICT", "UNIMPLEMENTED", "FAILED", "UNCLEAN"]


def is_good(result):
    """The suite itself lets NON-STRICT pass as well."""
    return result.behavior.value in GOOD and result.behavior_close.value in GOOD


def column(result):
    """Where a case is counted: in one column, by what was exchanged before by how it was closed."""
    behavior = result.behavior.value
    if behavior in GOOD and not is_good(result):
        return "UNCLEAN"
    return behavior if behavior in COLUMNS else "FAILED"


class Table:
    def __init__(self, wanted, results):
        self.results = results
        seen = {result.case_id for result in results}
        self.missing = [case for case in wanted if case not in seen]
        self.rows = {case.split(".")[0]: dict.fromkeys(COLUMNS, 0) for case in wanted}
        for result in results:
            self.rows[result.case_id.split(".")[0]][column(result)] += 1
        for case in wanted:
            self.rows[case.split(".")[0]]["cases"] += 1

    def print(self):
        print(f"{'section':<24}" + "".join(f"{name:>15}" for name in COLUMNS))
        for section, counts in self.rows.items():
            name = f"{section:>2} {SECTIONS.get(section, '')}"
            line = f"{name:<24}" + "".join(f"{counts[name] or '':>15}" for name in COLUMNS)
            print(line.rstrip())
        for result in self.results:
            if not is_good(result):
                print(told(result))
        if self.missing:
            print(f"{len(self.missing)} have no result, the first of them {self.missing[0]}")


def told(result):
    code = f", code {result.remote_close_code}" if result.remote_close_code else ""
    close = f"close {result.behavior_close.value} ({result.result_close}{code})"
    return f"{result.case_id}: {result.behavior.value} ({result.result}); {close}"
