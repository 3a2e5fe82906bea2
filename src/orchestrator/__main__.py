"""`python -m orchestrator` is the `orchestrator` command."""

from orchestrator.cli.interrupts import take_signals


def main() -> None:
    """Run the command line. The signals are taken care of first: the imports take a while."""
    take_signals()
    from orchestrator.cli.main import main as run_command_line  # noqa: PLC0415

    run_command_line()


if __name__ == "__main__":
    main()
