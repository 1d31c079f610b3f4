"""What the tests of the worker pool let real processes do; imports next to nothing."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from nodegraph.workers.channel import channel


class Odd(Exception):
    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"{left} and {right}")


class Locked(Exception):
    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.lock = threading.Lock()


class Speechless(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Unreadable:
    def __reduce__(self) -> Any:
        return _only_in_a_worker, ()


def _only_in_a_worker() -> None:
    raise ValueError("this class is not known here")


def echo(value: Any = None) -> Any:
    return value


def pid() -> int:
    return os.getpid()


def surroundings() -> dict[str, Any]:
    return {
        "nice": os.nice(0) if hasattr(os, "nice") else None,
        "threads": os.environ["OMP_NUM_THREADS"],
        "cv2": os.environ["OPENCV_FOR_THREADS_NUM"],
        "modules": set(sys.modules),
    }


def wait_for(file: Path) -> str:
    while not file.exists():
        time.sleep(0.005)
    return "seen"


def note(file: Path, text: str) -> None:
    with file.open("a") as out:
        out.write(text)


def segfault() -> None:
    ctypes.string_at(0)


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def terminate_self() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)


def interrupt_self() -> str:
    if hasattr(signal, "pthread_sigmask"):  # as a library may do
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.05)
    return "still here"


def leave_a_child_and_die(file: Path) -> None:
    nap = [sys.executable, "-c", "import time; time.sleep(60)"]
    child = subprocess.Popen(nap, close_fds=False)
    file.write_text(str(child.pid))
    kill_self()


def exit_3() -> None:
    os._exit(3)


def lose_connection() -> None:
    os.closerange(3, 100)
    time.sleep(60)


def sleep_in_python(seconds: float = 60) -> None:
    time.sleep(seconds)


def sleep_in_c(seconds: int = 60) -> None:
    ctypes.PyDLL(None).sleep(seconds)  # keeps the interpreter's lock: no thread runs


def spin() -> None:
    while True:
        pass


def late(how: str, file: Path) -> None:
    channel().step(2, time.monotonic() + 60)
    channel().step(3, time.monotonic() + 0.2)
    file.write_text(str(os.getpid()))
    globals()[how]()


def die_on_step(step: int, how: str) -> None:
    for index in range(step + 1):
        channel().step(index, None)
    globals()[how]()


def in_time() -> str:
    channel().step(0, time.monotonic() + 0.05)
    return "done"


def raise_(error: Any, *args: Any) -> None:
    raise error(*args)


def print_loudly() -> None:
    print("from python")
    os.write(1, b"from the descriptor\n")
    ctypes.CDLL(None).puts(b"from C")
    subprocess.run(["echo", "from a child"], check=True)


def a_lock() -> Any:
    return threading.Lock()


def unreadable() -> Any:
    return Unreadable()


def report_all(messages: list[Any]) -> str:
    for message in messages:
        channel().report(message)
    return "reported"


def report_a_lock() -> None:
    channel().report(threading.Lock())


def report_changing() -> None:
    message = [1]
    channel().report(message)
    message.append(2)


def report_then_die(file: Path) -> None:
    channel().report("before")
    wait_for(file)
    kill_self()


def report_too_late() -> None:
    def linger() -> None:
        for _ in range(200):
            channel().report("late")
            time.sleep(0.001)

    threading.Thread(target=linger, daemon=True).start()


def report_unreadable() -> None:
    channel().report(Unreadable())
    time.sleep(60)


def until_cancelled(file: Path) -> int:
    file.write_text(str(os.getpid()))
    while not channel().cancelled():
        time.sleep(0.005)
    return os.getpid()


def deaf(file: Path) -> None:
    file.write_text(str(os.getpid()))
    sleep_in_c()


def alone(file: Path, how: str) -> None:
    file.write_text(str(os.getpid()))
    globals()[how]()


def without_kernel_help(file: Path, how: str) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)  # PR_SET_PDEATHSIG: none
    file.write_text(str(os.getpid()))
    globals()[how]()
