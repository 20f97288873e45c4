"""What users ask, as publishers are told."""

import pytest

from realtime.outside.wishes import told, understood


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        ("", {}),
        ('{"request":"resume","by":"dev"}', {}),
        ('{"request":"pause"}', {"pause": {}}),
        ('{"request":"cancel","reason":"no","by":"dev","id":"x"}', {"cancel": {"reason": "no", "by": "dev"}}),
        ("{", {}),
        ('{"request":"explode"}', {}),
    ],
)
def test_a_request_is_told_without_what_is_ours(control: str, expected: object) -> None:
    assert told(understood(control)) == expected
