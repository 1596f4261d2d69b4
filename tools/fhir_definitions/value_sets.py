# SPDX-License-Identifier: Apache-2.0
"""Expands the value sets of required bindings, as far as the package enumerates their codes."""

# Code systems that no package can enumerate, and the shape that their codes have.
SHAPES = {
    "urn:ietf:bcp:13": "mime",
    "urn:ietf:bcp:47": "language",
    "urn:iso:std:iso:4217": "currency",
    "http://unitsofmeasure.org": "ucum",
}
# Value sets that are not in the package, and whose codes have such a shape.
SHAPED_SETS = {"http://www.rfc-editor.org/bcp/bcp13.txt": "mime"}
# More codes than this are not listed in the data file.
CODES_MAX = 2000


class NotEnumerable(Exception):
    """The codes are not in the package."""


class Terminology:
    """All value sets and code systems of the package, by canonical URL."""

    def __init__(self, bundles):
        self.sets, self.systems = {}, {}
        for bundle in bundles:
            for entry in bundle["entry"]:
                resource = entry["resource"]
                kind = {"ValueSet": self.sets, "CodeSystem": self.systems}.get(
                    resource["resourceType"])
                if kind is not None:
                    kind.setdefault(resource["url"], resource)

    def shape(self, url):
        """The shape of a value set's codes when they are all of one system in SHAPES, or None."""
        if url in SHAPED_SETS:
            return SHAPED_SETS[url]
        includes = self.sets.get(url, {}).get("compose", {}).get("include", [])
        shapes = {SHAPES.get(i.get("system")) for i in includes}
        whole = all(set(i) <= {"system"} for i in includes)
        return shapes.pop() if whole and len(shapes) == 1 else None

    def expand(self, url, above=()):
        """{system: set of codes} of a value set. Raises NotEnumerable."""
        if url in above or url not in self.sets:
            raise NotEnumerable(url)
        out = {}
        compose = self.sets[url].get("compose", {})
        for include in compose.get("include", []):
            for system, codes in self._part(include, above + (url,)).items():
                out.setdefault(system, set()).update(codes)
        for exclude in compose.get("exclude", []):
            for system, codes in self._part(exclude, above + (url,)).items():
                out.get(system, set()).difference_update(codes)
        if not any(out.values()) or sum(map(len, out.values())) > CODES_MAX:
            raise NotEnumerable(url)
        return {system: codes for system, codes in out.items() if codes}

    def _part(self, part, above):
        found = None
        if "system" in part:
            found = {part["system"]: self._of_system(part)}
        # Value sets of one include are intersected, with each other and with the system's codes.
        for reference in part.get("valueSet", []):
            other = self.expand(reference.split("|")[0], above)
            if found is None:
                found = other
            else:
                found = {s: codes & other.get(s, set()) for s, codes in found.items()}
        if found is None:
            raise NotEnumerable("an include of nothing")
        return found

    def _of_system(self, part):
        if "concept" in part:
            return {c["code"] for c in part["concept"]}
        system = self.systems.get(part["system"])
        if system is None or system.get("content") != "complete":
            raise NotEnumerable(part["system"])
        parents, abstract = {}, set()
        self._walk(system.get("concept", []), None, parents, abstract)
        codes = set(parents) - abstract
        for rule in part.get("filter", []):
            if rule["property"] != "concept" or rule["op"] not in ("is-a", "descendent-of"):
                raise NotEnumerable(part["system"])
            below = {c for c in parents if self._is_below(c, rule["value"], parents)}
            codes &= below | ({rule["value"]} if rule["op"] == "is-a" else set())
        return codes

    def _walk(self, concepts, parent, parents, abstract):
        for concept in concepts:
            above = {parent} if parent else set()
            for item in concept.get("property", []):
                if item["code"] == "subsumedBy":
                    above.add(item["valueCode"])
                if item["code"] == "notSelectable" and item.get("valueBoolean"):
                    abstract.add(concept["code"])
            parents.setdefault(concept["code"], set()).update(above)
            self._walk(concept.get("concept", []), concept["code"], parents, abstract)

    def _is_below(self, code, ancestor, parents):
        seen, todo = set(), set(parents.get(code, ()))
        while todo:
            at = todo.pop()
            if at == ancestor:
                return True
            if at not in seen:
                seen.add(at)
                todo |= parents.get(at, set())
        return False
