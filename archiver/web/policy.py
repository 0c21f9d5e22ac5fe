"""What browsers are told to refuse, so that what a publisher wrote can do nothing on any page."""

import base64
import hashlib
import re
from functools import cache
from importlib import resources

OUR_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
"""For our own pages: no script at all, nothing from elsewhere, in nobody's frame."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
}
"""For every answer."""

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_SWITCH = "DATASETTE_ALLOW_FACET = {{ datasette_allow_facet }};"
"""The one script of Datasette's that is not the same in all pages; it says `true` or `false`."""


@cache
def theirs() -> str:
    """For Datasette's pages: its own files, and of scripts in a page those of its templates, by digest.

    So a script that a publisher got into a page would not run, had Datasette forgotten to escape it.
    """
    found: set[str] = set()
    for template in (resources.files("datasette") / "templates").iterdir():
        if template.name.endswith(".html"):
            found.update(_SCRIPT.findall(template.read_text("utf-8")))
    scripts = [
        _SWITCH.replace("{{ datasette_allow_facet }}", value) if script == _SWITCH else script
        for script in found
        if script == _SWITCH or "{{" not in script
        for value in (("true", "false") if script == _SWITCH else ("",))
    ]
    digests = " ".join(sorted(f"'sha256-{_digest(script)}'" for script in scripts))
    return (
        f"default-src 'none'; script-src 'self' {digests}; style-src 'self' 'unsafe-inline';"
        " img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
