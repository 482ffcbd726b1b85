/*
 * main.c - bench [OPTIONS] WORKLOAD ARGS...: runs one workload and prints
 * its figures, "metric value" lines.
 */
#include "bench.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct workload *const tables[] = {
    workloads_pair,  workloads_replace, workloads_handover, workloads_larson,
    workloads_walk,  workloads_grow,    workloads_memory,   workloads_sleepers,
    workloads_floor, workloads_load,    workloads_founding, workloads_tail,
};

enum { TABLES = sizeof tables / sizeof *tables };

static int
usage(FILE *out)
{
    fputs("usage: bench [--ms N] [--reps N] [--wait S] [--cpu N] "
          "WORKLOAD ARGS...\n",
          out);
    for (unsigned i = 0; i < TABLES; i++) {
        for (const struct workload *w = tables[i]; w->name != NULL; w++) {
            fprintf(out, "  %s\n", w->usage);
        }
    }
    return out == stdout ? 0 : 2;
}

static const struct workload *
find(const char *name)
{
    for (unsigned i = 0; i < TABLES; i++) {
        for (const struct workload *w = tables[i]; w->name != NULL; w++) {
            if (strcmp(w->name, name) == 0) {
                return w;
            }
        }
    }
    return NULL;
}

static void
pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) {
        bench_fail("can not pin to that CPU");
    }
}

/* Returns the index of the first argument after the options. */
static int
options(int argc, char **argv)
{
    int at = 1;
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        unsigned value = (unsigned)bench_number(argv[at + 1]);
        if (strcmp(argv[at], "--ms") == 0) {
            bench_options.ms = value;
        } else if (strcmp(argv[at], "--reps") == 0) {
            bench_options.reps = value > 0 ? value : 1;
        } else if (strcmp(argv[at], "--wait") == 0) {
            bench_options.wait = value;
        } else if (strcmp(argv[at], "--cpu") == 0) {
            bench_options.cpu = (int)value;
        } else {
            exit(usage(stderr));
        }
    }
    return at;
}

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        return usage(stdout);
    }
    int at = options(argc, argv);
    const struct workload *workload = at < argc ? find(argv[at]) : NULL;
    if (workload == NULL) {
        return usage(stderr);
    }
    if (bench_options.cpu >= 0) {
        pin(bench_options.cpu);
    }
    int result = workload->run(argc - at - 1, argv + at + 1);
    struct bench_memory memory = bench_memory_now();
    bench_print("peak_rss_kb", (double)memory.peak_rss_kb);
    bench_print("faults", (double)memory.faults);
    return result;
}
