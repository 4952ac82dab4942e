"""The stand-in runs scripts as REAPER does, and notes what they must not do."""

import sys
import threading
import time
from pathlib import Path

import pytest
from daemons import eventually
from fake_reaper.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_deferred_code_runs_in_the_main_of_the_script(desk: Desk) -> None:
    desk.run(
        """
        count = 0
        def tick():
            global count
            count += 1
            if count < 3:
                RPR_defer("tick()")
            else:
                RPR_ShowConsoleMsg("%d %s" % (count, __name__))
        RPR_defer("tick()")
        """
    )
    assert desk.reaper.messages == []
    desk.reaper.step(2)
    assert desk.reaper.scripts
    desk.reaper.step()
    assert desk.reaper.messages == ["3 __main__"]
    assert not desk.reaper.scripts


def test_code_deferred_in_a_round_runs_in_the_next(desk: Desk) -> None:
    desk.run("RPR_defer(\"RPR_ShowConsoleMsg('one'); RPR_defer('RPR_ShowConsoleMsg(2)')\")")
    desk.reaper.step()
    assert desk.reaper.messages == ["one"]


def test_functions_are_in_reaper_python_and_defer_only_in_main(desk: Desk) -> None:
    (desk.folder / "other.py").write_text(
        "import __main__\ndef look():\n    return 'RPR_defer' in globals(), hasattr(__main__, 'RPR_defer')\n"
    )
    desk.run(
        f"""
        import reaper_python, sys
        sys.path.insert(0, {str(desk.folder)!r})
        import other
        RPR_ShowConsoleMsg(repr((hasattr(reaper_python, "RPR_defer"), other.look())))
        """
    )
    assert desk.reaper.messages == ["(False, (False, True))"]
    assert desk.reaper.problems == []


def test_what_a_script_imports_stays_imported_there_and_nowhere_else(desk: Desk) -> None:
    (desk.folder / "beside.py").write_text("value = 1\n")
    code = f"import sys; sys.path.insert(0, {str(desk.folder)!r}); import beside"
    desk.run(code + "; beside.value += 1")
    assert "beside" not in sys.modules
    assert desk.run(code + "; RPR_ShowConsoleMsg(beside.value)") == ["2"]


def test_separate_interpreters_share_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, separate_interpreters=True)
    desk.run("left = 1")
    assert desk.run("RPR_ShowConsoleMsg('left' in globals())") == ["False"]


def test_one_main_is_shared_by_all_scripts(desk: Desk) -> None:
    desk.run("left = 1", "one.py")
    assert desk.run("RPR_ShowConsoleMsg(left)", "other.py") == ["1"]


def test_a_script_knows_neither_its_file_nor_arguments_and_has_no_console(desk: Desk) -> None:
    desk.run(
        """
        import sys
        RPR_ShowConsoleMsg(repr(("__file__" in globals(), hasattr(sys, "argv"), sys.stdout, sys.stderr)))
        """
    )
    assert desk.reaper.messages == ["(False, False, None, None)"]
    assert sys.argv


def test_a_script_may_know_its_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path, knows_file=True)
    assert desk.run("import sys; RPR_ShowConsoleMsg(__file__ + sys.argv[0])") == [f"{tmp_path}/script.py" * 2]


def test_a_file_that_is_not_ascii_does_not_run(desk: Desk) -> None:
    (desk.folder / "script.py").write_text("# Größe\n", encoding="utf-8")
    with pytest.raises(UnicodeDecodeError):
        desk.reaper.run_script(desk.folder / "script.py")


@pytest.mark.parametrize("what", ["lambda: None", "1", "None"])
def test_only_text_can_be_deferred(desk: Desk, what: str) -> None:
    desk.run(f"RPR_defer({what})")
    assert "TypeError: RPR_defer() takes a string of code" in desk.reaper.problems[0]


def test_code_for_the_exit_runs_when_nothing_is_deferred_any_more(desk: Desk) -> None:
    desk.run("RPR_atexit(\"RPR_ShowConsoleMsg('bye')\"); RPR_defer('pass')")
    assert desk.reaper.messages == []
    desk.reaper.step()
    assert desk.reaper.messages == ["bye"]


def test_code_for_the_exit_runs_when_the_user_ends_the_script(desk: Desk) -> None:
    desk.run("RPR_atexit(\"RPR_ShowConsoleMsg('bye')\"); RPR_defer('RPR_defer(1)')")
    desk.reaper.exit()
    assert desk.reaper.messages == ["bye"]
    assert desk.reaper.problems == []


def test_a_script_that_raises_ends(desk: Desk) -> None:
    desk.run("RPR_atexit(\"RPR_ShowConsoleMsg('bye')\"); RPR_defer('pass'); 1 / 0")
    assert "ZeroDivisionError" in desk.reaper.problems[0]
    assert desk.reaper.messages == ["bye"]
    assert not desk.reaper.scripts


