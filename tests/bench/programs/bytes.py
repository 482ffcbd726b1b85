"""python3 with bytes of 3-63 KB: 20,000 live, replaced at random."""

import random

random.seed(7)
LIVE = 20000
slots = [b""] * LIVE
for turn in range(90000):
    size = random.randrange(3 * 1024, 63 * 1024)
    slots[turn if turn < LIVE else random.randrange(LIVE)] = b"x" * size
print(sum(map(len, slots)) > 0)
