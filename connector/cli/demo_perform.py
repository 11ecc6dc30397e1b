"""The demonstration from curtain to curtain: plays, and shows what is seen as it goes."""

from connector.cli.demo_play import Report, demonstration
from connector.cli.demo_show import end_table, findings, round_table
from connector.cli.screen import Screen


async def perform() -> Report:
    """Play everything and print it; the report says what was seen and whether it was as expected."""
    screen = Screen()
    screen.show("Starting the mock services and a daemon that polls them.\n")
    async with demonstration() as played:
        async for each in played.rounds():
            screen.show(round_table(each))
        screen.show("The daemon has stopped. A new process evaluates everything again.\n")
        await played.second_pass()
        screen.show(end_table(played.report.scenes))
        screen.show(findings(played.report))
        return played.report
