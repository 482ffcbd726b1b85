#!/usr/bin/python3
"""python3: compression, JSON, SQL, threads, processes forked and spawned."""

from harness import main, scenario

PYTHON = "/usr/bin/python3"

LIBRARY = """
import bz2, hashlib, json, lzma, random, re, sqlite3, zlib
random.seed(20)
digest = hashlib.sha256()
texts = [random.randbytes(size).hex() for size in range(1000, 33000, 500)]
for text in texts:
    data = text.encode()
    for module in (zlib, bz2, lzma):
        packed = module.compress(data)
        assert module.decompress(packed) == data
        digest.update(packed)
    digest.update(re.sub("[0-9]+", "-", text).encode())
packed = json.dumps({str(i): text for i, text in enumerate(texts)}, indent=1)
assert list(json.loads(packed).values()) == texts
base = sqlite3.connect(":memory:")
base.execute("create table t(k integer primary key, v blob)")
base.executemany("insert into t(v) values(?)",
                 [(text.encode(),) for text in texts])
for (value,) in base.execute("select v from t order by length(v) desc, k"):
    digest.update(value)
for size in range(1, 70000, 97):
    digest.update(bytes(bytearray(size)))
print(digest.hexdigest(), len(packed))
"""

THREADS = """
import queue, threading, zlib
work, done = queue.Queue(), queue.Queue()
def run():
    while True:
        size = work.get()
        if size is None:
            return
        data = bytes(range(256)) * (size // 256)
        done.put((size, zlib.crc32(zlib.compress(data))))
threads = [threading.Thread(target=run) for _ in range(8)]
for thread in threads: thread.start()
for size in range(2048, 65537, 256): work.put(size)
for _ in threads: work.put(None)
for thread in threads: thread.join()
results = sorted(done.get() for _ in range(done.qsize()))
print(len(results), zlib.crc32(repr(results).encode()))
"""

POOL = """
import multiprocessing, sys, zlib
def work(size):
    data = bytes(size)
    return size, zlib.crc32(data * 3), len(zlib.compress(data))
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(int(sys.argv[2])) as pool:
        print(pool.map(work, range(1000, 66000, 1000)))
        pool.close()
        pool.join()
"""

CHILDREN = """
import os, subprocess, sys
total = 0
for number in range(150):
    pid = os.fork()
    if pid == 0:
        data = [bytes(size) for size in range(2048, 65536, 4096)]
        os._exit((len(data) + number) % 256)
    total += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
for number in range(20):
    total += subprocess.run(["/bin/sh", "-c", "exit %d" % number]).returncode
print(total)
sys.exit(3)
"""


@scenario(band=True, text=True)
def standard_library(run):
    run.run(PYTHON, "-c", LIBRARY)


@scenario(band=True)
def every_object_from_malloc(run):
    run.run(PYTHON, "-c", LIBRARY, env={"PYTHONMALLOC": "malloc"})


@scenario(band=True)
def threads(run):
    run.run(PYTHON, "-c", THREADS)


@scenario(band=True)
def processes_forked(run):
    run.run(PYTHON, run.write("pool.py", POOL), "fork", "4")


@scenario(band=True)
def processes_spawned(run):
    run.run(PYTHON, run.write("pool.py", POOL), "spawn", "2")


@scenario()
def hundreds_of_children(run):
    run.run(PYTHON, "-c", CHILDREN, status=3)


@scenario()
def an_error_is_the_same_error(run):
    run.run(PYTHON, "-c", "import os; os.abort()", status=-6)
    run.run(PYTHON, "-c", "raise SystemExit('no')", status=1)
    run.run(PYTHON, "-c", "x = bytes(1 << 62)", status=1)


if __name__ == "__main__":
    main(PYTHON)
