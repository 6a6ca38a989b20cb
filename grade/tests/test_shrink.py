"""Shrinking: what is found is short, still fails, and takes no more tries than it may."""

from hypothesis import given
from hypothesis import strategies as some

from grade.session import PAGE, WINDOW, Session, replayed
from grade.shrink import shrink


@given(some.lists(some.integers(0, 30), min_size=1, max_size=40, unique=True), some.data())
def test_what_matters_stays_and_what_does_not_goes(steps, data):
    needed = set(data.draw(some.lists(some.sampled_from(steps), min_size=1, max_size=4)))
    found = shrink(steps, lambda rest: needed <= set(rest), tries=10_000)
    assert found == [step for step in steps if step in needed]


def test_no_more_tries_than_allowed():
    calls = []
    found = shrink(list(range(100)), lambda rest: calls.append(rest) or 7 in rest, tries=5)
    assert len(calls) == 5 and 7 in found


def test_steps_that_make_no_sense_any_more_are_left_out():
    session = Session()
    session.map(WINDOW, 2 * PAGE)
    session.touch(WINDOW, 2 * PAGE, 1)
    session.load(WINDOW)
    assert [step.text for step in replayed(session.log[1:]).challenge.steps] == [""]  # only the stop is left
    assert len(replayed(session.log).challenge.steps) == len(session.challenge.steps) + 1
