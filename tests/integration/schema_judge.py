"""The schemas, judged by another implementation of JSON Schema.

Every schema has to be one of JSON Schema 2020-12 and may refer only to what is
there; each document (a line of JSON from schema-verdict on standard input) has
to get the verdict that Assay gave. Usage: schema_judge.py FOLDER <LINES
"""
import json
import pathlib
import sys
import warnings

warnings.simplefilter("ignore")  # RefResolver is old; Debian's is older
try:
    from jsonschema import Draft202012Validator, RefResolver
except ImportError:
    print("SKIP: python3-jsonschema is not there")
    sys.exit(77)

folder = pathlib.Path(sys.argv[1]).resolve()
schemas = {file.as_uri(): json.loads(file.read_text())
           for file in sorted(folder.glob("*.schema.json"))}
bad = 0


def complain(text):
    global bad
    bad += 1
    print("not ok:", text)


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


for uri, schema in schemas.items():
    Draft202012Validator.check_schema(schema)
    resolver = RefResolver(uri, schema, store=dict(schemas))
    for reference in set(references(schema)):
        try:
            resolver.resolve(reference)
        except Exception as error:
            complain(f"{uri}: {reference}: {error}")

judges = {}
counts = {True: 0, False: 0}
for line in sys.stdin:
    verdict = json.loads(line)
    kind = verdict["kind"]
    if kind not in judges:
        uri = (folder / f"{kind.lower()}.schema.json").as_uri()
        judges[kind] = Draft202012Validator(
            schemas[uri],
            resolver=RefResolver(uri, schemas[uri], store=dict(schemas)))
    errors = list(judges[kind].iter_errors(verdict["document"]))
    counts[verdict["valid"]] += 1
    if verdict["valid"] != (not errors):
        why = "; ".join(f"{list(e.absolute_path)}: {e.message}" for e in errors)
        complain(f"{verdict['file']}: Assay says "
                 f"{'valid' if verdict['valid'] else 'not valid'}, the judge "
                 f"{'valid' if not errors else why[:600]}")

print(f"{len(schemas)} schemas, {counts[True]} valid documents, "
      f"{counts[False]} others, {bad} disagreements")
if counts[True] < 5 or counts[False] < 5:
    complain("too few documents")
sys.exit(1 if bad else 0)
