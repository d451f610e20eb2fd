"""condensat: a news index on Elasticsearch that tells what was reposted, where, and how alike it is."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("condensat")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0+unknown"
