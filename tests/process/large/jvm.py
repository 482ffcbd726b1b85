#!/usr/bin/python3
"""A JVM under load: every collector, many threads, native buffers."""

import _paths  # noqa: F401
from harness import main, scenario

SOURCE = """
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.stream.*;
import java.util.zip.*;

public class Load {
    static final AtomicLong sum = new AtomicLong();

    static void work(int id) throws Exception {
        Random random = new Random(id);
        ByteBuffer[] live = new ByteBuffer[64];
        Map<Integer, byte[]> map = new HashMap<>();
        for (int i = 0; i < 3000; i++) {
            int size = 2048 + random.nextInt(63488);
            byte[] data = new byte[size];
            random.nextBytes(data);
            CRC32 crc = new CRC32();
            if (i % 8 == 0) {
                Deflater deflater = new Deflater(i % 9);
                deflater.setInput(data);
                deflater.finish();
                byte[] out = new byte[size + 2000];
                crc.update(out, 0, deflater.deflate(out));
                deflater.end();
            }
            ByteBuffer direct = ByteBuffer.allocateDirect(size);
            direct.put(data).flip();
            live[i % 64] = direct;
            map.put(i % 500, data);
            ByteBuffer other = live[random.nextInt(64)];
            if (other != null) crc.update(other.duplicate());
            sum.addAndGet(crc.getValue());
        }
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (int key : new TreeSet<>(map.keySet())) digest.update(map.get(key));
        sum.addAndGet(ByteBuffer.wrap(digest.digest()).getInt());
    }

    public static void main(String[] args) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(24);
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
            final int id = i;
            all.add(pool.submit(() -> { work(id); return null; }));
        }
        try {
            for (Future<?> one : all) one.get();
        } catch (ExecutionException e) {
            e.printStackTrace();
            System.exit(1);
        }
        pool.shutdown();
        for (int round = 0; round < 300; round++) {
            Thread thread = new Thread(() -> sum.addAndGet(
                ByteBuffer.allocateDirect(5000).capacity()));
            thread.start();
            thread.join();
        }
        long sorted = IntStream.range(0, 2000000).parallel()
            .mapToObj(i -> "k" + i % 1000).collect(
                Collectors.groupingByConcurrent(k -> k,
                                                Collectors.counting()))
            .values().stream().mapToLong(v -> v).sum();
        Process child = new ProcessBuilder("sh", "-c", "echo child").start();
        String line = new String(child.getInputStream().readAllBytes());
        System.out.println(sum.get() + " " + sorted + " " + line.trim());
    }
}
"""


def _register(collector):
    def load(run):
        run.write("Load.java", SOURCE)
        run.run("javac", "-d", ".", "Load.java")
        run.run("java", "-Xmx1500m", "-XX:+Use%sGC" % collector,
                "-XX:MaxDirectMemorySize=400m", "Load")
    load.__name__ = "load_" + collector
    scenario(band=True, timeout=300, reporters=["java"])(load)


for name in ("Serial", "Parallel", "G1", "Z"):
    _register(name)

if __name__ == "__main__":
    main("java", "javac")
