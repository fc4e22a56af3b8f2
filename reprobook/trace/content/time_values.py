"""How dates, times and time zones are taken apart."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from reprobook.trace.content.anatomy import fields_of
from reprobook.trace.content.parts import Parts, encode
from reprobook.trace.content.registry import Handler


def _datetime(value: dt.datetime) -> Parts:
    date = fields_of(dt.date, value, "year", "month", "day")
    time = fields_of(dt.datetime, value, "hour", "minute", "second", "microsecond", "fold", "tzinfo")
    return Parts("datetime.datetime", children=(*date, *time), summary="datetime")


def _time(value: dt.time) -> Parts:
    fields = fields_of(dt.time, value, "hour", "minute", "second", "microsecond", "fold", "tzinfo")
    return Parts("datetime.time", children=fields, summary="time")


def _date(value: dt.date) -> Parts:
    fields = fields_of(dt.date, value, "year", "month", "day")
    return Parts("datetime.date", children=fields, summary="date")


def _timedelta(value: dt.timedelta) -> Parts:
    fields = fields_of(dt.timedelta, value, "days", "seconds", "microseconds")
    return Parts("datetime.timedelta", children=fields, summary="timedelta")


def _timezone(value: dt.timezone) -> Parts:
    return Parts("datetime.timezone", children=(value.utcoffset(None), value.tzname(None)), summary="timezone")


def _zone_info(value: zoneinfo.ZoneInfo) -> Parts:
    return Parts("zoneinfo.ZoneInfo", encode(value.key), summary="ZoneInfo")


HANDLERS: dict[type, Handler] = {
    dt.datetime: Handler(_datetime),
    dt.time: Handler(_time),
    dt.date: Handler(_date),
    dt.timedelta: Handler(_timedelta),
    dt.timezone: Handler(_timezone),
    zoneinfo.ZoneInfo: Handler(_zone_info),
}
