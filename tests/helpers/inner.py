"""Another pytest inside a test, which no outer setting reaches."""

from __future__ import annotations

import os


def inner_environment(**variables: str) -> dict[str, str]:
    """Return environment variables for a pytest whose words or verdicts a test reads.

    Without the reader's own options and without plugins that happen to be installed: those that a
    run needs are named in its command, as in ``-p nbval.plugin``.
    """
    outer = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTEST_") and name != "MPLBACKEND"
    }
    return {**outer, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **variables}
