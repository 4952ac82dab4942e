"""The windows that a script opens, and the user in front of them, who does what the test queued."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fake_reaper.fake import FakeReaper

AGREED = {0: 1, 1: 1, 2: 4, 3: 6, 4: 6, 5: 4}
"""What a user answers who agrees, for each type of message box: OK, retry or yes."""


class Windows:
    """What was shown and asked. A window must not open inside an undo block: the user could edit meanwhile."""

    def __init__(self, reaper: "FakeReaper") -> None:
        self._reaper = reaper
        self.messages: list[str] = []
        self.titles: list[str] = []
        self.answers: list[int] = []
        self.inputs: list[list[str] | None] = []
        self.asked: list[tuple[str, str, str]] = []
        self.console = ""
        self.help_text = ""

    def message_box(self, text: str, title: str, kind: int) -> int:
        """Show a message and return the button that the user clicks."""
        self._opened()
        self._show(text, title)
        return self.answers.pop(0) if self.answers else AGREED.get(kind, 1)

    def write_console(self, text: str) -> None:
        """Add to the console; an empty text clears it."""
        self.console = self.console + text if text else ""
        if text:
            self._show(text, "console")

    def ask(self, title: str, captions: str, values: str) -> list[str] | None:
        """Ask for one text or several; None if the user cancels."""
        self._opened()
        self.asked.append((title, captions, values))
        return self.inputs.pop(0) if self.inputs else None

    def _show(self, text: str, title: str) -> None:
        self.messages.append(text)
        self.titles.append(title)

    def _opened(self) -> None:
        if any(project.history.depth for project in self._reaper.projects):
            self._reaper.note("A window was opened inside an undo block.")
        if self._reaper.refresh_prevented:
            self._reaper.note("A window was opened while the refresh was held.")
