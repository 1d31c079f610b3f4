"""What differs between operating systems, each behind one function."""

import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import IO

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc
_LARGEST_MMAP_THRESHOLD = 32 << 20  # glibc takes no more
_MORE_WILLINGLY = "500"  # of -1000 to 1000: how readily the kernel picks the process

_SIGNALS = {
    "SIGSEGV": "segmentation fault",
    "SIGBUS": "bus error",
    "SIGILL": "illegal instruction",
    "SIGFPE": "arithmetic error",
    "SIGABRT": "aborted itself",
    "SIGKILL": "killed (often: out of memory)",
    "SIGTERM": "ended by another program",
    "SIGXCPU": "ran over its processor time limit",
}
# NTSTATUS values that Windows gives as the exit code of a crashed process.
_NTSTATUS = {
    0xC0000005: "segmentation fault",
    0xC000001D: "illegal instruction",
    0xC0000017: "out of memory",
    0xC00000FD: "stack overflow",
    0xC0000409: "aborted itself",
    0xC000013A: "ended by another program",
}


def exit_reason(code: int | None) -> str:
    """Why a process ended, in a user's words, from its `exitcode`.

    A negative code is the number of a signal, as `multiprocessing` has it; `None`
    means that the system kept no exit code.
    """
    if code is None:
        return "ended without saying why"
    if code < 0:
        return _signal_reason(-code)
    return _NTSTATUS.get(code, f"exited with code {code}")


def _signal_reason(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"ended by signal {number}"
    return _SIGNALS.get(name, f"ended by signal {name}")


def lower_priority(nice: int) -> None:
    """Let this process yield to others: `nice` steps (0 to 19) below its present rank.

    Windows knows no steps: there anything above 0 is "below normal".
    """
    if nice <= 0:
        return
    if sys.platform == "win32":
        import psutil

        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(nice)


def die_first_when_memory_ends() -> None:
    """Offer this process to the kernel before its parent when memory runs out.

    Only Linux can be told; elsewhere nothing happens.
    """
    if sys.platform == "linux":
        try:
            with open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123 - no pathlib in a worker's start
                file.write(_MORE_WILLINGLY)
        except OSError:
            return  # a container may hide it; the kernel then decides alone


def keep_freed_memory(most: int) -> None:
    """Let this process use up to `most` freed bytes again instead of returning them.

    Pictures come and go: else the system hands out, and clears, the same pages for
    each.  Only the C library of Linux can be told (mallopt(3)); elsewhere nothing
    happens.
    """
    if sys.platform != "linux":
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl has none
        mallopt(_M_MMAP_THRESHOLD, min(most, _LARGEST_MMAP_THRESHOLD))
        mallopt(_M_TRIM_THRESHOLD, most)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when `parent`, a process id, ends.

    "Parent" is the thread that started this process, so that thread has to live as
    long as its children.  Only Linux offers it (prctl(2), PR_SET_PDEATHSIG);
    elsewhere nothing happens and a child has to watch its parent itself.
    """
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the call
        os._exit(1)


def leave_interrupts_to_parent() -> None:
    """Ignore Ctrl-C, which a terminal sends to children too; SIGTERM still ends us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})


def hold_interrupts_in_this_thread() -> None:
    """Block Ctrl-C in the calling thread, and in every process that it starts.

    A child inherits the block and so lives through a Ctrl-C that comes before it
    could say `leave_interrupts_to_parent`.  Windows has no such mask: nothing happens.
    """
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def send_stdout_to_stderr() -> None:
    """Let all that this process prints, C libraries included, go to standard error."""
    try:
        os.dup2(2, 1)
    except OSError:
        return  # a window without a terminal has neither
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)


def spare_the_collector() -> None:
    """Look for garbage cycles less often, and not among what is there already.

    For a process that is ours alone: records live long and hold no cycles, so that
    looking through all of them again and again finds nothing and stops every thread.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@contextmanager
def stdout_as_stderr() -> Iterator[None]:
    """Within, what C code and other programs print goes to standard error."""
    with ExitStack() as stack:
        with suppress(OSError):  # a window without a terminal has neither
            stdout = os.dup(1)
            stack.callback(os.close, stdout)
            stack.callback(os.dup2, stdout, 1)
            os.dup2(2, 1)
        yield


_overhearing = threading.Lock()


@contextmanager
def overheard() -> Iterator[list[str]]:
    """Within, what anybody writes to stderr is held back; afterwards it is in the list.

    For libraries in C that speak there of what they should have raised.  Where there
    is no stderr, or no room to keep it, nothing is held back.
    """
    import tempfile

    lines: list[str] = []
    with ExitStack() as stack:
        stack.enter_context(_overhearing)  # one at a time: there is one stderr
        with suppress(OSError):
            file = stack.enter_context(tempfile.TemporaryFile())
            stack.callback(_hang_up, os.dup(2), file, lines)
            os.dup2(file.fileno(), 2)
        yield lines


def _hang_up(stderr: int, file: IO[bytes], lines: list[str]) -> None:
    os.dup2(stderr, 2)
    os.close(stderr)
    file.seek(0)
    lines += file.read().decode(errors="replace").splitlines()
