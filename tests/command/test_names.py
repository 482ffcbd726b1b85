"""A program's name in reports: the one that was typed, and the file's."""

import ctypes
import errno
import json
import os
import shutil
import subprocess
import unittest

import sample

sample.need_build()
LIBRARY = os.path.join(sample.BUILD, "libmidpool.so")
TRUE = os.path.realpath("/bin/true")
OPEN_TREE, CLONE, AT_EMPTY_PATH = 428, 1, 0x1000


def loader():
    """The program that ELF programs name as their interpreter."""
    with open(TRUE, "rb") as file:
        data = file.read(4096)
    start = data.index(b"/lib")
    return data[start:data.index(b"\0", start)].decode()


class Names(sample.Case):
    def report(self, words, executable=None, name="%e.json", descriptors=(),
               **options):
        """(executable's name, file's name, %e) of a program's report."""
        folder = self.path("out")
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        env = dict(self.env, LD_PRELOAD=LIBRARY, MIDPOOL_CONF="report:json,"
                   f"report_file:{folder}/{name}")
        subprocess.run(words, executable=executable, env=env, check=True,
                       pass_fds=descriptors, cwd=self.dir, **options)
        written, = os.listdir(folder)
        with open(os.path.join(folder, written), encoding="utf-8") as file:
            report = json.load(file)
        self.process = report["process"]
        return (os.path.basename(self.process["executable"]),
                os.path.basename(self.process.get("file", "")),
                written.removesuffix(".json"))

    def test_its_own_name(self):
        self.assertEqual(self.report([TRUE]), ("true", "", "true"))
        self.assertEqual(self.process["executable"], TRUE)
        self.assertNotIn("file", self.process)
        self.assertEqual(self.report(["another"], executable=TRUE),
                         ("true", "", "true"))

    def test_a_link_is_what_the_user_typed(self):
        os.symlink(TRUE, self.path("redis"))
        for typed in (self.path("redis"), "./redis"):
            self.assertEqual(self.report([typed]), ("redis", "true", "redis"))
            self.assertEqual(self.process["executable"], self.path("redis"))
            self.assertEqual(self.process["file"], TRUE)

    def test_a_folder_that_is_a_link_changes_no_name(self):
        os.symlink(os.path.dirname(TRUE), self.path("bin"))
        self.assertEqual(self.report([self.path("bin/true")]),
                         ("true", "", "true"))
        self.assertEqual(self.process["executable"], TRUE)

    def test_a_script_is_its_interpreter_as_named_there(self):
        os.symlink("/bin/bash", self.path("shell"))
        script = self.write("script", f"#!{self.path('shell')}\nexit 0\n")
        os.chmod(script, 0o755)
        self.assertEqual(self.report([script])[0::2], ("shell", "shell"))

    def test_a_program_that_the_loader_was_told_to_run(self):
        os.symlink(TRUE, self.path("linked"))
        for words, expected in (
                ([TRUE], ("true", "", "true")),
                (["./linked"], ("linked", "true", "linked")),
                (["--argv0", "given", TRUE], ("true", "", "true"))):
            self.assertEqual(self.report([loader()] + words), expected)

    def copy(self):
        path = self.path("copy")
        shutil.copy(TRUE, path)
        return path

    def test_a_deleted_file_keeps_its_name(self):
        path = self.copy()
        file = os.open(path, os.O_RDONLY)
        self.addCleanup(os.close, file)
        os.unlink(path)
        self.assertEqual(self.report(
            ["called"], executable=f"/proc/self/fd/{file}",
            descriptors=[file]), ("copy", "", "copy"))

    def test_a_file_that_never_had_a_name_is_as_called(self):
        file = os.memfd_create("secret", 0)
        self.addCleanup(os.close, file)
        with open(TRUE, "rb") as source:
            os.write(file, source.read())
        started = dict(executable=f"/proc/self/fd/{file}", descriptors=[file])
        for called in ("runc", "/usr/bin/runc"):
            self.assertEqual(self.report([called], **started),
                             ("runc", "memfd:secret", "runc"))
        for empty in ("", "/", "/proc/self/exe"):
            name, _file, pattern = self.report([empty], **started)
            self.assertEqual(name, pattern)
            self.assertNotIn(name, ("", "exe"))

    def test_the_second_stage_of_crun(self):
        """A mount that is nowhere: the kernel calls the program '/'."""
        call = ctypes.CDLL(None, use_errno=True).syscall
        file = call(OPEN_TREE, -100, self.copy().encode(), CLONE)
        if file < 0:
            if ctypes.get_errno() in (errno.EPERM, errno.ENOSYS):
                self.skipTest("needs the right to clone a mount")
            raise OSError(ctypes.get_errno(), "open_tree")
        self.addCleanup(os.close, file)
        self.assertEqual(self.report(
            ["crun"], executable=f"/proc/self/fd/{file}",
            descriptors=[file]), ("crun", "", "crun"))
        self.assertEqual(self.process["file"], "/")

    def test_debians_redis_server(self):
        server = shutil.which("redis-server")
        if server is None or not os.path.islink(server):
            self.skipTest("redis-server is no link here")
        self.assertEqual(
            self.report([server, "--version"], stdout=subprocess.DEVNULL),
            ("redis-server", os.path.basename(os.path.realpath(server)),
             "redis-server"))

    def test_the_command_uses_the_name(self):
        os.symlink("/bin/cat", self.path("worker"))
        program = subprocess.Popen(
            [sample.COMMAND, "run", "--build", sample.BUILD, "-o",
             "%e.json", "--", "./worker"], cwd=self.dir, env=self.env,
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(program.wait)
        self.addCleanup(program.stdin.close)
        for _ in range(600):
            done = self.midpool("live", "--once", "-i", "0.1", "--build",
                                sample.BUILD, "worker")
            if done.returncode == 0:
                break
        self.assertIn("worker [", done.out)
        _out, err = program.communicate()
        self.assertIn("midpool    worker [", err)
        self.assertTrue(os.path.exists(self.path("worker.json")))


if __name__ == "__main__":
    unittest.main()
