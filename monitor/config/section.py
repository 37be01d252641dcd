"""What all sections of the settings have in common."""

from pydantic import BaseModel, ConfigDict

Seconds = float


class Section(BaseModel):
    """Base of all sections: unknown keys are errors, values do not change once loaded."""

    model_config = ConfigDict(extra="forbid", frozen=True)
