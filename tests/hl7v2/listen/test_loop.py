"""The loop under peers that are silent, slow, many or gone. Ids: the catalogue's."""

from __future__ import annotations

from tests.hl7v2.listen.mllp import Door, Heard, accepted, message


def test_h007_messages_one_after_the_other_on_one_connection() -> None:
    heard = Heard()
    sent = [message(str(number)) for number in range(5)]
    with Door(heard) as door, door.speaker() as speaker:
        assert [speaker.say(each) for each in sent] == [accepted(each) for each in sent]
    assert heard.payloads == sent
    assert set(heard.links) == {("anybody",)}
