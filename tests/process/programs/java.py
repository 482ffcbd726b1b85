#!/usr/bin/python3
"""java: -version, javac, threads, direct buffers, compression."""

from harness import main, scenario

SOURCE = """
import java.nio.ByteBuffer;
import java.util.concurrent.*;
import java.util.zip.*;

public class Work {
    static long pack(int size) throws Exception {
        byte[] data = new byte[size];
        for (int i = 0; i < size; i++) data[i] = (byte) (i % 61);
        Deflater deflater = new Deflater();
        deflater.setInput(data);
        deflater.finish();
        byte[] packed = new byte[size + 100];
        int length = deflater.deflate(packed);
        deflater.end();
        Inflater inflater = new Inflater();
        inflater.setInput(packed, 0, length);
        byte[] back = new byte[size];
        inflater.inflate(back);
        CRC32 crc = new CRC32();
        crc.update(back);
        inflater.end();
        ByteBuffer direct = ByteBuffer.allocateDirect(size);
        direct.put(back);
        direct.flip();
        crc.update(direct);
        return crc.getValue();
    }

    public static void main(String[] args) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        java.util.List<Future<Long>> results = new java.util.ArrayList<>();
        for (int size = 2048; size <= 65536; size += 512) {
            final int n = size;
            results.add(pool.submit(() -> pack(n)));
        }
        long sum = 0;
        for (Future<Long> result : results) sum = sum * 31 + result.get();
        pool.shutdown();
        pool.awaitTermination(30, TimeUnit.SECONDS);
        System.out.println(sum + " " + results.size());
        System.exit(7);
    }
}
"""


@scenario(text=True, reporters=["java"])
def version(run):
    run.run("java", "-version")


@scenario(band=True, reporters=["java", "javac"])
def compile_and_run(run):
    run.write("Work.java", SOURCE)
    run.run("javac", "-d", ".", "Work.java")
    run.run("java", "-Xmx256m", "-cp", ".", "Work", status=7)
    run.run("java", "-Xmx256m", "-Xcomp", "-XX:TieredStopAtLevel=1", "-cp",
            ".", "Work", status=7)


if __name__ == "__main__":
    main("java", "javac")
