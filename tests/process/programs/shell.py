#!/usr/bin/python3
"""bash and dash with hundreds of children; tar, xz, zstd and gzip pipes."""

import hashlib

from harness import main, scenario

CHILDREN = r"""
set -u
total=0
for i in $(seq 1 250); do
    line=$(/bin/echo "$i")
    total=$((total + line))
done
echo "$total"
for i in $(seq 1 60); do ( exit $((i % 7)) ) || total=$((total + $?)); done
for i in $(seq 1 20); do sh -c "exit $i" & done
wait
big=$(head -c 60000 /dev/zero | tr '\0' x)
echo "${#big} ${big:59990}" "$total"
printf '%s\n' "$big" | sed 's/x/y/g' | tr y z | cut -c1-5000 | wc -c
seq 1 20000 | sort -r | awk '{ s += $1 * NR } END { print s }'
seq 1 3000 | xargs -n 300 -P 2 echo | wc -w
find /usr/share/doc -maxdepth 1 -name 'lib*' | sort | md5sum
kill -s TERM $$
"""


def _tree(run):
    for number in range(120):
        body = (b"file %d\n" % number) * (300 + number * number)
        run.write("tree/d%d/f%d" % (number % 9, number), body)


def _digest(out):
    return len(out), hashlib.sha256(out).hexdigest()


@scenario(band=True, reporters=["bash", "sort", "sed", "xargs", "find"])
def hundreds_of_children(run):
    run.run("bash", run.write("children.sh", CHILDREN), status=-15)


@scenario(reporters=["sort", "sed"])
def hundreds_of_children_of_dash(run):  # it ends by _exit: no report itself
    script = CHILDREN.replace("${big:59990}", "")
    run.run("dash", run.write("children.sh", script), status=-15)


@scenario(band=True, reporters=["tar", "xz", "zstd", "gzip"], text=True)
def archives(run):
    _tree(run)
    pack = ("tar --sort=name --mtime=@1000000000 --owner=0 --group=0 "
            "--numeric-owner -cf - tree")
    for tool in ("xz -2 -T1", "xz -1 -T2 --block-size=200KiB", "zstd -3 -T2",
                 "zstd -12 -T1", "gzip -6", "bzip2"):
        run.run("bash", "-o", "pipefail", "-c",
                "%s | %s | tee packed | %s -dc | tar -tf - && rm -rf out && "
                "mkdir out && %s -dc < packed | tar -xf - -C out && "
                "diff -r tree out/tree && cksum < packed" % (
                    pack, tool, tool.split()[0], tool.split()[0]),
                show=_digest)
    # In a pipe xz 5.8 may open no file any more, so it leaves no report.
    for name in ("one", "two"):
        run.write(name, name.encode() * 50000)
    run.run("xz", "-1", "-k", "one", "two")
    run.run("cksum", "one.xz", "two.xz")


if __name__ == "__main__":
    main("bash", "dash", "tar", "xz", "zstd", "gzip", "bzip2")
