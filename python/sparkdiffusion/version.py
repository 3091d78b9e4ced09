"""The version of this package, and of the jar that it asks Maven's repositories for. Set by tools/release/version."""

VERSION = "0.1.0"
