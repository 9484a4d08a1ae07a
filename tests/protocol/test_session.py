"""Sessions with a hand-moved clock: what is said by itself, and when the peer counts as gone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deepgram.protocol.session import TICK, Conduct, Effect, Fail, Ping, Session, Transmit

KEEP_ALIVE = '{"type": "KeepAlive"}'
GOODBYE = '{"type": "CloseStream"}'
LISTEN = Conduct(keep_alive=KEEP_ALIVE, goodbye=GOODBYE)


def begun(conduct: Conduct = LISTEN, *, pings: bool = False) -> Session:
    session = Session(conduct, pings=pings)
    session.begin(0.0)
    return session


def ticks(session: Session, start: float, end: float) -> list[tuple[float, Effect]]:
    """Move the clock from ``start`` to ``end``; send what the session asks for."""
    done: list[tuple[float, Effect]] = []
    steps = int((end - start) / TICK)
    for step in range(1, steps + 1):
        now = start + step * TICK
        for effect in session.tick(now):
            done.append((now, effect))
            if isinstance(effect, Transmit):
                session.sends(effect.frame, now)
                session.sent()
    return done


def test_silence_is_filled_with_keep_alives_every_four_seconds() -> None:
    effects = ticks(begun(), 0, 14)
    assert effects == [(4.0, Transmit(KEEP_ALIVE)), (8.0, Transmit(KEEP_ALIVE)), (12.0, Transmit(KEEP_ALIVE))]


def test_audio_puts_the_next_keep_alive_off() -> None:
    session = begun()
    session.sends(b"\0\0", 3.9)
    session.sent()
    assert ticks(session, 3.5, 9) == [(8.0, Transmit(KEEP_ALIVE))]
    assert session.reported().keep_alives == 1
    assert session.reported().audio_bytes == 2


def test_a_keep_alive_of_the_program_counts_too() -> None:
    session = begun()
    session.sends(KEEP_ALIVE, 3.0)
    session.sent()
    assert ticks(session, 3.0, 6.5) == []


def test_nothing_is_kept_alive_after_the_goodbye() -> None:
    session = begun()
    session.sends(GOODBYE, 1.0)
    session.sent()
    assert ticks(session, 1.0, 20.0) == []
    assert session.leave() == [], "the goodbye is said once"
    assert session.awaits_results


def test_leaving_ends_the_input_and_awaits_the_last_results() -> None:
    session = begun()
    assert not session.awaits_results
    assert session.leave() == [GOODBYE]
    session.sends(GOODBYE, 1.0)
    session.sent()
    assert session.awaits_results
    assert session.leave() == []


def test_a_channel_without_a_goodbye_awaits_nothing() -> None:
    session = begun(Conduct())
    assert session.leave() == []
    assert not session.awaits_results


def test_a_peer_that_stops_reading_is_noticed_within_five_seconds() -> None:
    session = begun()
    session.sends(bytes(100), 2.0)  # and it never leaves
    effects = ticks(session, 2.0, 10.0)
    assert [type(effect) for _, effect in effects] == [Fail]
    assert effects[0][0] <= 2.0 + 5
    assert session.state == "lost"
    assert "read" in (session.reason or "")


def test_a_peer_that_answers_no_ping_is_noticed_within_five_seconds() -> None:
    session = begun(pings=True)
    session.messages_received += 1  # at 10.2
    effects = ticks(session, 10.0, 20.0)
    kinds = [effect for _, effect in effects if not isinstance(effect, Transmit)]
    assert kinds[0] == Ping()
    assert isinstance(kinds[1], Fail)
    failed = next(now for now, effect in effects if isinstance(effect, Fail))
    assert failed <= 10.2 + 5


def test_a_peer_that_answers_pings_lives() -> None:
    session = begun(pings=True)
    for step in range(1, 200):
        now = step * TICK
        for effect in session.tick(now):
            assert not isinstance(effect, Fail)
            if isinstance(effect, Ping):
                session.lives(now + 0.1)


def test_a_program_that_blocks_itself_does_not_blame_the_peer() -> None:
    session = begun(pings=True)
    session.messages_received += 1
    assert session.tick(1.0) == []
    assert Ping() in session.tick(2.0)
    # A minute passes in which nothing ran: the first thing afterwards must not be to give up.
    assert not any(isinstance(effect, Fail) for effect in session.tick(62.0))
    session.lives(62.1)
    assert not any(isinstance(effect, Fail) for effect in session.tick(62.5))


def test_a_peer_that_has_much_to_read_gets_the_time_for_it() -> None:
    session = begun(pings=True)
    session.sends(bytes(4 * 1024 * 1024), 0.1)
    session.sent()
    effects = ticks(session, 0, 20)
    assert Ping() in [effect for _, effect in effects]
    assert not any(isinstance(effect, Fail) for _, effect in effects), "it may still be reading"
    assert any(isinstance(effect, Fail) for _, effect in ticks(session, 20, 70)), "but not for ever"


def test_a_ping_that_could_not_go_out_is_due_again_and_counts_as_silence() -> None:
    session = begun(pings=True)
    pings = 0
    for step in range(1, 40):
        for effect in session.tick(step * TICK):
            if isinstance(effect, Ping):
                pings += 1
                session.ping_failed()
            if isinstance(effect, Fail):
                assert step * TICK <= 1 + 5
                assert pings > 3
                return
    raise AssertionError("a peer that takes nothing at all is gone")


def test_senders_that_take_turns_are_not_stuck() -> None:
    session = begun()
    session.sends(b"", 0.1)
    for step in range(1, 40):
        session.sends(b"", step * TICK)
        session.sent()  # one frame leaves, the next is on its way: there is always one
        assert not any(isinstance(effect, Fail) for effect in session.tick(step * TICK))
    assert any(isinstance(effect, Fail) for _, effect in ticks(session, 20, 26)), "until none leaves any more"


def test_a_long_conversation_with_a_talkative_peer_does_not_make_patience_grow() -> None:
    session = begun(pings=True)
    now = 0.0
    for _ in range(2000):
        now += TICK
        session.sends(bytes(16_000), now)
        session.sent()
        session.messages_received += 1
        for effect in session.tick(now):
            if isinstance(effect, Ping):
                session.lives(now)
    failed = next(at for at, effect in ticks(session, now, now + 20) if isinstance(effect, Fail))
    assert failed <= now + 5


def test_without_pings_a_silent_peer_is_left_in_peace() -> None:
    assert not [effect for _, effect in ticks(begun(Conduct()), 0, 600)]


def test_nothing_is_asked_for_before_the_beginning_and_after_the_loss() -> None:
    assert Session(LISTEN).tick(100.0) == []
    session = begun()
    session.lose("gone")
    assert session.tick(100.0) == []
    assert session.leave() == []


def test_the_report_adds_up() -> None:
    session = begun()
    for _ in range(3):
        session.sends(b"abcd", 1.0)
        session.sent()
    session.messages_received += 1
    session.note_final(2.5, 4)
    session.note_final(1.5, 1)
    session.note_misread()
    session.note_handler_error()
    report = session.reported()
    assert (report.audio_bytes, report.messages_sent, report.messages_received) == (12, 3, 1)
    assert (report.finalized, report.words, report.misread, report.handler_errors) == (2.5, 5, 1, 1)


@given(st.lists(st.sampled_from(["audio", "text", "receive", "tick", "pong", "leave"]), max_size=60))
def test_whatever_happens_input_is_never_idle_for_long(schedule: list[str]) -> None:
    """Between two inputs (audio or keep-alive) less than 5 s pass while the conversation is open."""
    session = begun(pings=True)
    last_input, now = 0.0, 0.0
    for step in schedule:
        now += TICK
        for effect in session.tick(now):
            if isinstance(effect, Transmit):
                assert effect.frame == KEEP_ALIVE
                session.sends(effect.frame, now)
                session.sent()
                last_input = now
            elif isinstance(effect, Ping):
                session.lives(now)
        if step == "audio":
            session.sends(b"\0", now)
            session.sent()
            last_input = now
        elif step == "text":
            session.sends('{"type": "Finalize"}', now)
            session.sent()
        elif step == "receive":
            session.messages_received += 1
        elif step == "leave":
            for frame in session.leave():
                session.sends(frame, now)
                session.sent()
        if session.state == "open":
            assert now - last_input < 5
