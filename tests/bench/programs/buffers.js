// node with Buffers of 16 KB: a ring of 500, each written from end to end.
'use strict';
const ring = new Array(500);
let sum = 0;
for (let turn = 0; turn < 60000; turn++) {
  const buffer = Buffer.allocUnsafeSlow(16 * 1024).fill(turn & 255);
  ring[turn % ring.length] = buffer;
  sum += buffer[16383];
}
console.log(sum > 0);
