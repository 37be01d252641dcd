from tests.store.conftest import first_worker, second_worker, worker

__all__ = ["first_worker", "second_worker", "worker"]
