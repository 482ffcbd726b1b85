# ruby with strings of 3-60 KB and arrays of 300-7,000 numbers: 8,000 live.
srand 7
ring = Array.new(8000)
sum = 0
30_000.times do |turn|
  ring[rand(ring.size)] =
    if turn % 4 == 0
      Array.new(300 + rand(6700)) { |i| i }
    else
      ('a'.ord + turn % 26).chr * (3000 + rand(57_000))
    end
  sum += ring[turn % ring.size].to_a.size if turn % 97 == 0 &&
                                              ring[turn % ring.size].is_a?(Array)
end
puts sum > 0
