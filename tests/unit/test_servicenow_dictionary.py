"""What an instance says of its tables, where it has more to say than one answer holds."""

from collections.abc import Iterable
from typing import Any

from connector.targets.servicenow.dictionary import Dictionary
from connector.targets.servicenow.row import Row


class Instance:
    """Choices of a hundred fields, each in many languages; an answer holds no more than was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def rows(self, query: str, fields: Iterable[str], *, limit: int, table: str = "") -> list[Row]:
        self.asked.append(query)
        names = query.partition("^elementIN")[2].partition("^")[0].split(",")
        rows = [
            Row({"sys_id": "1", "name": "incident", "element": name, "value": "1", "label": f"{language}"})
            for name in names
            for language in range(200)
        ]
        return rows[:limit]


async def test_choices_that_are_too_many_for_one_answer_are_asked_for_in_parts() -> None:
    instance: Any = Instance()
    names = [f"u_{number}" for number in range(60)]
    choices = await Dictionary(instance).choices("incident", names)
    assert sorted(choices) == sorted(names)
    assert len(instance.asked) < 10
