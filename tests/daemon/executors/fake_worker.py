"""A worker that does with a run what the run's input says; it starts in no time.

done       answers
wait       beats, and waits for others
die        is killed
hang       beats, and makes no step
babble     says more than a line may hold
stop       stops as a whole, as by SIGSTOP

The ticket `deaf` cannot be cancelled.
"""

import json
import os
import signal
import sys
import threading
import time


def say(kind: str, **fields: object) -> None:
    sys.stdout.write(json.dumps({"kind": kind, **fields}) + "\n")
    sys.stdout.flush()


def beat(steps: list[int], at_work: list[str]) -> None:
    while True:
        say("Beat", steps=steps[0], at_work=at_work, longest=0.01)
        steps[0] += not at_work
        time.sleep(0.02)


def main() -> None:
    steps, at_work = [0], list[str]()
    for line in sys.stdin:
        command = json.loads(line)
        if command["kind"] == "Begin":
            say("Residents", models=[])
            threading.Thread(target=beat, args=(steps, at_work), daemon=True).start()
        if command["kind"] == "Cancel" and command["ticket"] != "deaf":
            say("Failed", ticket=command["ticket"], reason="CANCELLED", message="Cancelled.", facts={})
        match command.get("input"):
            case "done":
                say("Failed", ticket=command["ticket"], reason="INVALID_AUDIO", message="Done.", facts={})
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "hang":
                at_work.append(command["ticket"])
            case "babble":
                say("Failed", ticket=command["ticket"], reason="X", message="x" * (5 << 20), facts={})
            case "stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case _:
                pass


if __name__ == "__main__":
    main()