@pytest.mark.parametrize("code", ["import sys; sys.exit()", "raise SystemExit(0)", "quit()"])
def test_a_system_exit_that_escapes_is_a_problem(desk: Desk, code: str) -> None:
    desk.run(code if "quit" not in code else "from builtins import SystemExit as quit\nraise quit()")
    assert desk.reaper.problems == ["SystemExit escaped from the script: REAPER quits."]


def test_a_script_that_never_ends_is_told(desk: Desk) -> None:
    desk.run("again = 'RPR_defer(again)'; RPR_defer(again)")
    with pytest.raises(TimeoutError):
        desk.reaper.run_until_idle(0.1)


def test_a_script_can_run_twice_at_once(desk: Desk) -> None:
    code = "RPR_atexit(\"RPR_ShowConsoleMsg('bye')\"); RPR_defer('pass')"
    desk.run(code)
    desk.run(code)
    assert len(desk.reaper.scripts) == 2
    desk.reaper.run_until_idle()
    assert desk.reaper.messages == ["bye", "bye"]


def test_how_long_the_window_stood_still_is_measured(tmp_path: Path) -> None:
    desk = Desk(tmp_path, string_cost=100.0)  # seconds, beside which a busy machine's own do not count
    desk.run("RPR_defer('pass'); RPR_GetProjectPathEx(0, '', 512); RPR_EnumProjects(-1, '', 512)")
    desk.reaper.step()
    assert 200 < desk.reaper.blocked[0] < 290
    assert 0 < desk.reaper.blocked[1] < 50
    assert desk.reaper.runs[1].code == "pass"


@pytest.mark.parametrize(
    "code",
    [
        "import numpy",
        "from numpy import array",
        "import grpc",
        "import importlib; importlib.import_module('soundfile')",
        "__import__('unmix_plugins')",
        "import pytest",
    ],
)
def test_foreign_imports_are_refused_even_if_a_test_has_them(desk: Desk, code: str) -> None:
    desk.run(
        f"try:\n    {code}\nexcept ImportError:\n    RPR_ShowConsoleMsg('refused')".replace(
            "\n    ", "\n        "
        )
    )
    assert desk.reaper.messages == ["refused"]
    assert "inside REAPER" in desk.reaper.problems[0]


def test_the_standard_library_may_import_what_it_likes(desk: Desk) -> None:
    desk.run("import sysconfig; sysconfig._CONFIG_VARS = None; sysconfig.get_config_vars()")
    assert desk.reaper.problems == []


def test_the_standard_library_is_allowed(desk: Desk) -> None:
    desk.run("import json, os.path, subprocess, tempfile, uuid, ctypes, wave, sqlite3, logging.handlers")
    assert desk.reaper.problems == []


@pytest.mark.parametrize(
    "code",
    [
        "import threading; threading.Thread(target=print).start()",
        "import _thread; _thread.start_new_thread(print, ())",
        "import threading; threading.Timer(9, print).start()",
        "from concurrent.futures import ThreadPoolExecutor; ThreadPoolExecutor().submit(print)",
    ],
)
def test_threads_are_refused(desk: Desk, code: str) -> None:
    desk.run(f"try:\n        {code}\nexcept RuntimeError:\n        RPR_ShowConsoleMsg('refused')")
    assert desk.reaper.messages == ["refused"]
    assert desk.reaper.problems == ["The script started a thread inside REAPER."]


def test_threads_of_the_test_go_on_meanwhile(desk: Desk) -> None:
    go, done = desk.folder / "go", desk.folder / "done"

    def work() -> None:
        eventually(go.exists)
        thread = threading.Thread(target=done.touch)
        thread.start()
        thread.join()

    worker = threading.Thread(target=work)
    worker.start()
    desk.run(
        f"""
        import os, time
        open({str(go)!r}, "w").close()
        deadline = time.monotonic() + 20
        while not os.path.exists({str(done)!r}) and time.monotonic() < deadline:
            pass
        """
    )
    worker.join()
    assert done.exists()
    assert desk.reaper.problems == []


def test_reaper_itself_may_take_its_time_in_threads_of_its_own(desk: Desk) -> None:
    def slowly(_: str) -> None:
        thread = threading.Thread(target=time.sleep, args=(0.2,))
        thread.start()
        thread.join()

    desk.reaper.windows.write_console = slowly  # type: ignore[method-assign]
    began = time.perf_counter()
    desk.run("RPR_ShowConsoleMsg('go')")
    whole = time.perf_counter() - began
    assert desk.reaper.problems == []
    assert desk.reaper.blocked[0] < whole - 0.2


def test_sleeping_is_refused(desk: Desk) -> None:
    desk.run("import time\ntry:\n        time.sleep(1)\nexcept RuntimeError:\n        pass")
    assert desk.reaper.problems == ["The script started a sleep inside REAPER."]


def test_waiting_for_a_process_is_refused(desk: Desk) -> None:
    desk.run(
        """
        import subprocess, sys
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        try:
            process.wait(5)
        except RuntimeError:
            process.kill()
        """
    )
    assert desk.reaper.problems == ["The script started a sleep inside REAPER."]
