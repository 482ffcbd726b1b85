#!/usr/bin/python3
"""perl and lua: strings that grow, tables, children."""

from harness import main, scenario

PERL = r"""
use strict; use Digest::MD5 qw(md5_hex); use Storable qw(freeze thaw);
my ($seed, @words) = (7);
for my $i (1 .. 3000) {
    $seed = ($seed * 1103515245 + 12345) % 2147483648;
    push @words, ("w$seed ") x ($i % 400);
}
my $text = join "", @words[0 .. 2999];
my %count; $count{$_}++ for split / /, $text;
my $copy = thaw freeze \%count;
my $line = "";
$line .= substr($text, $_ * 7, 50) for 0 .. 2000;
(my $other = $text) =~ s/(\d)(\d)/$2$1/g;
my @long = map { "x" x ($_ * 64) } 32 .. 1024;
print md5_hex(join ",", map { "$_=$copy->{$_}" } sort keys %$copy), "\n";
print md5_hex($line), " ", md5_hex($other), " ", md5_hex(@long), "\n";
for my $number (1 .. 30) {
    my $pid = fork // die;
    if (!$pid) { my $s = "y" x (1000 * $number); exit length($s) / 1000 }
    waitpid $pid, 0;
    print $? >> 8, " ";
}
print `echo from a child`;
exit 4;
"""

LUA = """
local parts, seed = {}, 7
for i = 1, 4000 do
    seed = (seed * 1103515245 + 12345) % 2147483648
    parts[#parts + 1] = string.rep(tostring(seed), 1 + i % 700)
end
local text, sum = table.concat(parts, ","), 0
for i = 1, #text, 997 do sum = (sum * 31 + text:byte(i)) % 1000000007 end
local swapped, count = text:sub(1, 300000):gsub("12", "21")
for size = 2048, 65536, 512 do
    local line = string.rep("z", size)
    sum = (sum + #(line:upper() .. line)) % 1000000007
end
for i = 1, 50 do
    coroutine.wrap(function()
        local list = {}
        for j = 1, 2000 do list[j] = j * i end
        coroutine.yield(#list)
    end)()
end
print(#text, sum, count, #swapped, string.format("%5.1f", 2 ^ 0.5))
os.exit(5, true)
"""


@scenario(band=True, text=True)
def perl(run):
    run.run("perl", run.write("work.pl", PERL), status=4)


@scenario(band=True, text=True)
def lua(run):
    run.run("lua5.4", run.write("work.lua", LUA), status=5)


@scenario()
def perl_dies_with_the_same_words(run):
    run.run("perl", "-e", 'die "no\n"', status=255)
    run.run("perl", "-e", "kill 9, $$", status=-9)


if __name__ == "__main__":
    main("perl", "lua5.4")
