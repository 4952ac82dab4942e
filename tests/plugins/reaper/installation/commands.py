"""Installing and uninstalling as the tests do it, and the command line in this process."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from unmix_plugins.cli._main import app
from unmix_plugins.reaper.installation.install import Plan, carry_out, plan_install, plan_uninstall

CLIENT = ("/opt/unmix/bin/unmix",)
posix_only = pytest.mark.skipif(os.name == "nt", reason="links, modes and fake processes are of POSIX")


def unmix(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def install(folder: Path, scripts: Path, **options: bool) -> Plan:
    plan = plan_install(folder, CLIENT, scripts=scripts, **options)
    carry_out(plan)
    return plan


def uninstall(folder: Path, scripts: Path) -> Plan:
    plan = plan_uninstall(folder, scripts=scripts)
    carry_out(plan)
    return plan
