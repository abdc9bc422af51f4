# SPDX-License-Identifier: BSD-2-Clause
"""contrib/hostler.schema.json and the reading of hostler.yaml are of one mind:
the same keys in the same places, every value that the schema knows is taken,
what it does not know is refused, and the examples fit it."""
import json
import re
import subprocess
import sys
import textwrap

from hostlertest import HOSTLER, LIMIT_S, SRC, case, finish, folder, same

try:
    import yaml
except ImportError:
    print("SKIP: python3-yaml is not installed")
    sys.exit(77)

SCHEMA = json.loads((SRC / "contrib" / "hostler.schema.json").read_text())
TYPES = {"object": dict, "array": list, "string": str, "integer": int,
         "boolean": bool, "null": type(None)}


class Loader(yaml.SafeLoader):
    """As YAML 1.2, where `yes` and `off` are words."""
    yaml_implicit_resolvers = {
        first: [one for one in found if not one[0].endswith(":bool")]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()}


# ---- as much of JSON Schema as the file uses ----

def has_type(value, name):
    if isinstance(value, bool) and name == "integer":
        return False
    return isinstance(value, TYPES[name])


def object_fits(schema, value):
    known = schema.get("properties", {})
    rest = schema.get("additionalProperties", True)
    return not isinstance(value, dict) or (
        len(value) <= schema.get("maxProperties", len(value)) and
        all(key in value for key in schema.get("required", ())) and
        all(fits(known.get(key, rest), item) for key, item in value.items()))


def array_fits(schema, value):
    return not isinstance(value, list) or (
        schema.get("minItems", 0) <= len(value) <=
        schema.get("maxItems", len(value)) and
        all(fits(schema.get("items", True), item) for item in value))


def scalar_fits(schema, value):
    if isinstance(value, str):
        return (schema.get("minLength", 0) <= len(value) <=
                schema.get("maxLength", len(value)) and
                re.search(schema.get("pattern", ""), value) is not None)
    if isinstance(value, int):
        return (schema.get("minimum", value) <= value <=
                schema.get("maximum", value))
    return True


KEYWORDS = {"$schema", "$id", "$comment", "title", "description", "default",
            "examples", "definitions", "type", "const", "enum", "anyOf", "not",
            "properties", "additionalProperties", "required", "maxProperties",
            "items", "minItems", "maxItems", "minLength", "maxLength",
            "pattern", "minimum", "maximum"}


def fits(schema, value):
    if isinstance(schema, bool):
        return schema
    if "$ref" in schema:
        return fits(definition(schema), value)
    assert set(schema) <= KEYWORDS, set(schema) - KEYWORDS
    types = schema.get("type", ())
    types = [types] if isinstance(types, str) else types
    return ((not types or any(has_type(value, name) for name in types)) and
            value == schema.get("const", value) and
            value in schema.get("enum", [value]) and
            ("anyOf" not in schema or
             any(fits(one, value) for one in schema["anyOf"])) and
            not ("not" in schema and fits(schema["not"], value)) and
            object_fits(schema, value) and array_fits(schema, value) and
            scalar_fits(schema, value))


def definition(schema):
    return SCHEMA["definitions"][schema["$ref"].rsplit("/", 1)[1]]


# ---- values that it allows ----

def samples(schema):
    """Some values of every shape that the schema allows."""
    if "$ref" in schema:
        yield from samples(definition(schema))
        return
    yield from schema.get("examples", ())
    if "const" in schema:
        yield schema["const"]
    for value in schema.get("enum", ()):
        # `off` as parsers of YAML 1.1 have it; written it is off.
        if not (value is False and "off" in schema["enum"]):
            yield value
    if schema.get("type") == "boolean":
        yield from (True, False)
    if "items" in schema:
        yield from ([item] for item in samples(schema["items"]))
    if "properties" in schema:
        yield from objects(schema)
    elif isinstance(schema.get("additionalProperties"), dict):
        yield from ({"one": value}
                    for value in samples(schema["additionalProperties"]))
    else:
        for one in schema.get("anyOf", ()):
            yield from samples(one)


def objects(schema):
    """Each key with each value, beside the keys that it needs."""
    bases = [{}]
    needed = [one.get("required", []) for one in schema.get("anyOf", [{}])]
    for keys in needed:
        base = [{}]
        for key in schema.get("required", []) + keys:
            base = [{**have, key: value} for have in base
                    for value in samples(schema["properties"][key])]
        bases += base
    for key, inner in schema["properties"].items():
        for value in samples(inner):
            for have in bases:
                made = {**have, key: value}
                if fits(schema, made):
                    yield made
                    break


# ---- hostler ----

def run(where, document):
    conf = where / "hostler.yaml"
    conf.write_text(json.dumps(document))
    return subprocess.run([HOSTLER, "-T", "-c", str(conf)], text=True,
                          capture_output=True, timeout=LIMIT_S)


