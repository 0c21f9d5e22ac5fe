"""Dates in the forms that feeds have them, and what must stay unread."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.parse.dates import YEARS, read_date

READ = [
    ("Mon, 03 Mar 2025 14:48:48 +0000", "2025-03-03T14:48:48"),
    ("Mon, 3 Mar 2025 14:48 GMT", "2025-03-03T14:48:00"),
    ("Sun, 03 Mar 2025 14:48:48 GMT", "2025-03-03T14:48:48"),  # it was a Monday
    ("03 Mar 25 14:48:48 GMT+0600", "2025-03-03T08:48:48"),
    ("Mon, 03 Mar 97 14:48:48 UT", "1997-03-03T14:48:48"),
    ("Mon,03 Mar 2025 14:48:48 EST", "2025-03-03T19:48:48"),
    ("Mon, 03 Mar 2025 14:48:48 -0700 (MST)", "2025-03-03T21:48:48"),
    ("Mon, 03 Mar 2025 14:48:48 +06:00", "2025-03-03T08:48:48"),
    ("Mon, 03 Mar 2025 14:48:48 MSK", "2025-03-03T11:48:48"),
    ("Mon, 03 Mar 2025 14:48:48 CEST", "2025-03-03T12:48:48"),
    ("Mon, 03 Mar 2025 14:48:48 KGT", "2025-03-03T08:48:48"),
    ("Mon, 03 Mar 2025 14:48:48 TJT", "2025-03-03T09:48:48"),
    ("Mon, 03 Mar 2025 14:48:48 NOSUCH", None),
    ("Mon, 03 Mar 2025 14:48:48 XYZ", "2025-03-03T14:48:48"),
    ("Mon, 03 Mar 2025 10:00:00 Europe/Stockholm", "2025-03-03T09:00:00"),
    ("Mon, 07 Jul 2025 10:00:00 Europe/Stockholm", "2025-07-07T08:00:00"),
    ("2025-03-03T10:00:00 America/Argentina/Ushuaia", "2025-03-03T13:00:00"),
    ("2025-03-03T10:00[Asia/Bishkek]", "2025-03-03T04:00:00"),
    ("2025-03-03T10:00:00+06:00 Europe/Stockholm", "2025-03-03T04:00:00"),
    ("2025-03-03T10:00:00Z[Mars/Olympus]", "2025-03-03T10:00:00"),
    ("Mon, 14 Mar 2025 10:00:00 Mars/Olympus", None),
    ("Mon, 14 Mar 2025 10:00:00 Europe/../Stockholm", None),
    ("25-03-03", None),
    ("03-03-03", None),
    ("25/03/03", None),
    ("25-03-99", "1999-03-25T00:00:00"),
    ("25.03.03", "2003-03-25T00:00:00"),
    ("Mon Mar  3 14:48:48 2025", "2025-03-03T14:48:48"),
    ("Mon Mar  3 14:48:48 UTC 2025", "2025-03-03T14:48:48"),
    ("2026-02-03T14:05:00Z", "2026-02-03T14:05:00"),
    ("2026-02-03T14:05:00.123456+06:00", "2026-02-03T08:05:00"),
    ("2026-02-03T14:05:00 +0600", "2026-02-03T08:05:00"),
    ("2026-02-03T14:05:00-07:00[America/Denver]", "2026-02-03T21:05:00"),
    ("2026-02-03T14:05+06", "2026-02-03T08:05:00"),
    ("2026-02-03 14:05", "2026-02-03T14:05:00"),
    ("2026-02-03", "2026-02-03T00:00:00"),
    ("2026/2/3", "2026-02-03T00:00:00"),
    ("20260203T140500Z", "2026-02-03T14:05:00"),
    ("2026-02-03T24:00:00Z", "2026-02-04T00:00:00"),
    ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59"),
    ("03.02.2026", "2026-02-03T00:00:00"),
    ("03.02.2026 14:05", "2026-02-03T14:05:00"),
    ("3.2.2026, 14:05:06", "2026-02-03T14:05:06"),
    ("13/02/2026", "2026-02-13T00:00:00"),
    ("02/13/2026 2:05 PM", "2026-02-13T14:05:00"),
    ("02/02/2026", "2026-02-02T00:00:00"),
    ("3 февраля 2026 г., 14:05", "2026-02-03T14:05:00"),
    ("3 фев 2026", "2026-02-03T00:00:00"),
    ("Вт, 03 фев. 2026 14:05:00 +0300", "2026-02-03T11:05:00"),
    ("вторник, 3 февраля 2026 года", "2026-02-03T00:00:00"),
    ("14:05, 3 мая 2026", "2026-05-03T14:05:00"),
    ("den 3 februari 2026", "2026-02-03T00:00:00"),
    ("3 feb 2026 kl. 14:05", "2026-02-03T14:05:00"),
    ("tisdag 3 februari 2026 kl 14.05", "2026-02-03T14:05:00"),
    ("3 ақпан 2026", "2026-02-03T00:00:00"),
    ("3 лютого 2026", "2026-02-03T00:00:00"),
    ("February 3, 2026 2:05 pm", "2026-02-03T14:05:00"),
    ("Tuesday, February 3rd, 2026 at 12:05 AM", "2026-02-03T00:05:00"),
    ("3-Feb-2026", "2026-02-03T00:00:00"),
    ("1772442000", "2026-03-02T09:00:00"),
    ("1772442000123", "2026-03-02T09:00:00"),
]


@pytest.mark.parametrize(("raw", "expected"), READ)
def test_a_date_is_read(raw: str, expected: str | None) -> None:
    assert read_date(raw) == (datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "yesterday",
        "2026",
        "2026-02",
        "February 2026",
        "2026-02-30",
        "Mon, 30 Feb 2026 10:00:00 GMT",
        "03/02/2026",
        "2026-02-03T25:00:00Z",
        "0001-01-01T00:00:00Z",
        "Mon, 01 Jan 0001 00:00:00 +0000",
        "Mon, 30 Nov -0001 00:00:00 +0000",
        "9999-12-31T23:59:59Z",
        "Mon, 03 Mar 2025 14:48:48 +2500",
        "Version 3 May 2026",
        "12345",
        "١٢.٠٣.٢٠٢٦",
    ],
)
def test_what_names_no_certain_day_is_not_read(raw: str) -> None:
    assert read_date(raw) is None


def test_a_slashed_date_is_read_where_the_language_says_which_number_is_the_day() -> None:
    assert read_date("03/02/2026", language="ru") == datetime(2026, 2, 3, tzinfo=UTC)
    assert read_date("03/02/2026", language="en-US") == datetime(2026, 3, 2, tzinfo=UTC)
    assert read_date("03/02/2026", language="en") is None


def test_almaty_changed_its_zone_in_march_2024() -> None:
    assert read_date("Mon, 03 Jul 2023 12:00:00 ALMT") == datetime(2023, 7, 3, 6, tzinfo=UTC)
    assert read_date("Wed, 03 Jul 2024 12:00:00 ALMT") == datetime(2024, 7, 3, 7, tzinfo=UTC)


def test_a_long_text_is_refused_at_once() -> None:
    assert read_date("3 " * 1_000_000) is None


@given(st.text(max_size=130))
def test_any_text_gives_a_time_in_utc_or_none(raw: str) -> None:
    read = read_date(raw)
    assert read is None or (read.utcoffset() == timedelta(0) and read.year in YEARS)


@given(st.text(alphabet="0123456789-/.:,TZ+ amprfebмаямarvgкк", max_size=40))
def test_texts_that_look_like_dates_never_raise(raw: str) -> None:
    read = read_date(raw)
    assert read is None or read.year in YEARS


MOMENTS = st.datetimes(
    min_value=datetime(1901, 1, 1),  # noqa: DTZ001
    max_value=datetime(2199, 12, 31),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@given(MOMENTS)
def test_a_time_written_as_rfc_3339_is_read_back(moment: datetime) -> None:
    assert read_date(moment.isoformat()) == moment.astimezone(UTC).replace(microsecond=0)


@given(MOMENTS)
def test_a_time_written_as_rfc_822_is_read_back(moment: datetime) -> None:
    assert read_date(format_datetime(moment)) == moment.astimezone(UTC).replace(microsecond=0)


@given(MOMENTS)
def test_the_usual_form_reads_as_it_does_in_an_unusual_spelling(moment):
    usual = format_datetime(moment)
    assert read_date(usual) == read_date(usual.lower())


def test_the_usual_form_needs_a_weekday_that_there_is():
    assert read_date("Xyz, 03 Mar 2025 14:48:48 +0000") is None
