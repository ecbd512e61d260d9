"""The tasks of a Kinfolk plan on Ray.

    python kinfolk_ray.py OUT [--address auto] [--cpus 2] [--kinfolk kinfolk]

OUT is the folder that `kinfolk cluster plan` made, on a file system that all nodes see.
Every task is a call of `kinfolk cluster work OUT --task ID`: a node that dies takes only the
tasks with it that it had, and Ray gives them to another. What is there already is skipped, so
the same line goes on where an earlier run stopped. A cluster that asks for a token takes it
from the environment, as Ray itself does.

An evolution or a sweep hands out its tasks as it goes, so workers must stay:

    python kinfolk_ray.py OUT --workers 8 [--gpus 1]

starts that many, each of which does free tasks until the run has ended. A worker whose node
dies is started anew elsewhere.
"""
import argparse
import json
import pathlib
import subprocess
import sys

import ray


def main():
    args = arguments()
    if args.workers:
        return stay(args)
    tasks = [json.loads(line) for line in (args.out / "manifest.jsonl").open()]
    parts = args.out / "parts"
    missing = [task for task in tasks if not (parts / task["id"]).exists()]
    ray.init(address=args.address, log_to_driver=False)

    # Spread, because a task reads files that no other task reads.
    @ray.remote(num_cpus=args.cpus, max_retries=args.retries, scheduling_strategy="SPREAD")
    def work(task_id):
        call = [args.kinfolk, "cluster", "work", str(args.out), "--task", task_id, "--wait"]
        call += ["--threads", str(max(1, int(args.cpus))), "--lease", str(args.lease)]
        done = subprocess.run(call, capture_output=True, text=True)
        return done.returncode, done.stderr.strip()

    waiting = {work.remote(task["id"]): task for task in missing}
    failed, done = [], len(tasks) - len(missing)
    while waiting:
        ready, _ = ray.wait(list(waiting), num_returns=1)
        task = waiting.pop(ready[0])
        try:
            code, error = ray.get(ready[0])
        except ray.exceptions.RayError as lost:
            code, error = 1, str(lost).splitlines()[0]
        if code:
            failed.append((task["id"], error))
        else:
            done += 1
        tell(args.out, done, len(tasks), len(failed))
    for task_id, error in failed:
        print(f"{task_id}: {error}", file=sys.stderr)
    return 1 if failed else subprocess.call([args.kinfolk, "cluster", "join", str(args.out)])


def stay(args):
    """Workers for a run whose tasks are not all known yet."""
    ray.init(address=args.address, log_to_driver=False)

    @ray.remote(num_cpus=args.cpus, num_gpus=args.gpus, max_retries=args.retries,
                scheduling_strategy="SPREAD")
    def worker():
        call = [args.kinfolk, "cluster", "work", str(args.out), "--wait"]
        call += ["--threads", str(max(1, int(args.cpus))), "--lease", str(args.lease)]
        done = subprocess.run(call, capture_output=True, text=True)
        return done.returncode, done.stderr.strip()

    waiting, failed, ended = [worker.remote() for _ in range(args.workers)], 0, 0
    while waiting:
        ready, waiting = ray.wait(waiting, num_returns=1)
        try:
            code, error = ray.get(ready[0])
        except ray.exceptions.RayError as lost:
            code, error = 1, str(lost).splitlines()[0]
        ended += 1
        failed += bool(code)
        if code:
            print(error, file=sys.stderr)
        tell(args.out, ended, args.workers, failed)
    return 1 if failed else 0


def tell(out, done, of, failed):
    """One line on the terminal, and the same in the folder for the window."""
    line = json.dumps({"engine": "ray", "done": done, "of": of, "failed": failed})
    (out / "driver.json.new").write_text(line + "\n")
    (out / "driver.json.new").replace(out / "driver.json")
    print(line, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description="The tasks of a Kinfolk plan on Ray.")
    parser.add_argument("out", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--address", help="of the cluster; a local one is started unless given")
    parser.add_argument("--cpus", type=float, default=2, help="of each task")
    parser.add_argument("--gpus", type=float, default=0, help="of each worker that stays")
    parser.add_argument("--workers", type=int, default=0, help="that stay, for an evolution")
    parser.add_argument("--retries", type=int, default=5)
    parser.add_argument("--lease", type=int, default=60, help="seconds until a lost task is free")
    parser.add_argument("--kinfolk", default="kinfolk", help="the program, on every node")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
