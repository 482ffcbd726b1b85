<?php
// php, its own allocator off: strings of 3-60 KB and arrays, 8,000 live.
mt_srand(7);
$ring = array_fill(0, 8000, null);
$sum = 0;
for ($turn = 0; $turn < 40000; $turn++) {
    if ($turn % 4 == 0) {
        $ring[mt_rand(0, 7999)] = range(1, mt_rand(300, 3000));
    } else {
        $text = str_repeat(chr(97 + $turn % 26), mt_rand(3000, 60000));
        $ring[mt_rand(0, 7999)] = $text;
        $sum += strlen(strtoupper(substr($text, 0, 2500)));
    }
}
echo $sum > 0, "\n";
