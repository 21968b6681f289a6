"""Numbers, times and names as text for the screen."""

import re
import time

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
# Control characters and those that turn the direction of writing, by which a name can look like another one.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MARKUP = re.compile(r"[\\`*_\[\]<>$~&#|]|:(?=[\w/])")
_BLOCK_START = re.compile(r"^(\d*)([-+=.)])")
_JOINER = "\u2060"
# What Streamlit replaces in text that is already parsed: https://, www., a@b, :smile: and :material/home:, arrows.
_REPLACED_LATER = re.compile(r":(?=//|[\w+/-]+:)|\bwww(?=\.)|@|(?<!\S)[<>~-]+(?=[>=-](?!\S))", re.IGNORECASE)


def count(number: int, one: str, many: str = "") -> str:
    """Write a number of things: `1 image`, `12,000 images`.

    Args:
        number: The number.
        one: The singular.
        many: The plural; the singular with an s if empty.
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """Write a duration: `under a second`, `42 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 1:
        return "under a second"
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return _two(whole, MINUTE, "min", 1, "s")
    return _two(whole, HOUR, "h", MINUTE, "min")


def time_left(seconds: float | None) -> str:
    """Write the time left; an empty text if it is unknown."""
    if seconds is None:
        return ""
    rounded = seconds if seconds < MINUTE else MINUTE * round(seconds / MINUTE)
    return f"about {duration(rounded)} left"


def ago(at: float, now: float | None = None) -> str:
    """Write how long ago something was: `just now`, `5 min ago`, `3 days ago`.

    Args:
        at: UTC seconds.
        now: UTC seconds; None for the clock's.
    """
    passed = (time.time() if now is None else now) - at
    if passed < MINUTE:
        return "just now"
    if passed < HOUR:
        return f"{int(passed // MINUTE)} min ago"
    if passed < DAY:
        return f"{int(passed // HOUR)} h ago"
    return f"{count(int(passed // DAY), 'day')} ago"


def moment(at: float) -> str:
    """Write a time by the clock of this machine: `25 Nov 21:19:24`. Unlike `ago`, it does not change.

    Args:
        at: UTC seconds.
    """
    local = time.localtime(at)
    return f"{local.tm_mday} {time.strftime('%b %H:%M:%S', local)}"


def size(n_bytes: int) -> str:
    """Write the size of a file: `41 bytes`, `70.3 KB`, `1,204.5 MB`."""
    if n_bytes < 1000:  # noqa: PLR2004 - a KB
        return count(n_bytes, "byte")
    return f"{n_bytes / 1e3:.1f} KB" if n_bytes < 1e5 else f"{n_bytes / 1e6:,.1f} MB"  # noqa: PLR2004 - a tenth of a MB


def percent(share: float, digits: int = 1) -> str:
    """Write a share: 0.9412 is `94.1%`."""
    return f"{share:.{digits}%}"


def percent_number(share: float) -> float:
    """Round a share for a column of percents to the digits of `percent`.

    A browser rounds 81.25 up to 81.3 and Python to the even 81.2, so a table would show another figure than the page.
    """
    return round(100 * share, 1)


def between(low: float, high: float) -> str:
    """Write an interval of shares: `81.2% to 94.0%`."""
    return f"{percent(low)} to {percent(high)}"


def shorten(name: str, length: int = 40) -> str:
    """Shorten a name in the middle, because file names mostly differ at their end."""
    if len(name) <= length:
        return name
    tail = length // 2
    return f"{name[: length - tail - 1]}…{name[-tail:]}"


def file_name(path: str) -> str:
    """Give the name of a file without its folders, which mostly name its class."""
    return path.rsplit("/", 1)[-1]


def escape_markdown(text: str) -> str:
    """Escape text that a person or a file gave, so that Streamlit's Markdown shows it as it is, on one line.

    Streamlit replaces addresses, emoji codes, icon codes and arrows after the Markdown was parsed, so a backslash does
    not protect them. An invisible word joiner (U+2060) separates their letters.

    Args:
        text: A name alone, or a whole sentence that may hold one.
    """
    line = _CONTROLS.sub("", _BREAKS.sub(" ", text)).lstrip()
    separated = _REPLACED_LATER.sub(rf"\g<0>{_JOINER}", line)
    return _BLOCK_START.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", separated))


def _two(whole: int, large: int, large_name: str, small: int, small_name: str) -> str:
    rest = whole % large // small
    return f"{whole // large} {large_name}" + (f" {rest} {small_name}" if rest else "")
