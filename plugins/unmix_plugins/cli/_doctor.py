"""`unmix doctor`."""

from collections.abc import Iterable

import typer
from unmix.locations import state_folder

from unmix_plugins.checkup import Finding, check
from unmix_plugins.cli._parameters import AsJson
from unmix_plugins.cli._session import connect_if_running
from unmix_plugins.cli.shown.terminal import say, say_json


def doctor(*, as_json: AsJson = False) -> None:
    """Look for what is wrong, and say how to cure it; exits with 1 if anything is."""
    tell_findings(check(state_folder(), connect_if_running), as_json=as_json)


def tell_findings(found: Iterable[Finding], *, as_json: bool) -> None:
    """Print findings as they come, or all of them as JSON; exits with 1 if anything is wrong."""
    findings: list[Finding] = []
    for finding in found:
        findings.append(finding)
        if not as_json:
            say(f"{'✓' if finding.ok else '✗'} {finding.subject}: {finding.text}")
            if finding.cure:
                say(f"    → {finding.cure}")
    ok = all(finding.ok for finding in findings)
    if as_json:
        say_json({"ok": ok, "findings": findings})
    if not ok:
        raise typer.Exit(1)
