"""The document of a call where a store on a disk has it: the attributes of its root group, which the catalogue reads alone."""

import json
from pathlib import Path

from pydantic import ValidationError

from monitor.errors import NotFoundError, StoreError
from monitor.store.call_document import NOT_JSON, CallDocument
from monitor.store.disk import write_json
from monitor.store.versions import FORMAT
from monitor.validation import first_sentence


def read_document(call_folder: Path) -> CallDocument:
    """The document of a call. Raises `NotFoundError`, or `StoreError` where it is damaged or of a newer version."""
    call = call_folder.stem
    try:
        attributes = json.loads((call_folder / "zarr.json").read_bytes())["attributes"]
    except FileNotFoundError as error:
        raise NotFoundError(f"call {call} is not in this store") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"call {call} is damaged: {call_folder / 'zarr.json'} cannot be read ({error})") from error
    written = attributes.get("format") if isinstance(attributes, dict) else None
    if isinstance(written, int) and written > FORMAT:
        raise StoreError(
            f"call {call} was written by a newer emotion-monitor (format {written}); this one reads up to {FORMAT}"
        )
    try:
        document = CallDocument.model_validate(attributes)
    except ValidationError as error:
        wrong = first_sentence(error.errors(), "attributes")
        raise StoreError(f"call {call} is damaged: {call_folder / 'zarr.json'}: {wrong}") from error
    if document.call != call:
        raise StoreError(f"call {call} is damaged: {call_folder / 'zarr.json'} is the document of another call")
    return document


def document_bytes(call_folder: Path) -> bytes:
    """The file that the document is in; empty where the call went meanwhile. Raises `OSError`."""
    try:
        return (call_folder / "zarr.json").read_bytes()
    except FileNotFoundError:
        return b""


def write_document(call_folder: Path, document: CallDocument, fsync: bool) -> None:
    """Put the document in place, atomically: the root group of the call, as zarr 3 writes it."""
    attributes = document.model_dump(mode="json")
    try:
        write_json(call_folder / "zarr.json", {"attributes": attributes, "zarr_format": 3, "node_type": "group"}, fsync)
    except (TypeError, ValueError) as error:
        raise StoreError(f"cannot write call {document.call}: {NOT_JSON} ({error})") from error
