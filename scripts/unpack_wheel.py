"""Unpacks the named files and folders of a wheel: unpack_wheel.py WHEEL TARGET PREFIX..."""

import sys
import zipfile

wheel, target, *prefixes = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    names = [name for name in archive.namelist() if name.startswith(tuple(prefixes))]
    if not names:
        sys.exit(f"{wheel} holds none of {', '.join(prefixes)}")
    archive.extractall(target, names)
