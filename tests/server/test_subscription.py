"""A query string is read exactly, or refused with its reason."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.messages import EVENT_TYPES
from monitor.server.subscription import PARAMETERS, Subscription, parse_subscription

CALL_IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,20}", fullmatch=True)


@given(
    since=st.integers(0, 10**17),
    calls=st.sets(CALL_IDS, max_size=5),
    types=st.sets(st.sampled_from(sorted(EVENT_TYPES))),
    frames=st.booleans(),
    replay=st.booleans(),
    board=st.booleans(),
)
def test_a_subscription_is_what_its_query_says(
    since: int, calls: set[str], types: set[str], frames: bool, replay: bool, board: bool
) -> None:
    query = [("since", str(since)), ("frames", str(int(frames))), ("replay", str(int(replay))), ("board", str(int(board)))]
    query += [("call", call) for call in calls] + [("type", kind) for kind in types]
    assert parse_subscription(query) == Subscription(since, frozenset(calls), frozenset(types), frames, replay, board)


@given(st.lists(st.tuples(st.sampled_from([*PARAMETERS, "token"]) | st.text(max_size=8), st.text(max_size=12)), max_size=6))
def test_any_query_is_understood_or_refused_in_one_line(query: list[tuple[str, str]]) -> None:
    try:
        understood: Subscription | str = parse_subscription(query)
    except ConfigError as error:
        understood = str(error)
    assert isinstance(understood, Subscription) or (understood and "\n" not in understood)
