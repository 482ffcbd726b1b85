// node with Buffers of 16 KB: a ring of 500, each written.
'use strict';
const ring = new Array(500);
let sum = 0;
for (let turn = 0; turn < 120000; turn++) {
  const buffer = Buffer.allocUnsafeSlow(16 * 1024);
  buffer[0] = turn & 255;
  buffer[16383] = 1;
  ring[turn % ring.length] = buffer;
  sum += buffer[0];
}
console.log(sum > 0);
