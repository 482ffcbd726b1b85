#!/usr/bin/python3
"""FreeRADIUS, which opens its modules with RTLD_DEEPBIND."""

from harness import main, scenario

CONFIG = "/etc/freeradius/3.0"


@scenario(reporters=["freeradius"])
def freeradius_checks_its_configuration(run):
    run.run("freeradius", "-C", "-d", CONFIG, "-l", "stdout", compare="")


if __name__ == "__main__":
    main("freeradius", also=[CONFIG])
