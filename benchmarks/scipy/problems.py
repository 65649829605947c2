#!/usr/bin/python3
"""Solves the named test problems by the solvers of SciPy's optimize.root and fixed_point.

The maps are not written here a second time: the benchmark program evaluates them ("maps", over a pipe), so that both sides solve the
same equations. Evaluations are counted here, and whether a solve is done is judged here after every evaluation, by the rule of
`implicitnet solve`: ||map(u) - u|| <= tolerance ||u|| + tolerance / 1000. SciPy's own flags and tolerances decide nothing.

    dotnet build -c Release
    implicitnet solve --problem all --json | tail -n 1 > ours.json
    /usr/bin/python3 benchmarks/scipy/problems.py --ours ours.json --json scipy.json
"""

import argparse
import json
import math
import subprocess
import sys
import warnings

try:
    import numpy
    import scipy
    from scipy import optimize
except ImportError as missing:
    print(f"skipped: {missing}. Debian's package python3-scipy has it, for /usr/bin/python3.")
    sys.exit(0)

SERVER = ["dotnet", "run", "--no-build", "-c", "Release", "--project", "benchmarks/ImplicitNet.Benchmarks", "--", "maps"]
ROOT = ["hybr", "lm", "broyden1", "broyden2", "anderson", "linearmixing", "diagbroyden", "excitingmixing", "krylov", "df-sane"]
FIXED_POINT = ["del2", "iteration"]

# A solver may come back from a map that overflows, but not from this many in a row.
NOT_FINITE = 20


class Done(Exception):
    """The solve is at an end: within the tolerance, or beyond the limit."""


class Maps:
    """The problems, evaluated by the benchmark program."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()
        if not first.startswith("["):
            sys.exit(f"'{' '.join(command)}' serves no maps: build the benchmarks first.")
        self.problems = json.loads(first)

    def ask(self, kind, name, sample, latent):
        self.process.stdin.write(f"{kind} {name} {sample} {' '.join(repr(float(x)) for x in latent)}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if len(answer) != (len(latent) if kind == "map" else 2):
            # Not an Exception: what the solvers raise is caught, and this is no fault of theirs.
            raise SystemExit(f"the server of maps ended at {kind} {name} {sample}")
        return numpy.array([float(word) for word in answer])


class Solve:
    """One solve in progress: counts evaluations, and ends it by an exception as soon as it is judged."""

    def __init__(self, maps, name, sample, tolerance, limit):
        self.maps, self.name, self.sample, self.tolerance, self.limit = maps, name, sample, tolerance, limit
        self.evaluations, self.not_finite, self.solved, self.error, self.raised = 0, 0, False, None, None

    def map(self, latent):
        latent = numpy.asarray(latent, dtype=float).ravel()
        if self.evaluations >= self.limit or self.not_finite >= NOT_FINITE:
            raise Done
        self.evaluations += 1
        finite = numpy.isfinite(latent).all()
        mapped = self.maps.ask("map", self.name, self.sample, latent) if finite else numpy.full_like(latent, math.nan)
        residual, size = numpy.linalg.norm(mapped - latent), numpy.linalg.norm(latent)
        self.not_finite = 0 if math.isfinite(residual) else self.not_finite + 1
        if math.isfinite(residual) and math.isfinite(size) and residual <= self.tolerance * size + self.tolerance / 1000:
            self.solved = True
            self.error = self.maps.ask("error", self.name, self.sample, latent)
            raise Done
        return mapped

    def residual(self, latent):
        # SciPy's quasi-Newton methods step along +F first, which for this sign is a step of the plain iteration.
        return self.map(latent) - numpy.asarray(latent, dtype=float).ravel()


def run(solver, solve, start):
    """By a solver whose own tolerances are out of reach, so that only the judgement above ends it."""
    many = solve.limit
    try:
        if solver in FIXED_POINT:
            optimize.fixed_point(solve.map, start, xtol=1e-300, maxiter=many, method=solver)
        else:
            options = {
                "hybr": {"xtol": 0.0, "maxfev": many},
                "lm": {"xtol": 0.0, "ftol": 0.0, "gtol": 0.0, "maxiter": many},
                "df-sane": {"fatol": 0.0, "ftol": 0.0, "maxfev": many},
            }.get(solver, {"fatol": 1e-300, "maxiter": many})
            optimize.root(solve.residual, start, method=solver, options=options)
    except Done:
        pass
    except Exception as failure:  # A singular matrix, an overflow, no convergence: whatever it says, it is not solved.
        solve.raised = f"{type(failure).__name__}: {str(failure)[:80]}"


def measure(maps, solvers, tolerance, limit, keep):
    results = {}
    for solver in solvers:
        rows = []
        for problem in maps.problems:
            solves = []
            for sample in range(problem["samples"]):
                solve = Solve(maps, problem["name"], sample, tolerance, limit)
                run(solver, solve, numpy.array(problem["start"], dtype=float))
                error = None if solve.error is None or math.isnan(solve.error[0]) else solve.error[0]
                solves.append(
                    {"solved": solve.solved, "evaluations": solve.evaluations, "error": error, "raised": solve.raised})
            rows.append({"name": problem["name"], "solves": solves})
        results[solver] = rows
        keep(results)
        print(f"{solver} done", file=sys.stderr)
    return results


def within(solve, limit):
    return solve["solved"] and solve["evaluations"] <= limit


def totals(rows, limit):
    solves = [solve for row in rows for solve in row["solves"]]
    return (
        sum(all(within(solve, limit) for solve in row["solves"]) for row in rows),
        sum(within(solve, limit) for solve in solves),
        sum(min(solve["evaluations"], limit) for solve in solves),
    )


def table(results, limit):
    lines = [f"{'problem':<20} " + " ".join(f"{solver:>{max(7, len(solver))}}" for solver in results)]
    for index, row in enumerate(next(iter(results.values()))):
        cells = []
        for solver, rows in results.items():
            solves = rows[index]["solves"]
            count = sum(within(solve, limit) for solve in solves)
            whole = str(sum(solve["evaluations"] for solve in solves))
            cells.append((whole if count == len(solves) else f"{count} of {len(solves)}").rjust(max(7, len(solver))))
        lines.append(f"{row['name']:<20} {' '.join(cells)}")
    return "\n".join(lines)


def summary(results, ours, limits):
    samples = sum(len(row["solves"]) for row in next(iter(results.values())))
    problems = len(next(iter(results.values())))
    lines = [f"| solver | at most | solved of {problems} | samples of {samples} | evaluations |", "|---|---|---|---|---|"]
    for solver in (ours or {}).get("solvers", []):
        lines.append(
            f"| {solver['name']} | {ours['maxSteps']:,} steps | {solver['solved']} | {solver['converged']} | {solver['evaluations']:,} |")
    for solver, rows in results.items():
        for limit in limits:
            solved, converged, evaluations = totals(rows, limit)
            lines.append(f"| SciPy {solver} | {limit:,} evaluations | {solved} | {converged} | {evaluations:,} |")
    return "\n".join(lines)


def differences(results, ours, limit):
    """Which problems only one side solves: any solver of SciPy's, and the chain of ours."""
    theirs = {row["name"] for rows in results.values() for row in rows if all(within(solve, limit) for solve in row["solves"])}
    chain = {
        problem["name"] for problem in ours["problems"]
        if next(cell for cell in problem["solvers"] if cell["name"] == "chain")["solved"]
    }
    return (
        f"solved by SciPy within {limit:,} and not by the chain: {', '.join(sorted(theirs - chain)) or 'none'}\n"
        f"solved by the chain and by no solver of SciPy's within {limit:,}: {', '.join(sorted(chain - theirs)) or 'none'}")


