#!/usr/bin/python3
"""knot-resolver's kresd, linked with libjemalloc: answers from its hints."""

from harness import main, scenario
from processes import accepts, free_port

CONFIG = """
net.listen('127.0.0.1', %(port)d, { kind = 'dns' })
modules = { 'hints > iterate' }
for number = 1, 300 do
    hints.set('host' .. number .. '.example 10.0.0.' .. number %% 256)
end
cache.size = 20 * MB
trust_anchors.remove('.')
"""


@scenario(band=True, reporters=["kresd"])
def answers_from_hints(run):
    port = free_port()
    run.write("kresd.conf", CONFIG % {"port": port})
    server = run.start("kresd", "-n", "-q", "-c", run.path("kresd.conf"),
                       run.dir, ready=lambda: accepts(port))
    names = run.write("names", "".join("host%d.example A\n" % number
                                       for number in range(1, 301)))
    for way in ("+notcp", "+tcp"):
        run.run("dig", "-p", str(port), "@127.0.0.1", "+time=60", "+short",
                way, "-f", names)
    run.stop(server)


if __name__ == "__main__":
    main("kresd", "dig")