def check_taken(where):
    count = 0
    refused = []
    for document in samples({key: SCHEMA[key] for key in SCHEMA
                             if key != "type"}):
        got = run(where, document)
        count += 1
        if got.returncode:
            refused.append((document, got.stderr))
        for key in document:
            if got.returncode == 0 and f"\n{key}:" not in "\n" + got.stdout:
                refused.append((document, "not printed"))
    case("there are many values", count > 200, count)
    case("each is taken, and printed by -T", not refused, refused[:3])


def paths(schema, before=()):
    """Where keys are: lists of keys, 0 for within a list."""
    if "$ref" in schema:
        schema = definition(schema)
    for one in schema.get("anyOf", ()):
        if "required" not in one:
            yield from paths(one, before)
    if "items" in schema:
        yield from paths(schema["items"], before + (0,))
    for key, inner in schema.get("properties", {}).items():
        yield before + (key,)
        yield from paths(inner, before + (key,))


def put(path, value):
    for key in reversed(path):
        value = [value] if key == 0 else {key: value}
    return value


def check_refused(where):
    """A mapping of unknown keys is right nowhere."""
    odd = {"xyzzy": {"xyzzy": 1}}
    places = sorted(set(paths(SCHEMA)), key=str)
    same("nothing unknown fits the schema",
         [path for path in places if fits(SCHEMA, put(path, odd))], [])
    same("nor is it taken",
         [path for path in places if run(where, put(path, odd)).returncode == 0],
         [])


# ---- the keys ----

def read_tables():
    """The tables of keys in the source, without those not offered."""
    tables = []
    for path in sorted((SRC / "src").glob("conf*.c")):
        text = path.read_text()
        for table in re.findall(r"(?s)struct confyaml_key keys\[\] = \{(.*?)\};",
                                text):
            found = re.findall(r'\{"([^"]+)", (\w+)\}', table)
            tables.append(sorted(key for key, read in found if read != "NULL"))
    return sorted(tables)


def schema_tables(schema):
    if isinstance(schema, list):
        for item in schema:
            yield from schema_tables(item)
    if not isinstance(schema, dict):
        return
    if schema.get("additionalProperties") is False:
        yield sorted(schema["properties"])
    for key, inner in schema.items():
        if key not in ("default", "examples"):
            yield from schema_tables(inner)


def check_keys():
    tables = read_tables()
    case("there are tables", len(tables) >= 12, tables)
    same("schema and source have the same keys",
         sorted(schema_tables(SCHEMA)), tables)


def check_ids():
    """The ids of warnings in the source, the schema and the manual."""
    source = (SRC / "src" / "warnids.c").read_text()
    linter = (SRC / "src" / "names" / "lintrun.c").read_text()
    known = sorted(re.findall(r'(?m)^ {4}"([a-z-]+)",$', source) +
                   re.findall(r'\[LINT_\w+\] = "([a-z-]+)"', linter))
    case("there are ids", len(known) > 20, known)
    same("the schema has them", sorted(SCHEMA["definitions"]["warning"]["enum"]),
         known)
    page = (SRC / "man" / "hostler.yaml.5").read_text()
    page = page[page.index(".Sh WARNINGS"):page.index(".Sh EXAMPLES")]
    same("the manual has them", sorted(re.findall(r"(?m)^\.It Li ([a-z-]+)$",
                                                  page)), known)


def in_pages():
    """What stands in manual pages: all that hostler.yaml(5) shows, and
    elsewhere what begins with a word on hostler.yaml."""
    for path in (SRC / "man").glob("*.[578]"):
        for text in re.findall(r"(?ms)^\.Bd -literal[^\n]*\n(.*?)^\.Ed$",
                               path.read_text()):
            if path.name == "hostler.yaml.5" or "hostler.yaml" in \
                    text.split("\n")[0]:
                yield path.name, text.replace("\\(dq", '"').replace("\\e", "\\")


def in_readme():
    """Indented paragraphs that begin with a key, a comment apart."""
    keys = "|".join(SCHEMA["properties"])
    for path in SRC.glob("README*"):
        for text in re.findall(r"(?m)(?:^    .*\n)+", path.read_text()):
            if re.match(rf"(?:    #.*\n)*    (?:{keys}):", text):
                yield path.name, textwrap.dedent(text)


def check_examples():
    files = [*(SRC / "zones").glob("*/*.yaml"), *(SRC / "contrib").glob("*.yaml")]
    texts = [(path, path.read_text()) for path in files
             if path.name != "kube-dns-nodeport.yaml"]
    case("there are examples", len(texts) >= 10, texts)
    readme, pages = list(in_readme()), list(in_pages())
    case("in README, too", len(readme) >= 3, readme)
    case("and in manual pages", len(pages) >= 4, pages)
    texts += readme + pages
    same("each fits the schema",
         [one for one in texts
          if not fits(SCHEMA, yaml.load(one[1], Loader))], [])


with folder() as where:
    check_keys()
    check_ids()
    check_examples()
    check_taken(where)
    check_refused(where)
finish()
