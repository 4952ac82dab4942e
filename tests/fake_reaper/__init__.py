"""A stand-in for REAPER as a Python script sees it, and a renderer that says what a project sounds like.

Taken from REAPER's own files and documentation: the functions and their types (`api_table.json`), everything
that happens to arguments and results (`marshal`, `pointers`), that a script's `__main__` is kept and strings of
code are run there, the keys of `values`, what a source in use does when it is set elsewhere.

Reported or inferred, and not tried in the program: which pointers `void*` finds, new sources that are not valid
(both can be had both ways, as `Switches`), addresses of items after an undo, the point that REAPER makes of a
script without one, that InsertMedia activates its take, what an offline source tells, what rendering to a new
take leaves to the item, the rate outside of stretch markers, and the lines of `chunk` for these things.
"""

from fake_reaper.fake import FakeReaper
from fake_reaper.model.item import Item
from fake_reaper.model.project import Project
from fake_reaper.model.source import Source
from fake_reaper.model.take import Effect, Envelope, StretchMarker, Take
from fake_reaper.model.track import Track

__all__ = ["Effect", "Envelope", "FakeReaper", "Item", "Project", "Source", "StretchMarker", "Take", "Track"]
