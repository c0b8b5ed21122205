"""JSON Schema (2020-12) of the files, from the models that read them."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Generator(GenerateJsonSchema):
    """Leaves out what only Python needs: that a key that is not written is None, and titles made from names."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])  # defaults are in the descriptions, as people write them

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a document that the model reads; top-level keys ``x-…`` are free."""
    schema = model.model_json_schema(by_alias=True, schema_generator=_Generator)
    for name, part in schema.get("$defs", {}).items():
        if part.get("title") == name:
            del part["title"]
    schema["patternProperties"] = {"^x-": True, **schema.get("patternProperties", {})}
    title = model.__name__.removesuffix("File").lower()
    return {"$schema": DIALECT, **schema, "title": f"switchroom {title}"}


def schema_text(model: type[BaseModel]) -> str:
    """Return the schema as a file has it."""
    return json.dumps(schema_of(model), ensure_ascii=False, indent=2) + "\n"
