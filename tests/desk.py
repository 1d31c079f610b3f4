"""A scheduler with fakes around it, and graphs for it."""

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from engine import SOON, Heard, graph, job
from fakes import FakeJob, Files, Memory, Pool, plainly

from nodegraph.scheduler.running import Job
from nodegraph.scheduler.scheduler import Scheduler

CHAIN = graph("source a:soft b:soft c:soft", "source>a.image", "a>b.image", "b>c.image")
FORK = graph(
    "source a:soft b:soft c:titled", "source>a.image", "a>b.image", "source>c.image"
)
DONE = ["pending", "processing", "completed"]


@dataclass
class Desk:
    """A scheduler and all that it works with."""

    pool: Pool
    store: Memory = field(default_factory=Memory)
    files: Files = field(default_factory=Files)
    heard: Heard = field(default_factory=Heard)
    options: dict[str, Any] = field(default_factory=dict)
    bench: Any = None

    def __post_init__(self) -> None:
        pool: Any = self.pool  # which is all of a WorkerPool that is asked for
        self.scheduler = Scheduler(
            self.store, self.files, pool, self.bench, **self.options
        )

    def submit(self, graph: Any, count: int = 1, **options: Any) -> "Future[None]":
        made = graph if isinstance(graph, Job) else self.job(graph, count, **options)
        self.store.bring_in(made.plans)
        return self.scheduler.submit(made)

    def job(self, graph: Any, count: int = 1, **options: Any) -> Job:
        return job(graph, count, **{"heard": self.heard, **options})

    def run(self, graph: Any, count: int = 1, **options: Any) -> Heard:
        """Carry out, and give what was heard of it."""
        heard: Heard = options.setdefault("heard", Heard())
        self.submit(graph, count, **options).result(SOON)
        return heard

    def again(self, **options: Any) -> "Desk":
        """The next process, on the same store."""
        pool = Pool(play=plainly)
        return Desk(pool, self.store, self.files, options=options)

    def rest(self) -> None:
        """Return when the scheduler has done all that it was told of until now."""
        for _ in range(4):
            self.scheduler.first("nobody")

    def key(self, node: str, shot: str | None = None) -> str:
        return self.heard.last(node, shot).task.key


def failing(*nodes: str, error: Exception | None = None) -> Any:
    """Every task works but those of these nodes."""

    def play(job: FakeJob, index: int, task: Any) -> None:
        if task.node in nodes:
            raise error or ValueError("it does not work: try another")

    return play
