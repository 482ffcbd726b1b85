#!/usr/bin/python3
"""Servers whose workers run as another user, or in another root directory:
Apache httpd and dovecot. Their reports are written, or told by another."""

import hashlib
import imaplib
import json
import os
import signal
import subprocess

from harness import another_user, main, scenario
from processes import accepts, free_port

MODULES = "/usr/lib/apache2/modules"
HTTPD = """
ServerRoot %(dir)s
ServerName localhost
PidFile httpd.pid
DefaultRuntimeDir %(dir)s
Listen 127.0.0.1:%(port)d
LoadModule mpm_%(model)s_module %(modules)s/mod_mpm_%(model)s.so
LoadModule authz_core_module %(modules)s/mod_authz_core.so
LoadModule deflate_module %(modules)s/mod_deflate.so
LoadModule filter_module %(modules)s/mod_filter.so
SetOutputFilter DEFLATE
%(user)s
ErrorLog error.log
DocumentRoot site
StartServers 2
"""

DOVECOT = """
base_dir = %(dir)s/base
state_dir = %(dir)s/base
log_path = %(dir)s/mail.log
protocols = imap
listen = 127.0.0.1
ssl = no
first_valid_uid = 1
service imap-login {
  inet_listener imap {
    port = %(port)d
  }
  inet_listener imaps {
    port = 0
  }
}
"""
DOVECOT_23 = DOVECOT + """
import_environment = TZ LD_PRELOAD MIDPOOL_CONF
disable_plaintext_auth = no
mail_location = maildir:%(dir)s/mail
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=%(user)s gid=%(group)s home=%(dir)s/mail
}
"""
# Of Debian 13 and newer. The first setting has to be the first.
DOVECOT_24 = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
""" + DOVECOT + """
import_environment {
  LD_PRELOAD = %%{env:LD_PRELOAD}
  MIDPOOL_CONF = %%{env:MIDPOOL_CONF}
}
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = %(dir)s/mail
passdb static {
  fields {
    nopassword = yes
  }
}
userdb static {
  fields {
    uid = %(user)s
    gid = %(group)s
    home = %(dir)s/mail
  }
}
"""


def _digest(out):
    return len(out), hashlib.sha256(out).hexdigest()


def _serve_httpd(run, model):
    port = free_port()
    user = another_user("www-data")
    run.write("site/page.txt", b"a line of a page that is sent\n" * 3000)
    run.write("httpd.conf", HTTPD % {
        "dir": run.dir, "port": port, "model": model, "modules": MODULES,
        "user": "User %s\nGroup #%d" % (user.pw_name, user.pw_gid)
        if user else ""})
    server = run.start("apache2", "-f", run.path("httpd.conf"),
                       "-DFOREGROUND", ready=lambda: accepts(port))
    url = "http://127.0.0.1:%d/page.txt" % port
    for _ in range(6):
        run.run("curl", "-sS", "--fail", "--compressed", url, show=_digest)
    run.stop(server, signal.SIGTERM)


@scenario(band=True, reporters=["apache2"])
def httpd_event(run):
    _serve_httpd(run, "event")


@scenario(band=True, reporters=["apache2"], text=True)
def httpd_prefork(run):
    _serve_httpd(run, "prefork")
    run.require_workers("apache2", 2)


@scenario(reporters=["curl"])
def httpd_workers_that_may_not_write(run):
    """The parent tells of them."""
    usual = run.env
    folder = run.path("reports")
    os.mkdir(folder, 0o700)
    if run.mode() != "plain":
        run.env = dict(usual, MIDPOOL_CONF="report:json,report_file:%s/"
                       "%%e.%%p.json" % folder)
    _serve_httpd(run, "prefork")
    run.env = usual
    run.run("curl", "--version", compare="")
    if run.mode() == "plain" or another_user() is None:
        return
    lost = gets = 0
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            report = json.load(file)
        told = report["process"].get("unreported", {})
        lost += told.get("processes", 0)
        gets += told.get("gets", 0)
    run.require(lost >= 2 and gets >= 6,
                "%d processes, %d gets are told of" % (lost, gets))


def _session(port):
    box = imaplib.IMAP4("127.0.0.1", port)
    box.login("somebody", "anything")
    box.append("INBOX", None, None,
               b"Subject: a letter\r\n\r\n" + b"word " * 4000 + b"\r\n")
    count = box.select("INBOX")[1][0]
    length = len(box.fetch(count, "(RFC822)")[1][0][1])
    box.logout()
    return count, length


def _dovecot_conf():
    version = subprocess.run(["dovecot", "--version"], check=True,
                             capture_output=True, text=True).stdout
    return DOVECOT_23 if version.startswith("2.3.") else DOVECOT_24


def _serve_dovecot(run):
    port = free_port()
    user = another_user("www-data")
    os.mkdir(run.path("mail"))
    os.chown(run.path("mail"), user.pw_uid, user.pw_gid)
    run.write("dovecot.conf", _dovecot_conf() % {
        "dir": run.dir, "port": port, "user": user.pw_name,
        "group": user.pw_gid})
    server = run.start("dovecot", "-F", "-c", run.path("dovecot.conf"),
                       ready=lambda: accepts(port))
    run.note("sessions", [_session(port) for _ in range(3)])
    run.stop(server, signal.SIGTERM)


def _dovecot_log(run, lines):
    """Its logins are chrooted, and its log gets no line of each."""
    if another_user() is None:
        run.run("dovecot", "--version", compare="")
        return
    _serve_dovecot(run)
    with open(run.path("mail.log"), "rb") as log:
        said = [line for line in log if b"midpool" in line]
    run.require(len(said) <= lines, "in the mail log: %r" % said[:3])


@scenario(reporters=["dovecot"])
def dovecot_with_files(run):
    _dovecot_log(run, 0)


@scenario(reporters=["curl"])
def dovecot_with_text(run):
    usual = run.env
    if run.mode() != "plain":
        run.env = dict(usual, MIDPOOL_CONF="")
    _dovecot_log(run, 0)
    run.env = usual
    run.run("curl", "--version", compare="")


if __name__ == "__main__":
    main("apache2", "dovecot", "curl", also=[MODULES])
