# perl with strings of 3-40 KB: joined, cut, matched, kept in a ring of 4,000.
use strict;
use warnings;

srand 7;
my @part = map { chr(65 + $_ % 26) x (100 + $_) } 0 .. 63;
my (@ring, $sum);
for my $turn (0 .. 24999) {
    my $text = join '', map { $part[rand 64] } 0 .. 20 + rand 230;
    $ring[$turn % 4000] = lc($text) . $turn;
    $sum += length substr $text, 2000;
    $sum += () = $text =~ /ZZ+/g;
}
print $sum > 0, "\n";
