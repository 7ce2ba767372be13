"""The one worker that is always there: this process."""

from collections.abc import Callable, Iterator, Sequence

from typing_extensions import override

from tasks.progress import report_progress
from tasks.workers.base import Failure, R, T, Workers, attempt, name_item


class ThisProcess(Workers):
    """One worker, without any process of its own."""

    @property
    @override
    def count(self) -> int:
        return 1

    @override
    def run(
        self, work: Callable[[T], R], items: Sequence[T], step: str
    ) -> Iterator[tuple[int, R | Failure]]:
        for index, item in enumerate(items):
            try:
                result = attempt(work, item)
            except Exception as error:
                name_item(error, step, index, item)
                raise
            report_progress(step, index + 1, len(items))
            yield index, result
