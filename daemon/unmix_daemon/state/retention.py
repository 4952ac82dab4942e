"""How long finished jobs have been kept: in seconds in which a daemon ran and was awake, written down as they pass.

What the wall clock says would not do. It is set, by people and by the network after a start with an empty battery, and
25 hours at once deleted results that nobody had fetched; Kubernetes warns of the same where it deletes finished jobs
("sensitive to time skew", kubernetes.io, Automatic Cleanup for Finished Jobs). Time in which no daemon ran counts for
nothing, as only the wall clock knows it: results stay a little longer then, and none goes too early.
"""

import sqlite3

from unmix_daemon.state.rows import UNFINISHED


def expired(db: sqlite3.Connection, passed: float, retention: float) -> tuple[str, ...]:
    """Let `passed` seconds pass; return the jobs that have been finished for `retention` seconds.

    A job is as old as the look that found it finished. One that was taken up again is as new as its new end.
    """
    (now,) = db.execute("UPDATE awake SET seconds = seconds + ? RETURNING seconds", (passed,)).fetchone()
    db.execute(
        "UPDATE jobs SET kept_since = ?, kept_end = ended WHERE state NOT IN (?, ?) AND kept_end IS NOT ended",
        (now, *UNFINISHED),
    )
    found = db.execute(
        "SELECT job_id FROM jobs WHERE state NOT IN (?, ?) AND ? - kept_since >= ?",
        (*UNFINISHED, now, retention),
    )
    return tuple(row["job_id"] for row in found)
