#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The story of four members, on a fresh folder: told, then checked from outside."""
import json
import shutil
import stat
import subprocess
import unittest

import support

# Shorter strings stand in random bytes by chance.
NEEDLE_BYTES_MIN = 8
IDENTIFYING = ("family", "given", "birthDate", "value", "line", "id", "fullUrl", "reference")


def strings_of(value, key=""):
    """Every (key, text) of a JSON value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from strings_of(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from strings_of(inner, key)
    elif isinstance(value, str):
        yield key, value


def needles():
    """Names, identifiers, addresses and dates of the patients, as bytes."""
    out = set()
    for file in sorted((support.ROOT / "demo/data").glob("patient-*.json.zst")):
        text = subprocess.run(["zstd", "-dc", str(file)], capture_output=True, check=True).stdout
        for key, value in strings_of(json.loads(text)):
            moment = value[:4].isdigit() and value[4:5] == "-" and len(value) >= 10
            if (key in IDENTIFYING or moment) and len(value) >= NEEDLE_BYTES_MIN:
                out.add(value.encode())
                if moment:
                    out.add(value[:10].encode())
    return out


class DemoTest(support.Case):
    def tell(self):
        result = self.ok("demo", "--once", "--json", "--dir", "story", "--port", 0,
                         "--data", support.ROOT / "demo/data")
        return result.json()

    def test_story(self):
        story = self.tell()
        folder = self.folder / "story"
        self.assertEqual([s["step"] for s in story["steps"]], [1, 2, 3, 4, 5, 6])
        findings = {s["step"]: " | ".join(s["findings"]) for s in story["steps"]}
        self.assertIn("Four members", findings[1])
        self.assertIn("636 FHIR resources of 3 patients anchored by 4 manifests", findings[2])
        self.assertIn("rejected by not-custodian", findings[3])
        self.assertIn("Now: 4 record rows, 2 replaced versions, 8 slots opened, 1 link, 1 share",
                      findings[4])
        self.assertIn("1 record row, 0 replaced versions, 8 slots opened, 0 links, 0 shares",
                      findings[4])
        for what in ("a receipt: the transaction", "a stored block: the items",
                     "a state entry: the state proof", "of the list: the state proof",
                     "left out: the state proof does not hold: a row is missing from the list"):
            self.assertIn(what, findings[5])
        self.assertIn("same state root", findings[6])
        self.check_receipts(folder, story)
        self.check_altered(folder)
        self.check_ledger_copies(folder)
        self.check_privacy(folder)
        self.check_again(folder)

    def test_a_second_demo_leaves_the_first_ones_folder_alone(self):
        data = ("--data", support.ROOT / "demo/data", "--dir", "story", "--port", 0)
        first = subprocess.Popen([support.PROGRAM, "demo", *map(str, data)], cwd=self.folder,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(first.stdout.close)
        self.addCleanup(first.wait)
        self.addCleanup(first.terminate)
        while b"Ctrl" not in (line := first.stdout.readline()):
            self.assertTrue(line, "the first demo ended")
        before = sorted(p.name for p in (self.folder / "story").iterdir())
        result = self.refused(1, "demo", "--once", *data)
        self.assertIn("a demo is running in story", result.err)
        self.assertEqual(sorted(p.name for p in (self.folder / "story").iterdir()), before)
        self.assertIsNone(first.poll())

    def test_a_folder_that_no_demo_made_is_left_alone(self):
        for marker in (None, "not the demo's own words"):
            folder = self.folder / f"folder-{marker is None}"
            folder.mkdir()
            (folder / "kept").write_text("kept")
            if marker is not None:
                (folder / "DEMO").write_text(marker)
            result = self.refused(1, "demo", "--once", "--dir", folder, "--port", 0,
                                  "--data", support.ROOT / "demo/data")
            self.assertIn("was not made by the demo", result.err)
            self.assertEqual((folder / "kept").read_text(), "kept")

    def check_receipts(self, folder, story):
        files = sorted((folder / "receipts").iterdir())
        # Step 6 keeps receipts as well.
        self.assertEqual(len(files), story["receipts"])
        result = self.ok("receipt", "verify", "--json", "--genesis", folder / "genesis.json",
                         *files).json()
        self.assertEqual((result["good"], result["refused"]), (len(files), 0))
        outcomes = [r for r in result["receipts"] if r["kind"] == "outcome"]
        self.assertEqual({r["transaction"] for r in outcomes}, set(story["transactions"]))
        rejected = [r for r in outcomes if r["outcome"] != "applied"]
        self.assertEqual(len(rejected), 1)
        records = next(r for r in result["receipts"] if r["file"].endswith("4-now-records.receipt"))
        self.assertEqual(records["kind"], "complete list")
        self.assertEqual(len(records["rows"]), 4)
        earlier = next(r for r in result["receipts"]
                       if r["file"].endswith("4-earlier-records.receipt"))
        self.assertEqual(len(earlier["rows"]), 1)
        self.assertIn("as of", earlier)
        # Another network's genesis vouches for none of them.
        other = self.make_network("other")
        self.refused(1, "receipt", "verify", "--genesis", other / "genesis.json", files[0])

    def check_altered(self, folder):
        files = sorted((folder / "altered").iterdir())
        self.assertEqual([f.name for f in files],
                         ["entry.receipt", "list.receipt", "outcome.receipt",
                          "row-left-out.receipt", "stored.block"])
        for file in files:
            verify = ("ledger", "check-block") if file.suffix == ".block" else ("receipt", "verify")
            result = self.refused(1, *verify, "--genesis", folder / "genesis.json", file)
            self.assertIn("REFUSED", result.out)

    def check_ledger_copies(self, folder):
        result = self.ok("doctor", "--json", "--config", folder / "consilium.toml").json()
        ledgers = {f["text"] for f in result["findings"] if f["subject"].endswith(": ledger")}
        self.assertEqual(len(ledgers), 1, ledgers)  # four copies, one height and root
        self.assertIn("all links closed", ledgers.pop())
        self.assertEqual(result["faults"], 0)

    def check_privacy(self, folder):
        vault = folder / "hospital-vault.json"
        self.assertEqual(stat.S_IMODE(vault.stat().st_mode), 0o600)
        wanted = needles()
        self.assertGreater(len(wanted), 1000)
        # The search finds what is there: the vault file holds it all, but the shredded document.
        kept = set()
        for record_list in json.loads(vault.read_text())["lists"]:
            for document in record_list["documents"]:
                for _, text in strings_of(json.loads(document["payload"] or "{}")):
                    kept |= {text, text[:10]}
        missing = [n for n in wanted if n.decode().removeprefix("urn:uuid:") not in kept
                   and n.decode() not in kept]
        self.assertLess(len(missing), len(wanted) // 100, missing[:10])
        files = [f for f in folder.rglob("*") if f.is_file() and f != vault]
        files += self.export_blocks(folder)
        self.assertTrue(any(f.name == "log.json" for f in files))
        for file in files:
            content = file.read_bytes()
            for needle in wanted:
                self.assertNotIn(needle, content, file)

    def export_blocks(self, folder):
        """Every block as the ledger holds it: on disk it may be compressed."""
        network = self.folder / "again"
        shutil.copytree(folder, network)
        process = self.start_node(network)
        home = ("--home", network, "--member", "payer")
        height = self.ok("ledger", "status", "--json", *home).json()["height"]
        files = []
        for number in range(1, height + 1):
            file = self.folder / f"{number}.block"
            self.ok("ledger", "block", number, "--out", file, *home)
            files.append(file)
        self.assertGreater(len(files), 30)
        self.assertEqual(self.end(process, support.signal.SIGTERM), 0)
        return files

    def check_again(self, folder):
        """An earlier demo is replaced; a folder of somebody else's is not."""
        self.tell()
        self.refused_before_anything()
        other = self.folder / "mine"
        other.mkdir()
        (other / "file").write_text("keep me")
        self.refused(1, "demo", "--once", "--dir", other, "--data", support.ROOT / "demo/data")
        self.assertEqual((other / "file").read_text(), "keep me")

    def refused_before_anything(self):
        """Without documents to tell the story with, nothing is made and nothing is replaced."""
        data = self.folder / "data"
        data.mkdir()
        before = sorted((self.folder / "story").iterdir())
        for content, code, says in ((None, 4, "there are no FHIR Bundles"),
                                    (b"no zstd", 2, "is not a zstd file"),
                                    ("hospitals", 2, "there is no Patient"),
                                    ("patient-2", 0, "anchored by 2 manifests")):
            with self.subTest(content=content):
                if isinstance(content, str):
                    content = (support.ROOT / f"demo/data/{content}.json.zst").read_bytes()
                if content is not None:
                    (data / "one.json.zst").write_bytes(content)
                result = self.run_command("demo", "--once", "--port", 0, "--data", data)
                self.assertEqual(result.code, code, result.err)
                self.assertIn(says, result.out + result.err)
                self.assertEqual((self.folder / "consilium-demo").exists(), code == 0)
        self.refused(4, "demo", "--once", "--dir", "story", "--data", "missing")
        self.assertEqual(sorted((self.folder / "story").iterdir()), before)


if __name__ == "__main__":
    unittest.main()
