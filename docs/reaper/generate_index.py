"""Write index.xml, which offers the scripts to ReaPack: https://github.com/cfillion/reapack/wiki/Index-Format.

    python docs/reaper/generate_index.py                                    the file beside this one
    python docs/reaper/generate_index.py --base-url URL --output index.xml  what a release puts on its site

ReaPack wants absolute addresses, and only a release knows where its files are: the committed file has addresses
relative to plugins/unmix_plugins/reaper/scripts, and `--base-url` is where that folder is served. ReaPack compares
each download with its hash. It installs into Scripts/unmix, as `unmix reaper install` does: `..` leads out of the
category's folder.
"""

import argparse
import hashlib
import sys
import tomllib
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCRIPTS = ROOT / "plugins" / "unmix_plugins" / "reaper" / "scripts"
_SHA256 = "1220"
"""What ReaPack puts before a SHA-256: its number and length in multihash."""


def index(version: str, base_url: str = "") -> str:
    """The text of index.xml; `base_url` is where the scripts are served."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<!-- Written by docs/reaper/generate_index.py. -->",
        '<index version="1" name="unmix">',
        '  <category name="Items">',
        '    <reapack name="unmix" type="script" desc="unmix: denoise items and split them into stems">',
        f'      <version name={quoteattr(version)} author="unmix">',
        *(
            f"        {_source(path, base_url)}"
            for path in sorted(SCRIPTS.rglob("*.py"), key=lambda path: path.relative_to(SCRIPTS).as_posix())
        ),
        "      </version>",
        "    </reapack>",
        "  </category>",
        "</index>",
    ]
    return "\n".join(lines) + "\n"


def _source(path: Path, base_url: str) -> str:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    main = ' main="main"' if path.name.startswith("Unmix_") else ""
    name = path.relative_to(SCRIPTS).as_posix()
    url = f"{base_url.rstrip('/')}/{quote(name)}".lstrip("/")
    return f'<source file={quoteattr(f"../{name}")}{main} hash="{_SHA256}{digest}">{escape(url)}</source>'


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Write the ReaPack index of the scripts.")
    parser.add_argument("--base-url", default="", help="where the folder of scripts is served")
    parser.add_argument("--output", type=Path, default=HERE / "index.xml")
    given = parser.parse_args()
    if given.base_url and not given.base_url.startswith("https://"):
        sys.exit("generate_index.py: ReaPack needs an https:// address in --base-url.")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    given.output.write_text(index(project["version"], given.base_url), "utf-8", newline="\n")


if __name__ == "__main__":
    main()
