"""Keep tickets and SIEM incidents equal to what Microsoft Defender XDR knows.

The version is read from the installed distribution, so that it is written down once, in pyproject.toml.
"""

from importlib.metadata import version

__version__ = version("xdr-connector")
