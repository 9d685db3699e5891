#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""check.py RULE PATH: prints the complaints of one rule of house.py; the exit status says whether there were any."""
import sys

import house

RULES = {
    "arrows": house.check_arrows,
    "links": house.check_links,
    "heart": house.check_heart,
    "blocking": house.check_blocking,
    "files": house.check_files,
    "functions": house.check_functions,
    "program": house.check_program,
}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in RULES:
        sys.exit(f"usage: check.py {'|'.join(RULES)} PATH")
    complaints = RULES[sys.argv[1]](sys.argv[2])
    for complaint in complaints:
        print(complaint)
    sys.exit(1 if complaints else 0)


main()
