"""Where the command `leapter` begins. It stands outside of the package, which takes half a second to load."""

import signal


def main() -> None:
    """Run the command. Until it is loaded, Ctrl-C ends the process as any other: without a traceback."""
    on_interrupt = signal.getsignal(signal.SIGINT)
    if on_interrupt is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from leapter.cli import main as command  # noqa: PLC0415 (what is waited for)

    signal.signal(signal.SIGINT, on_interrupt)
    command()
