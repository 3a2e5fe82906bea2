"""What the supervisor needs of the operating system: adoption of orphans, beginnings of commands, signals.

Imports only what costs nothing: `signal` and `ctypes` take some milliseconds each, their cores do not.
"""

import os
import sys
import termios

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
else:
    import _signal as signal

INTERRUPT, TERMINATE, KILL = int(signal.SIGINT), int(signal.SIGTERM), int(signal.SIGKILL)

TERMINAL_SIZE = (50, 120)
"""Rows and columns of a command's terminal."""

EXIT_CODE_NOT_STARTED = 127

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> bool:
    """Make this process the parent of every descendant whose own parent ends; False where that cannot be."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def ignore_requests_to_end() -> None:
    """Let only the orchestrator, or SIGKILL, end this process: Ctrl-C or a service's stop meet it too."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)


def wake_on_child_end() -> int:
    """A file descriptor that becomes readable whenever a child of this process ends."""
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    os.set_blocking(write_end, False)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return read_end


def start_on_terminal(arguments: list[bytes]) -> tuple[int, int]:
    """Start the command in a session of its own on a new terminal; returns its pid and our end of that.

    It reads end-of-file, and is killed when this process dies. The terminal does not control the session, so
    that `/dev/tty` cannot be opened: nobody is there to answer what a program would ask on it. Raises OSError
    when the command cannot be started.
    """
    ours, theirs = os.openpty()
    try:
        _set_up(theirs)
        pid = _start(arguments, [theirs])
    except OSError:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    os.set_blocking(ours, False)
    return pid, ours


def start_on_pipes(arguments: list[bytes], pipes: list[int]) -> int:
    """Start the command in a session of its own, with these for stdin, stdout and stderr; returns its pid.

    It is killed when this process dies. Raises OSError when it cannot be started.
    """
    return _start(arguments, pipes)


def foreground_group(terminal: int, default: int) -> int:
    """The process group that Ctrl-C on this terminal would meet."""
    try:
        group = os.tcgetpgrp(terminal)
    except OSError:
        return default
    return group if group > 1 else default


def send_signal(pids: set[int], number: int) -> None:
    """Send the signal to each; one that is gone or out of our reach is passed over."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            continue


def send_signal_to_group(group: int, number: int) -> bool:
    """Send the signal to a process group; False when nobody is in it."""
    try:
        os.killpg(group, number)
    except OSError:
        return False
    return True


def _set_up(terminal: int) -> None:
    """No echo, and newlines as the programs write them."""
    mode = termios.tcgetattr(terminal)
    mode[1] &= ~termios.OPOST
    mode[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSANOW, mode)
    termios.tcsetwinsize(terminal, TERMINAL_SIZE)


def _start(arguments: list[bytes], files: list[int]) -> int:
    """Start the command on a terminal (one file) or on pipes (three); returns its pid.

    When this returns, the program runs, so that a signal finds it and not what it was before.
    """
    told, to_tell = os.pipe()
    try:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _become(arguments, files, parent, to_tell)
        os.close(to_tell)
        to_tell = -1
        _await_program(told)
    finally:
        os.close(told)
        if to_tell >= 0:
            os.close(to_tell)
    return pid


def _become(arguments: list[bytes], files: list[int], parent: int, to_tell: int) -> None:
    """In the child: turn into the command, or tell the error's number. Never returns."""
    try:
        os.setsid()
        if len(files) == 1:
            files = [os.open(os.devnull, os.O_RDONLY), files[0], files[0]]
        for standard, file in enumerate(files):
            os.dup2(file, standard)
        _prctl(_PR_SET_PDEATHSIG, KILL)
        if os.getppid() == parent:
            _restore_signals()
            os.execv(arguments[0], arguments)  # noqa: S606 (the command is the plan's)
    except OSError as error:
        os.write(to_tell, str(error.errno).encode())
    finally:
        os._exit(EXIT_CODE_NOT_STARTED)


def _await_program(told: int) -> None:
    """Wait for the child to turn into its program, which closes its end; OSError with its error's number."""
    problem = os.read(told, 4)
    if problem:
        raise OSError(int(problem), os.strerror(int(problem)))


def _restore_signals() -> None:
    """A signal that is ignored or blocked here would stay so in the command."""
    for number in signal.valid_signals():
        try:
            signal.signal(number, signal.SIG_DFL)
        except (OSError, ValueError):
            continue
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _prctl(option: int, argument: int) -> bool:
    if sys.platform != "linux":
        return False
    try:
        import _ctypes  # noqa: PLC0415 (only where it is of use)

        address = _ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl")  # type: ignore[arg-type]  # None: this program
        return bool(_ctypes.call_function(address, (option, argument, 0, 0, 0)) == 0)
    except (ImportError, AttributeError, OSError):
        return _prctl_by_ctypes(option, argument)


def _prctl_by_ctypes(option: int, argument: int) -> bool:
    """The documented way, where the quick one is not there."""
    try:
        import ctypes  # noqa: PLC0415 (slow to import)

        return bool(ctypes.CDLL(None).prctl(option, argument, 0, 0, 0) == 0)
    except (ImportError, AttributeError, OSError):
        return False
