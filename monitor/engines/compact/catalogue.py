"""The compact engine's models: the weights that ship."""

from monitor.engines.catalogue import ListedModel, Models
from monitor.engines.compact.network import STEP_INPUTS
from monitor.engines.compact.shipped import DEFAULT, SHIPPED
from monitor.engines.compact.weights import load_weights
from monitor.errors import EngineError


class CompactModels(Models):
    """All shipped weights, the default first, each with the licence that its header says."""

    def listed(self) -> list[ListedModel]:
        """See `Models`."""
        return [_listed(name) for name in sorted(SHIPPED, key=lambda name: (name != DEFAULT, name))]


def _listed(name: str) -> ListedModel:
    try:
        weights = load_weights(SHIPPED[name], STEP_INPUTS)
    except EngineError as error:
        return ListedModel("compact", name, "", None, None, "", None, str(error))
    size = sum(tensor.size for tensor in weights.tensors.values())
    return ListedModel("compact", name, weights.name, weights.shape.dim, size, weights.licence, SHIPPED[name].parent)
