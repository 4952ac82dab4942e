"""A user's folders as Audacity leaves them, with a program that is only looked at, never run."""

import os
from pathlib import Path
from typing import Self

from unmix_plugins.audacity.installation.configuration import time_of

MODULE_TIME = 1_675_280_211

SETTINGS = """PrefsVersion=1.1.1r1
MenuBar=File,Edit,Select,View,Transport,Tracks,Generate,Effect,Analyze,Tools,Optional,Help,HiddenFileItems
AudioTimeFormat=hh:mm:ss
[GUI]
ShowSplashScreen=0
[GUI/ToolBars]
[Version]
Major=3
Minor=2
Micro=4
[Directories]
TempDir=/var/tmp/audacity-jörg
[Module]
mod-script-pipe={status}
[ModulePath]
mod-script-pipe={path}
[ModuleDateTime]
mod-script-pipe={time}
[MenuBar/Optional/Extra]
Part1=Transport,Tools,Mixer,Edit,PlayAtSpeed,Seek,Device,Select
"""
"""As 3.2.4 writes them at its first start, shortened."""


class Home:
    """The folders below one home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "opt/bin/audacity"
        self.module = folder / "opt/lib/audacity/modules/mod-script-pipe.so"
        self.configuration = folder / ".config/audacity"
        self.settings = self.configuration / "audacity.cfg"
        self.registry = self.configuration / "pluginregistry.cfg"
        self.plug_ins = folder / ".local/share/audacity/Plug-Ins"
        self.autostart = folder / ".config/autostart/org.unmix.audacity.desktop"

    def install_audacity(self) -> Self:
        for file, mode in ((self.program, 0o755), (self.module, 0o644)):
            file.parent.mkdir(parents=True)
            file.write_bytes(b"not a program")
            file.chmod(mode)
        os.utime(self.module, (MODULE_TIME, MODULE_TIME))
        return self

    def start_audacity_once(self, text: str | None = None) -> bytes:
        """What its first start leaves behind; returns the settings."""
        self.configuration.mkdir(parents=True)
        self.plug_ins.mkdir(parents=True)
        content = (text or self.settings_text(4)).encode()
        self.settings.write_bytes(content)
        return content

    def settings_text(self, status: int, time: str = "") -> str:
        return SETTINGS.format(status=status, path=self.module, time=time or time_of(self.module))

    def register(self, *, enabled: int = 1, valid: int = 1, leave_out: str = "") -> None:
        """Write the registry as Audacity does at a start with the effects of Plug-Ins."""
        lines = ["pluginregistryversion=1.2", "[pluginregistry]", "[pluginregistry/Effect]"]
        for count, path in enumerate(sorted(self.plug_ins.glob("*.ny"))):
            if path.name != leave_out:
                lines += [
                    f"[pluginregistry/Effect/base64\\:{count}\\=\\=]",
                    f"Path={path}",
                    f"Name={path.stem}",
                ]
                lines += ["Vendor=Unmix", f"Enabled={enabled}", f"Valid={valid}"]
        self.registry.write_text("\n".join([*lines, ""]), "utf-8")

    def files(self) -> dict[str, bytes]:
        """Every file of the home, by its path, backups aside."""
        found = (path for path in self.folder.rglob("*") if path.is_file() and path.suffix != ".bak")
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}
