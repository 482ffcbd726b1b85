#!/usr/bin/python3
"""node: Buffers, zlib, worker threads, streams, child processes."""

from harness import main, scenario

BUFFERS = """
const crypto = require('crypto'), zlib = require('zlib');
const hash = crypto.createHash('sha256');
let kept = [];
for (let round = 0; round < 40; round++) {
  for (let size = 2048; size <= 65536; size += 1024) {
    const buffer = Buffer.alloc(size, round + size % 251);
    hash.update(buffer.subarray(size >> 1));
    kept[(size >> 10) % 40] = Buffer.concat([buffer, Buffer.from('x')]);
  }
}
for (const size of [2000, 20000, 60000, 300000]) {
  const data = Buffer.alloc(size, 'midpool and more ');
  for (const [pack, unpack] of [['deflateSync', 'inflateSync'],
      ['gzipSync', 'gunzipSync'], ['brotliCompressSync',
      'brotliDecompressSync']]) {
    const packed = zlib[pack](data);
    if (!zlib[unpack](packed).equals(data)) throw new Error(pack);
    hash.update(packed);
  }
}
console.log(hash.digest('hex'), kept.length);
"""

WORKERS = """
const { Worker, isMainThread, workerData, parentPort } =
    require('worker_threads');
const zlib = require('zlib');
if (isMainThread) {
  const results = [];
  for (let id = 0; id < 4; id++) {
    const worker = new Worker(__filename, { workerData: id });
    worker.on('message', (m) => results.push(m));
    worker.on('exit', (code) => {
      results.push(`exit ${code}`);
      if (results.length === 8) console.log(results.sort().join(' '));
    });
  }
} else {
  let sum = 0;
  for (let size = 2048; size < 65536; size += 777) {
    const data = Buffer.alloc(size, workerData + 1);
    sum += zlib.inflateSync(zlib.deflateSync(data)).length;
  }
  parentPort.postMessage(`${workerData}:${sum}`);
}
"""

STREAMS = """
const fs = require('fs'), zlib = require('zlib');
const { pipeline } = require('stream/promises');
const { execFileSync } = require('child_process');
(async () => {
  fs.writeFileSync('in', Buffer.alloc(3000000, 'some text to pack'));
  await pipeline(fs.createReadStream('in'), zlib.createGzip(),
                 fs.createWriteStream('in.gz'));
  await pipeline(fs.createReadStream('in.gz'), zlib.createGunzip(),
                 fs.createWriteStream('out'));
  console.log(fs.readFileSync('in').equals(fs.readFileSync('out')));
  console.log(execFileSync(process.execPath,
      ['-e', 'console.log(Buffer.alloc(40000).length)']).toString());
  process.exit(6);
})();
"""


@scenario(band=True, text=True, reporters=["node"])
def buffers(run):
    run.run("node", "-e", BUFFERS)


@scenario(band=True, reporters=["node"])
def worker_threads(run):
    run.run("node", run.write("workers.js", WORKERS))


@scenario(band=True, reporters=["node"])
def streams_and_children(run):
    run.run("node", run.write("streams.js", STREAMS), status=6)


if __name__ == "__main__":
    main("node")