def strangers(results):
    """Answers within the tolerance that are far from what is known: at infinity, say."""
    far = [
        f"{solver} {row['name']} sample {sample}: {solve['error']:.3g}"
        for solver, rows in results.items() for row in rows for sample, solve in enumerate(row["solves"])
        if solve["solved"] and solve["error"] is not None and solve["error"] > 0.01
    ]
    return f"within the tolerance, but more than 0.01 from what is known: {'; '.join(far) or 'none'}"


def main():
    parser = argparse.ArgumentParser(description="The named test problems by SciPy's solvers.")
    parser.add_argument("--limits", default="500,5000", help="evaluations of a sample at most; the largest is run, the others are read off it")
    parser.add_argument("--tolerance", type=float, default=1e-8)
    parser.add_argument("--solvers", default=",".join(ROOT + FIXED_POINT))
    parser.add_argument("--problems", help="only these, with commas")
    parser.add_argument("--ours", help="the last line of 'implicitnet solve --problem all --json', to stand in the same table")
    parser.add_argument("--json", help="a file for every solve; after each solver it is written anew")
    parser.add_argument("--server", help="a command that serves the maps, instead of the built benchmark program")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    numpy.seterr(all="ignore")
    limits = sorted(int(limit) for limit in arguments.limits.split(","))
    solvers = arguments.solvers.split(",")
    unknown = sorted(set(solvers) - set(ROOT + FIXED_POINT))
    if unknown:
        parser.error(f"SciPy has no solver {', '.join(unknown)} here; there are {', '.join(ROOT + FIXED_POINT)}")
    ours = None
    if arguments.ours:
        with open(arguments.ours, encoding="utf-8") as file:
            ours = json.load(file)
        if arguments.problems or ours["tolerance"] != arguments.tolerance:
            parser.error(f"--ours is of all problems at a tolerance of {ours['tolerance']:g}: leave --problems out, and give that --tolerance")
    maps = Maps(arguments.server.split() if arguments.server else SERVER)
    if arguments.problems:
        maps.problems = [problem for problem in maps.problems if problem["name"] in arguments.problems.split(",")]

    def keep(results):
        if arguments.json:
            head = {"scipy": scipy.__version__, "numpy": numpy.__version__, "tolerance": arguments.tolerance, "limit": limits[-1]}
            with open(arguments.json, "w", encoding="utf-8") as file:
                json.dump({**head, "results": results}, file)

    results = measure(maps, solvers, arguments.tolerance, limits[-1], keep)
    for limit in limits:
        print(f"At most {limit:,} evaluations of a sample:\n\n{table(results, limit)}\n")
    print(f"SciPy {scipy.__version__}, numpy {numpy.__version__}, tolerance {arguments.tolerance:g}\n\n{summary(results, ours, limits)}\n")
    print(strangers(results))
    for limit in limits if ours else []:
        print(differences(results, ours, limit))


if __name__ == "__main__":
    main()
