"""What all reports of the laboratory have in common, as data that is written as JSON."""

from pydantic import BaseModel, ConfigDict


class Document(BaseModel):
    """Base of a report and of its parts: unknown keys are errors, and so is a number that is not finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
