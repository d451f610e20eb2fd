"""Serve the news world until the process is told to end.

It prints ``feeds URL`` for the OPML list, then ``source/slug URL`` for each article, then ``ready``.
"""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path

from demo_site.server import PortTakenError, Site


def main() -> int:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="demo_site", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the same on every address; 0 takes free ones")
    parser.add_argument("--opml", type=Path, help="also write the list of feeds to this file")
    wanted = parser.parse_args()
    try:
        with Site(port=wanted.port) as site:
            if wanted.opml:
                wanted.opml.write_text(site.opml(), encoding="utf-8")
            print("feeds", site.opml_url)
            for url, key in site.keys.items():
                print(key, url)
            print("ready", flush=True)
            threading.Event().wait()
    except PortTakenError as error:
        print(f"demo site: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
