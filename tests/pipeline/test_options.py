import pytest

from linkkeeper.config.settings import HostSettings, Settings, WaybackSettings
from linkkeeper.pipeline import options


@pytest.mark.parametrize(
    ("url", "rate", "pause", "kept"),
    [
        ("https://web.archive.org", 6000, 0.1, (24, 60)),
        ("https://web.archive.org/", 10, 300, (10, 300)),
        ("http://archive.org", 25, 60, (24, 60)),
        ("http://127.0.0.1:8080", 6000, 0.1, (6000, 0.1)),
        ("https://mirror.example", 6000, 0.1, (6000, 0.1)),
    ],
)
def test_the_internet_archive_is_never_asked_faster_than_it_wants(
    url: str, rate: float, pause: float, kept: tuple[float, float]
) -> None:
    chosen = options.archive(Settings(wayback=WaybackSettings(url=url, rate=rate, pause=pause)))
    assert (chosen.rate_per_minute, chosen.pause_s) == kept


def test_what_is_set_for_a_host_holds_for_captures_too() -> None:
    settings = Settings(
        per_host=20, host={"slow.example": HostSettings(rate=0.5), "one.example": HostSettings(per_host=1)}
    )
    pace = options.capture_pace(settings)
    assert (pace("slow.example").rate, pace("any.example").rate) == (0.5, None)
    busy = pace("one.example")
    busy.start(0.0)
    assert (busy.full, pace("any.example").full) == (True, False)
