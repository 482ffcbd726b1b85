#!/usr/bin/python3
"""FreeRADIUS, which opens its modules with RTLD_DEEPBIND."""

import os
import re
import shutil

from harness import main, scenario
from processes import free_port

CONFIG = "/etc/freeradius/3.0"


def _configure(run):
    """Debian's configuration, with a user, on a port of its own."""
    folder = run.path("raddb")
    shutil.copytree(CONFIG, folder, symlinks=False)
    port = free_port()
    path = os.path.join(folder, "sites-enabled", "default")
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"(?m)^(\s*)port = 0$", r"\g<1>port = %d" % port,
                      file.read())
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r"(?m)^(\s*)ipaddr = \*$",
                          r"\g<1>ipaddr = 127.0.0.1", text))
    os.unlink(os.path.join(folder, "sites-enabled", "inner-tunnel"))
    with open(os.path.join(folder, "mods-config", "files", "authorize"),
              "a", encoding="utf-8") as file:
        file.write('\nbob Cleartext-Password := "hello"\n')
    return folder, port


@scenario(reporters=["freeradius"])
def freeradius_checks_its_configuration(run):
    run.run("freeradius", "-C", "-d", CONFIG, "-l", "stdout", compare="")


if __name__ == "__main__":
    main("freeradius", also=[CONFIG])
