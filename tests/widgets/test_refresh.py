from __future__ import annotations

import threading

from reprobook.trace.background import Background
from reprobook.widgets.refresh import HelperThread, Refresher

PATIENCE = 60


def test_it_refreshes_until_nothing_more_is_to_come_and_again_when_woken() -> None:
    calls, rested = [], threading.Event()

    def refresh() -> bool:
        calls.append(threading.current_thread())
        if len(calls) in {2, 3}:
            rested.set()
            return False
        return True

    refresher = Refresher(refresh, errors.append)
    refresher.wake()
    assert rested.wait(PATIENCE)
    rested.clear()
    refresher.wake()
    assert rested.wait(PATIENCE)
    refresher.close()
    calls[0].join(PATIENCE)
    assert not calls[0].is_alive()
    assert len(calls) == 3
    assert errors == []


errors: list[Exception] = []


def test_what_goes_wrong_is_told_and_the_next_call_may_be_right() -> None:
    told: list[Exception] = []
    done = threading.Event()

    def refresh() -> bool:
        if not told:
            raise ValueError
        done.set()
        return False

    refresher = Refresher(refresh, told.append)
    refresher.wake()
    assert done.wait(PATIENCE)
    refresher.close()
    assert [type(each) for each in told] == [ValueError]


def test_the_recorder_takes_it_for_no_thread_of_the_notebook() -> None:
    background, go = Background({}), threading.Event()
    own, users = (
        HelperThread(lambda: bool(go.wait(PATIENCE)) and None),
        threading.Thread(target=go.wait, args=(PATIENCE,)),
    )
    own.start()
    users.start()
    assert [each for each in background.running() if each in (own, users)] == [users]
    go.set()
    own.join()
    users.join()
