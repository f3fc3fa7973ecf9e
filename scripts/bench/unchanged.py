"""Times index runs over folders that the index has as they are, in turns with find(1):

    python3 scripts/bench/unchanged.py FOLDER INDEX PROGRAM...

FOLDER has been indexed with --db INDEX before, and each PROGRAM is a build of indexer: several are
compared in the same turns. TURNS in the environment is how many there are (9).
Prints for each the median of the time that passed and that processors worked, and the
median of both over find's of the same turn. find asks for the size and date of each file too.
"""

import os
import resource
import statistics
import subprocess
import sys
import time


def timed(command):
    """Seconds that passed, and seconds that processors worked."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    passed, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return passed, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    folder, index, programs = sys.argv[1], sys.argv[2], sys.argv[3:]
    commands = {"find": ["find", folder, "-printf", "%p %s %T@\n"]}
    for program in programs:
        commands[program] = [program, "run", folder, "--db", index, "--progress", "none"]
    for command in commands.values():  # warm the caches
        timed(command)
    seen = {name: [] for name in commands}
    for _ in range(int(os.environ.get("TURNS", "9"))):
        for name, command in commands.items():
            seen[name].append(timed(command))
    for name, runs in seen.items():
        print(name)
        for i, what in enumerate(("passed", "worked")):
            ms = 1000 * statistics.median(r[i] for r in runs)
            ratio = statistics.median(r[i] / f[i] for r, f in zip(runs, seen["find"]))
            print(f"  {what} {ms:.0f} ms, {ratio:.2f} of find")
    print("load", *(f"{x:.1f}" for x in os.getloadavg()))


if __name__ == "__main__":
    main()
