#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command: its result, its JSON, its exit code, and what it says of bad input."""
import json
import pathlib
import re
import secrets
import signal
import stat
import subprocess
import time
import unittest

import support


EXIT_CODES = (0, 1, 2, 3, 4, 70)


def roff_plain(text):
    return text.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "").replace("\\fI", "")


class CommandLineTest(support.Case):
    def commands(self):
        """All commands, from the completion script."""
        script = self.ok("completion", "bash").out
        paths = re.findall(r'^        "(consilium[^"]*)"\) words=', script, re.M)
        return [path.split()[1:] for path in paths]

    def test_help_of_every_command(self):
        commands = self.commands()
        self.assertGreater(len(commands), 30)
        for command in commands:
            with self.subTest(command=command):
                result = self.ok(*command, "--help")
                self.assertIn("Usage: ", result.out)
                self.assertEqual(result.err, "")

    def test_manual_page_names_all_commands_and_is_the_one_in_docs(self):
        page = self.ok("man").out
        plain = roff_plain(page)
        for command in self.commands():
            leaf = self.ok(*command, "--help").out
            if "Subcommands:" not in leaf:
                self.assertIn(".SS consilium " + " ".join(command), plain)
        for code in EXIT_CODES:
            self.assertIn(f".B {code}\n", page)
        kept = (support.ROOT / "docs/man/consilium.1").read_text()
        self.assertEqual(page, kept, "consilium man > docs/man/consilium.1")
        done = subprocess.run(["man", "--warnings", "-l", "-"], input=page, text=True,
                              capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_documentation_names_all_commands_and_exit_codes(self):
        page = (support.ROOT / "docs/cli.md").read_text()
        for command in self.commands():
            if command:
                self.assertIn("consilium " + " ".join(command), page)
        for code in EXIT_CODES:
            self.assertRegex(page, rf"\n\| {code} \|")

    def test_completion_completes(self):
        script = self.folder / "completion"
        script.write_text(self.ok("completion", "bash").out)

        def complete(*words):
            line = " ".join(f"'{w}'" for w in words)
            done = subprocess.run(
                ["bash", "-c", f"source {script}; COMP_WORDS=({line}); "
                 f"COMP_CWORD={len(words) - 1}; _consilium; echo ${{COMPREPLY[*]}}"],
                capture_output=True, text=True, check=True)
            self.assertEqual(done.stderr, "")
            return done.stdout.split()

        self.assertEqual(complete("consilium", "led"), ["ledger"])
        self.assertIn("transactions", complete("consilium", "ledger", ""))
        self.assertEqual(complete("consilium", "receipt", "verify", "--max"), ["--max-age"])
        self.assertEqual(complete("consilium", "ledger", "state", "--home", "x", "--pr"),
                         ["--prove"])

    def test_wrong_arguments_are_explained(self):
        for arguments, says in [
                ((), "needs a command"),
                (("leger",), "Did you mean 'consilium ledger'?"),
                (("ledger", "blcks"), "Did you mean 'consilium ledger blocks'?"),
                (("ledger",), "'consilium ledger' needs a command"),
                (("init",), "folder is required"),
                (("init", "x", "--port", "0"), "--port"),
                (("init", "x", "--port", "65536"), "--port"),
                (("init", "x", "--user-days", "366"), "--user-days"),
                (("version", "--jsn"), "--jsn"),
                (("key", "new", "x", "--algorithm", "rsa"), "rsa"),
                (("receipt", "verify"), "files is required"),
                (("ledger", "blocks", "--limit", "101"), "--limit"),
                (("ledger", "block", "x"), "'x' is not a height"),
                (("ledger", "block", "-1"), "-1"),
                (("ledger", "transactions", "--height", "-1"), "'-1' is not a height"),
                (("ledger", "transactions", "--height", "0"), "numbered from 1"),
                (("key", "retire", "x"), "'x' is not a whole number"),
                (("--verison",), "'consilium' has no option '--verison'"),
                (("ledger", "--json"), "'consilium ledger' has no option '--json'"),
                (("init", ""), "the folder has no name"),
                (("completion", "zsh"), "zsh")]:
            with self.subTest(arguments=arguments):
                result = self.refused(2, *arguments)
                self.assertIn(says, result.err)
                self.assertEqual(result.out, "")

    def test_version(self):
        self.assertRegex(self.ok("version").out, r"^consilium \d+\.\d+\.\d+\n")
        self.assertTrue(self.ok("version").out.startswith(self.ok("--version").out))
        shown = self.ok("version", "--json").json()
        self.assertEqual((shown["protocol_version"], shown["block_protocol"]), (1, 11))

    def test_keys(self):
        made = self.ok("key", "new", "k", "--json").json()
        file = self.folder / "k"
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        self.assertEqual(self.ok("key", "show", "k", "--json").json(), made)
        self.assertNotIn(file.read_text().split()[-1], self.ok("key", "show", "k").out)
        self.refused(4, "key", "new", "k")
        self.refused(4, "key", "show", "missing")
        file.chmod(0o640)
        self.assertIn("chmod 600", self.refused(4, "key", "show", "k").err)
        file.chmod(0o600)
        file.write_text(file.read_text().replace("public ", "public 0"))
        self.assertNotIn("secret 0", self.refused(4, "key", "show", "k").err)

    def test_init(self):
        network = self.make_network()
        for file in network.rglob("*"):
            if file.suffix in (".key", ".pem") or file.name == "users.json":
                self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600, file)
        genesis = json.loads((network / "genesis.json").read_text())
        self.assertEqual(len(genesis["validators"]), 4)
        self.refused(1, "init", "net")
        for member, says in [
                ("x=provider:Name:Address", "is not a member id"),
                ("xx=wizard:Name:Address", "not a kind of member; known are provider, payer"),
                ("xx=provider", "is not ID=KIND"),
                ("xx=provider:Name", "is not ID=KIND"),
                ("xx=provider::Address", "no network can begin like this"),
                ("xx=provider:" + "n" * 129 + ":Address", "no network can begin like this"),
                ("xx=provider:Na\x01me:Address", "no network can begin like this")]:
            with self.subTest(member=member):
                result = self.refused(2, "init", "bad", "--member", member)
                self.assertIn(says, result.err)
                self.assertFalse((self.folder / "bad").exists())
        self.refused(2, "init", "bad", "--address", "localhost")
        self.assertFalse((self.folder / "bad").exists())
        (self.folder / "bad").mkdir()
        (self.folder / "bad/mine").write_text("keep me")
        self.refused(2, "init", "bad", "--address", "localhost")
        self.assertEqual([f.name for f in (self.folder / "bad").iterdir()], ["mine"])
        # What is left of a network is not mixed with a new one.
        (network / "genesis.json").rename(network / "elsewhere")
        self.assertIn("a network was begun here", self.refused(1, "init", "net").err)
        result = self.ok("init", "own", "--json", "--port", 7000,
                         "--member", "north=provider+site:North Hospital:1 North Road",
                         "--member", "audit=auditor:Audit Office:2 South Road").json()
        self.assertEqual([m["member"] for m in result["members"]], ["audit", "north"])
        self.assertEqual(result["members"][1]["endpoint"], "https://127.0.0.1:7001")
        self.refused(2, "init", "twice", "--member", "aa=payer:N:A", "--member", "aa=payer:N:A")

    def test_doctor_names_what_is_wrong(self):
        network = self.make_network()
        config = network / "consilium.toml"
        self.assertEqual(self.ok("doctor", "--json", "--config", config).json()["faults"], 0)
        whole = config.read_text()

        def faults():
            result = self.run_command("doctor", "--json", "--config", config)
            self.assertEqual(result.code, 1, result.out)
            return {f["subject"]: f["text"] for f in result.json()["findings"]
                    if f["level"] == "fault"}

        config.write_text(whole.replace("threads = 2", "thread = 2", 1).replace(
            "cache_mib = 128", "cache_mib = 0"))
        result = self.run_command("doctor", "--config", config)
        self.assertIn("did you mean 'threads'", result.out)
        self.assertIn("cache_mib: 0 is not between", result.out)
        self.refused(2, "node", "--config", config)
        config.write_text(whole)
        key = network / "members/clinic/keys/member.key"
        key.chmod(0o644)
        self.assertEqual(list(faults()), ["clinic: member key"])
        self.refused(2, "node", "--config", config)
        key.chmod(0o600)
        other = network / "members/payer/keys/validator.key"
        (network / "members/clinic/keys/validator.key").write_text(other.read_text())
        self.assertEqual(list(faults()), ["clinic: validator key"])
        self.refused(2, "node", "--config", config)
        genesis = network / "genesis.json"
        genesis.write_text(genesis.read_text().replace('"power": "10"', '"power": "11"', 1))
        self.assertEqual(list(faults()), ["genesis"])
        self.refused(2, "node", "--config", config)
        genesis.unlink()
        self.assertEqual(list(faults()), ["genesis"])
        self.refused(4, "node", "--config", config)
        self.refused(4, "node", "--config", network)
        self.refused(4, "node", "--config", "missing")
        self.refused(2, "doctor-of-philosophy")

    def test_verify_refuses_what_is_no_receipt(self):
        network = self.make_network()
        genesis = network / "genesis.json"
        self.refused(4, "receipt", "verify", "--genesis", genesis, "missing")
        self.refused(4, "receipt", "verify", "--genesis", "missing", "missing")
        for content in (b"", b"\0", b"receipt", bytes(range(256)), secrets.token_bytes(4096)):
            (self.folder / "r").write_bytes(content)
            result = self.run_command("receipt", "verify", "--json", "--genesis", genesis, "r")
            self.assertEqual(result.code, 1)
            self.assertFalse(result.json()["receipts"][0]["good"])
            self.refused(1, "ledger", "check-block", "--genesis", genesis, "r")
        # A file that nobody can look into does not keep the others from being looked at.
        (self.folder / "empty").touch()
        result = self.refused(1, "receipt", "verify", "--genesis", genesis, "missing", "empty", ".",
                              "/dev/zero")
        self.assertEqual(result.out.count("REFUSED"), 4)
        self.assertIn("too large", result.out)
        result = self.refused(4, "receipt", "verify", "--json", "--genesis", genesis, "missing",
                              ".")
        self.assertEqual(result.json()["refused"], 2)
        self.refused(2, "submit", "/dev/zero", "--home", network, "--member", "payer")
        self.refused(2, "receipt", "show", "r")
        (self.folder / "g").write_text("{}")
        self.refused(2, "receipt", "verify", "--genesis", "g", "r")
        self.refused(2, "receipt", "verify", "--genesis", genesis, "--max-age", "soon", "r")

    def test_bench_prints_the_figures_that_are_asked_of_it(self):
        store = self.ok("bench", "store", "--keys", 1000, "--json").json()
        self.assertLessEqual({"keys", "updates_per_s", "creates_per_s", "appends_per_s",
                              "bytes_per_update", "bytes_per_create", "rss_mib"}, store[0].keys())
        verify = self.ok("bench", "verify", "--keys", 1000, "--seconds", 1, "--json").json()
        self.assertLessEqual({"receipts_per_s", "receipts_distinct_per_s", "presence_proof_bytes",
                              "absence_proof_bytes", "presence_make_us", "presence_check_us",
                              "completeness_100_check_us"}, verify.keys())
        self.assertGreater(verify["receipts_per_s"], 0)
        self.assertEqual(list(self.folder.iterdir()), [])
        (self.folder / "consilium-bench").mkdir()
        self.refused(4, "bench", "store")

    def test_nobody_listens(self):
        network = self.make_network()
        home = ("--home", network, "--member", "payer")
        for command in (("ledger", "status"), ("ledger", "blocks"), ("member", "list"),
                        ("receipt", "get", "0" * 64)):
            self.assertIn("nobody listens", self.refused(3, *command, *home).err)
        self.refused(2, "ledger", "status", "--url", "http://127.0.0.1:1")
        self.refused(3, "ledger", "status", "--url", "https://127.0.0.1:1")
        self.assertIn("there is no network in", self.refused(2, "ledger", "status").err)
        self.assertIn("Give --member one of",
                      self.refused(2, "ledger", "status", "--home", network).err)

    def test_commands_that_talk_to_a_node(self):
        network = self.make_network()
        process = self.start_node(network)
        env = {"CONSILIUM_HOME": str(network)}
        by_payer = {"env": env}
        self.assertEqual(self.ok("ledger", "status", "--json", "--member", "payer",
                                 **by_payer).json()["height"], 0)
        members = self.ok("member", "list", "--json", "--member", "payer", **by_payer).json()
        self.assertEqual([m["member_id"] for m in members["members"]],
                         ["clinic", "hospital", "payer", "regulator"])
        self.assertIn("Hilltop Clinic", self.ok("member", "list", "--member", "payer",
                                                **by_payer).out)
        self.refused(1, "member", "show", "nobody", "--member", "payer", **by_payer)
        self.ok("member", "contact", "--name", "Hill Clinic", "--address", "8 Hill Street",
                "--member", "clinic", **by_payer)
        self.assertIn("name = Hill Clinic",
                      self.ok("member", "show", "clinic", "--member", "payer", **by_payer).out)
        self.check_users(env)
        self.check_keys(env)
        self.check_ledger(env)
        self.check_repeated_record_ids(env)
        self.check_tokens(network, process, env)
        self.assertEqual(self.end(process, signal.SIGTERM), 0)

    def check_users(self, env):
        today = self.ok("user", "list", "--json", "--member", "clinic", env=env).json()
        # One in each role, and eight clinicians.
        self.assertEqual(len(today), 13)
        added = self.ok("user", "add", "--role", "clerk", "--days", 3, "--member", "clinic",
                        "--json", env=env).json()
        self.assertTrue(added["applied"])
        everyone = self.ok("user", "list", "--all", "--json", "--member", "clinic", env=env).json()
        self.assertEqual(len(everyone), 13 * 30 + 3)
        # By day and role, whatever order the file has.
        days = [u["valid_from"] for u in everyone]
        self.assertEqual(days, sorted(days))
        roles = [u["role"] for u in today]
        self.assertEqual(roles, [u["role"] for u in everyone[:13]])
        file = pathlib.Path(env["CONSILIUM_HOME"]) / "members/clinic/users.json"
        file.write_text(json.dumps(json.loads(file.read_text())[::-1]))
        self.assertEqual(everyone, self.ok("user", "list", "--all", "--json", "--member", "clinic",
                                           env=env).json())
        clerk = next(u["user"] for u in today if u["role"] == "clerk")
        self.ok("user", "revoke", clerk, "--member", "clinic", env=env)
        self.refused(2, "user", "revoke", "xyz", "--member", "clinic", env=env)
        result = self.run_command("submit", "--role", "clerk", "--member", "clinic", env=env,
                                  stdin=json.dumps([{"charts": {"close_link": {
                                      "link_id": "11" * 16, "version": 1}}}]))
        self.assertEqual(result.code, 1)
        self.assertIn("rejected by user-revoked", result.out)
        self.assertIn("by another user, role or member", result.out)
        # A batch that the ledger rejects leaves the list as it was.
        self.refused(1, "user", "add", "--role", "clerk", "--days", 1, "--from", "2020-01-01",
                     "--member", "clinic", env=env)
        self.assertEqual(len(self.ok("user", "list", "--all", "--json", "--member", "clinic",
                                     env=env).json()), 13 * 30 + 3)

    def check_keys(self, env):
        self.ok("key", "new", "second.key")
        registered = self.ok("key", "register", "second.key", "--json", "--member", "clinic",
                             env=env).json()
        self.assertEqual(registered["assigned"], [2])
        self.refused(1, "key", "register", "second.key", "--member", "clinic", env=env)
        self.ok("key", "retire", 2, "--member", "clinic", env=env)
        result = self.refused(1, "key", "retire", 2, "--member", "clinic", env=env)
        self.assertIn("rejected by", result.out)
        again = self.refused(1, "key", "register", "second.key", "--json", "--member", "clinic",
                             env=env).json()
        self.assertEqual((again["applied"], again["retry"]), (False, "never"))

    def check_ledger(self, env):
        more = {"env": env}
        payer = ("--member", "payer")
        blocks = self.ok("ledger", "blocks", "--json", "--limit", 100, *payer, **more).json()
        heights = [b["height"] for b in blocks["blocks"]]
        self.assertEqual(heights, list(range(1, len(heights) + 1)))
        listed = self.ok("ledger", "transactions", "--height", 1, "--json", *payer, **more).json()
        one = listed["transactions"][0]
        self.assertEqual((one["member"], one["outcome"]), ("clinic", "applied"))
        self.assertIn("set_member_contact", one["body"]["commands"][0]["membership"])
        before = self.ok("ledger", "state", "membership/member/clinic", "--at", 0, "--json",
                         *payer, **more).json()
        after = self.ok("ledger", "state", "membership/member/clinic", "--json", *payer,
                        **more).json()
        self.assertEqual(before["rows"][0]["value"]["name"], "Hilltop Clinic")
        self.assertEqual(after["rows"][0]["value"]["name"], "Hill Clinic")
        rows = self.ok("ledger", "state", "membership/member", "--prove", "--out", "m.receipt",
                       "--json", *payer, **more).json()
        self.assertEqual(len(rows["rows"]), 4)
        genesis = ("--genesis", env["CONSILIUM_HOME"] + "/genesis.json")
        self.ok("receipt", "verify", *genesis, "--expect", "membership/member", "--max-age", "1h",
                "m.receipt")
        self.refused(1, "receipt", "verify", *genesis, "--expect", "membership/node", "m.receipt")
        self.check_answer_that_is_no_longer_true(genesis, payer, env)
        self.refused(1, "receipt", "verify", *genesis, "--max-age", "0s", "m.receipt")
        self.ok("ledger", "state", "membership/member", "--at", 1, "--prove", "--out",
                "then.receipt", *payer, **more)
        about = ("receipt", "verify", *genesis, "--expect", "membership/member")
        self.refused(1, *about, "then.receipt")
        self.refused(1, *about, "--at", 2, "then.receipt")
        self.ok(*about, "--at", 1, "then.receipt")
        self.refused(2, "receipt", "verify", *genesis, "--expect", "nothing/here", "m.receipt")
        self.assertIn("state_receipt", self.ok("receipt", "show", "m.receipt").json())
        absent = self.ok("ledger", "state", "membership/member/nobody", "--prove", "--out",
                         "a.receipt", *payer, **more)
        self.assertIn("not there", absent.out)
        self.assertIn("does not exist", self.ok("receipt", "verify", *genesis, "a.receipt").out)
        self.refused(1, "ledger", "state", "membership/member", "--at", 99999, *payer, **more)
        self.refused(1, "ledger", "state", "membership/member", "--at", "2020-01-01", *payer,
                     **more)
        self.refused(2, "ledger", "state", "membership/member", "--at", "yesterday", *payer, **more)
        self.refused(2, "ledger", "state", "nothing/here", *payer, **more)
        self.ok("ledger", "block", 1, "--out", "1.block", *payer, **more)
        self.ok("ledger", "check-block", *genesis, "1.block")
        self.ok("ledger", "history", "--out", "v.history", *payer, **more)
        self.ok("receipt", "verify", *genesis, "--history", "v.history", "m.receipt")
        for command in (("block", 99999), ("transactions", "--height", 99999)):
            result = self.refused(1, "ledger", *command, *payer, **more)
            self.assertIn("the node has no block 99999", result.err)
            self.assertIn("There are blocks 1 to ", result.err)
        self.assertIn("the genesis document itself", self.refused(
            1, "ledger", "state", "membership/member", "--at", 0, "--prove", *payer, **more).err)
        self.assertIn("has not come yet", self.refused(
            1, "ledger", "state", "membership/member", "--at", "2999-01-01", *payer, **more).err)
        self.check_proof_of_the_newest(genesis, more)
        receipt = self.ok("receipt", "get", one["transaction_id"], "--out", "t.receipt", *payer,
                          **more)
        self.assertIn("Wrote t.receipt", receipt.out)
        self.ok("receipt", "verify", *genesis, "t.receipt")
        self.refused(1, "receipt", "get", "0" * 64, *payer, **more)
        self.refused(2, "receipt", "get", "short", *payer, **more)
        for text in ("", "nonsense", "{}", "[1]", '[{"charts": {"open_lin": {}}}]',
                     '[{"charts": {"open_chart": {"chart_id": "zz"}}}]', '[{"wizards": {}}]'):
            self.refused(2, "submit", *payer, stdin=text, **more)
        (self.folder / "raw").write_bytes(b"\x0a\x01x")
        self.refused(1, "submit", "--raw", "raw", *payer, **more)

    def check_repeated_record_ids(self, env):
        command = json.dumps({"commands": [{"documents": {"anchor_record": {
            "record_id": "5e" * 16, "commitment": "2b" * 32}}}]})
        records = "documents/record/member:hospital"
        hospital = ("--member", "hospital")
        verify = ("receipt", "verify", "--genesis", env["CONSILIUM_HOME"] + "/genesis.json")
        for warnings in (0, 1):
            self.ok("submit", "--role", "service", *hospital, stdin=command, env=env)
            # A proof is of the newest block that another one follows: it may be one behind.
            self.wait_for("the record is in the list that can be proven",
                          lambda rows=warnings + 1: self.proven_rows(records, env, verify) == rows)
            result = self.ok(*verify, "r.receipt").out
            self.assertIn(f"The list {records} is complete", result)
            self.assertEqual(result.count("WARNING"), warnings)
            found = self.ok(*verify, "--json", "r.receipt").json()["receipts"][0]["warnings"]
            self.assertEqual(len(found), warnings)
        self.assertIn(f"records 1, 2 of {records} carry the same record id, 5e5e", found[0])

    def proven_rows(self, prefix, env, verify):
        """Fetches r.receipt of a list; how many rows it shows."""
        self.ok("ledger", "state", prefix, "--prove", "--out", "r.receipt", "--member", "hospital",
                env=env)
        return len(self.ok(*verify, "--json", "r.receipt").json()["receipts"][0]["rows"])

    def check_proof_of_the_newest(self, genesis, more):
        """A time that no later block has closed: the hint names what the receipt can prove."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        proven = self.ok("ledger", "state", "membership/member", "--at", moment, "--prove", "--out",
                         "newest.receipt", "--member", "payer", **more)
        hint = proven.err.split(" receipt verify ")[1].split()
        self.assertEqual(hint[:2], [str(word) for word in genesis])
        self.ok("receipt", "verify", *hint)

    def check_answer_that_is_no_longer_true(self, genesis, payer, env):
        """A proof of the newest state ages: it says of which moment it is, and warns."""
        row = "membership/member/clinic"
        self.ok("ledger", "state", row, "--prove", "--out", "old.receipt", *payer, env=env)
        height = self.ok("ledger", "status", "--json", *payer, env=env).json()["height"]
        self.ok("member", "contact", "--name", "Newer Clinic", "--address", "1 New Street",
                "--member", "clinic", env=env)
        about = ("receipt", "verify", *genesis, "--expect", row)
        said = self.ok(*about, "old.receipt").out
        self.assertRegex(said, r"has this value, as of block \d+, 20\d\d-\d\d-\d\dT")
        self.assertIn("WARNING  It tells how things stood at 20", said)
        fresh = self.ok(*about, "--max-age", "1h", "old.receipt").out
        self.assertNotIn("WARNING", fresh)
        self.assertLessEqual(int(re.search(r"as of block (\d+)", fresh)[1]), height)
        time.sleep(1.1)
        self.refused(1, *about, "--max-age", "1s", "old.receipt")
        warned = self.ok(*about, "--json", "old.receipt").json()["receipts"][0]["warnings"]
        self.assertEqual(len(warned), 1)
        self.assertIn("--max-age", warned[0])
        self.ok("member", "contact", "--name", "Hill Clinic", "--address", "8 Hill Street",
                "--member", "clinic", env=env)

    def check_tokens(self, network, process, env):
        token = self.ok("token", "new", "--member", "payer", "--scope", "system/Ledger.r",
                        env=env).out
        (self.folder / "token").write_text(token)
        certificate = network / "members/payer/tls/node.crt"
        node = ("--url", process.listening["payer"], "--token-file", "token", "--trust",
                certificate)
        self.ok("ledger", "status", *node)
        key = network / "members/payer/tls/node.key"
        self.assertIn("does not hold a token", self.refused(
            2, "ledger", "status", *node[:2], "--token-file", key, "--trust", certificate).err)
        # Reading one is allowed, listing is not; nor is another member's node.
        self.assertIn("scope", self.refused(1, "ledger", "blocks", *node).err)
        self.refused(1, "ledger", "status", "--url", process.listening["clinic"], "--token-file",
                     "token", "--trust", network / "members/clinic/tls/node.crt")
        result = self.refused(3, "ledger", "status", "--url", process.listening["clinic"],
                              "--token-file", "token", "--trust", certificate)
        self.assertIn("Give --trust", result.err)
        self.refused(2, "token", "new", "--member", "payer", "--minutes", 1441, env=env)


if __name__ == "__main__":
    unittest.main()
