#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that are wrong in a way that must not pass in silence: each is refused, and says why."""
import re
import unittest

import support


class InputTest(support.Case):
    def test_doctor_finds_what_keeps_a_node_from_starting(self):
        network = self.make_network()
        config = network / "consilium.toml"
        whole = config.read_text()

        def both_refuse(subject, says, code=2):
            result = self.refused(1, "doctor", "--json", "--config", config)
            faults = {f["subject"]: f["text"] for f in result.json()["findings"]
                      if f["level"] == "fault"}
            self.assertEqual(list(faults), [subject])
            self.assertIn(says, faults[subject])
            return self.refused(code, "node", "--config", config).err

        key = network / "members/clinic/tls/node.key"
        own = key.read_text()
        for junk in ((network / "members/payer/tls/node.key").read_text(), "junk", ""):
            key.write_text(junk)
            says = both_refuse("clinic: certificate", "is not the key of")
            self.assertIn("are not a certificate and its key", says)
        key.write_text(own)
        for file, subject, name in ((key, "clinic: certificate", "TLS key"),
                                    (network / "members/clinic/keys/token.pem",
                                     "clinic: token key", "token key")):
            for mode in (0o644, 0o620):
                file.chmod(mode)
                says = both_refuse(subject, "can be read or written by others")
                self.assertIn(f"the {name} {file} can be read or written by others than its owner; "
                              f"run: chmod 600 {file}", says)
            if name == "token key":
                self.assertIn("chmod 600", self.refused(
                    2, "token", "new", "--home", network, "--member", "clinic").err)
            file.chmod(0o600)
        folders = re.findall(r'^data = "(.*)"', whole, re.M)
        config.write_text(whole.replace(f'data = "{folders[1]}"', f'data = "{folders[0]}/"'))
        self.assertIn("is the folder of another node",
                      both_refuse("configuration", "is the folder of another node"))
        config.write_text(whole)
        self.assertEqual(self.ok("doctor", "--json", "--config", config).json()["faults"], 0)

    def test_doctor_reads_no_more_than_a_configuration_can_be(self):
        huge = self.folder / "huge"
        with huge.open("wb") as file:
            file.truncate(1 << 40)
        for config, says in (("/dev/zero", "is too large"), (huge, "is too large"),
                             (self.folder, "is a folder, not a file"),
                             ("missing", "No such file")):
            result = self.refused(1, "doctor", "--json", "--config", config)
            self.assertIn(says, result.json()["findings"][0]["text"])
        network = self.make_network()
        (network / "genesis.json").unlink()
        (network / "genesis.json").symlink_to("/dev/zero")
        result = self.refused(1, "doctor", "--config", network / "consilium.toml")
        self.assertIn("is too large", result.out)

    def test_submit_takes_no_command_that_it_would_lose(self):
        network = self.make_network()
        contact = '"set_member_contact":{"name":"LOST","address":"x"}'
        for text, says in (
                ('{"commands":[{"membership":{%s,"retire_key":{"key_id":77}}}]}' % contact,
                 "command 1.membership.retire_key: cannot be given beside set_member_contact"),
                ('{"commands":[{"membership":{"set_member_contact":{"name":"a","name":"b",'
                 '"address":"x"}}}]}',
                 "the input gives commands[0].membership.set_member_contact.name twice"),
                ('{"commands":[],"commands":[{"membership":{%s}}]}' % contact,
                 "the input gives commands twice"),
                ('{"commands":[{"membership":{%s}}],"comands":[]}' % contact,
                 "the input's comands: unknown; known here: commands"),
                ('[{"membership":{%s}},{"membership":{%s,%s}}]' % ((contact,) * 3),
                 "the input gives [1].membership.set_member_contact twice")):
            with self.subTest(text=text):
                result = self.refused(2, "submit", "--home", network, "--member", "payer",
                                      stdin=text)
                self.assertIn(says, result.err)
        (self.folder / "empty").touch()
        self.assertIn("is empty", self.refused(2, "submit", "--raw", "empty", "--home", network,
                                               "--member", "payer").err)

    def test_a_name_cannot_repaint_what_is_said_of_it(self):
        network = self.make_network()
        name = "r\x1b[2K\x1b[1A\rgood     other"
        (self.folder / name).touch()
        result = self.refused(1, "receipt", "verify", "--genesis", network / "genesis.json", name)
        self.assertIn("REFUSED  r\\x1b[2K\\x1b[1A\\x0dgood     other\n", result.out)
        self.assertIn("the file is empty", result.out)
        self.assertIn("is empty", self.refused(2, "receipt", "show", name).err)
        for said in (result.out, self.refused(4, "receipt", "show", name + "x").err):
            self.assertNotIn("\x1b", said)


if __name__ == "__main__":
    unittest.main()
