"""The seam for other YAML documents (scenarios, mappings): a file in, a pydantic model out, errors with a place.

    class Scenario(documents.Model):
        '''What the world does to a centre.'''

        duration: documents.Duration                       # ``8h`` → 28_800_000
        answered: documents.Share = 1000                   # ``80%`` → 800
        calls_per_hour: float = Field(ge=0, description="Poisson arrivals")  # the file says ``calls-per-hour``

    scenario = documents.read_model("configs/quickstart/scenarios/monday.yaml", Scenario)

Everything wrong with the file comes at once, as one ``ConfigError``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from router.config.problems import validate
from router.config.scalars import (
    Duration,
    Model,
    Name,
    PositiveDuration,
    Share,
    Weight,
    Words,
    by_shape,
    wrong,
)
from router.config.yaml_source import Document, read_file, read_text, with_file_order
from router.errors import ConfigError

__all__ = [
    "Document",
    "Duration",
    "Model",
    "Name",
    "PositiveDuration",
    "Share",
    "Weight",
    "Words",
    "by_shape",
    "read_model",
    "read_model_text",
    "validate_document",
    "wrong",
]

ModelT = TypeVar("ModelT", bound=BaseModel)


def read_model(path: str | Path, model: type[ModelT]) -> ModelT:
    """Return the YAML file as a model; raises ``ConfigError`` with every problem and its place.

    ``model`` should be a ``documents.Model``: kebab-case keys, strict kinds, no unknown keys. Top-level keys that
    start with ``x-`` are left out, so that anchors have somewhere to live. In a validator, ``documents.wrong(message,
    hint)`` raises a problem; ``ValueError`` works too, without a hint.
    """
    return validate_document(read_file(Path(path)), model)


def read_model_text(text: str, model: type[ModelT], name: str = "<text>") -> ModelT:
    """Return the YAML text as a model, like ``read_model``; ``name`` stands in the problems for the file."""
    return validate_document(read_text(text, name), model)


def validate_document(document: Document, model: type[ModelT]) -> ModelT:
    """Return a document that was read before as a model, or raise ``ConfigError``."""
    result = validate(document, model)
    if result is None or document.problems:
        raise ConfigError(with_file_order(document.problems, [document.name]))
    return result
