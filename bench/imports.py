"""What imports cost, each in a fresh process.

``python bench/imports.py once MODULE`` prints the CPU seconds of one import, ``... all < MODULES`` how long it takes to
import all modules of a list, those that this package has. Runs on ours and on the official package; imports no more.
"""

import json
import sys
from importlib import import_module
from time import perf_counter, process_time

if sys.argv[1] == "once":
    began = process_time()
    import_module(sys.argv[2])
    print(json.dumps({"seconds": process_time() - began}))
else:
    names = sys.stdin.read().split()
    found = 0
    began = perf_counter()
    for name in names:
        try:
            import_module(name)
            found += 1
        except ModuleNotFoundError:  # a module of another release
            pass
    print(json.dumps({"seconds": perf_counter() - began, "found": found}))
