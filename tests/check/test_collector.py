import gc

from linkkeeper.check import collector


def test_a_run_is_collected_less_often_and_what_was_set_before_comes_back() -> None:
    before = gc.get_threshold()
    with collector.calm():
        assert gc.get_threshold()[0] >= 100_000
        with collector.calm():
            assert gc.get_threshold()[0] >= 100_000
    assert gc.get_threshold() == before


def test_a_collector_that_was_off_stays_off() -> None:
    before = gc.get_threshold()
    gc.set_threshold(0)
    with collector.calm():
        assert gc.get_threshold()[0] == 0
    gc.set_threshold(*before)


def test_a_process_that_ends_has_nothing_left_to_search() -> None:
    collector.leave()
    left = gc.get_freeze_count()
    gc.unfreeze()
    assert left > 1000
