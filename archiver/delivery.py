"""Digests on their way out of the house: by webhook and by mail, to where the configuration says.

These addresses are the operator's own and may lie in a private network, so the guard that stands between us
and publishers' addresses has no say here. No message of an error tells the address, which may be a secret.
"""

import asyncio
import logging
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import Any

from archiver import __version__
from archiver.config import MailSettings
from archiver.digest import Digest
from archiver.errors import DeliveryError
from archiver.visible import shortened, visible

SECONDS = 30.0
"""How long the other side may take for all of it."""


log = logging.getLogger(__name__)


async def post(address: str, body: Mapping[str, Any]) -> None:
    """POST a JSON document. Redirects are not followed. Raises DeliveryError for all but a 2xx."""
    import httpx  # loads longer than most commands take, and is seldom wanted

    try:
        async with asyncio.timeout(SECONDS), httpx.AsyncClient(trust_env=True, timeout=SECONDS) as client:
            headers = {"User-Agent": f"archiver/{__version__}"}
            async with client.stream("POST", address, json=body, headers=headers) as answer:
                status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        # The last two come from the environment too: a proxy or authorities that are none.
        raise DeliveryError(f"the webhook cannot be reached: {type(error).__name__}") from error
    if not 200 <= status < 300:
        raise DeliveryError(f"the webhook answered {status}")


async def send(settings: MailSettings, digest: Digest) -> None:
    """Send a digest by mail. Raises DeliveryError, unless at least one of those it is for gets it."""
    await asyncio.to_thread(_send, settings, _message(settings, digest))


def _message(settings: MailSettings, digest: Digest) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.sender
    message["To"] = ", ".join(settings.to)
    message["Subject"] = digest.title
    message["Date"] = format_datetime(digest.at)
    message["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notice shall answer it
    message.set_content(digest.text())
    return message


def _send(settings: MailSettings, message: EmailMessage) -> None:
    context = ssl.create_default_context()
    try:
        server: smtplib.SMTP
        if settings.encryption == "tls":
            server = smtplib.SMTP_SSL(settings.server, settings.port, timeout=SECONDS, context=context)
        else:
            server = smtplib.SMTP(settings.server, settings.port, timeout=SECONDS)
        with server:
            if settings.encryption == "starttls":
                server.starttls(context=context)
            if settings.user is not None and settings.password is not None:
                server.login(settings.user, settings.password)
            refused = server.send_message(message)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise DeliveryError(f"the mail could not be sent: {_told(error)}") from error

    if refused:
        log.warning(
            "the mail server refused %d of %d of those the digest is for", len(refused), len(settings.to)
        )


def _told(error: Exception) -> str:
    """What went wrong, in the server's words where it had any; the password is in none of them."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the server refused the login ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "the server refused everybody it is for"
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else ""
        return f"{error.smtp_code} {visible(shortened(' '.join(words.split()), 200))}".strip()
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted: {error.verify_message}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "the server does not offer what was asked: STARTTLS, or a login"
    return visible(shortened(str(error) or type(error).__name__, 200))
