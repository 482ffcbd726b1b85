/*
 * filter.h - computes a seccomp filter's answer to a system call.
 *
 * Model     A filter is a classic BPF program without loops that sees the
 *           call's number, architecture and arguments. It is run here on calls
 *           that were not made yet. The kernel has checked the program before:
 *           jumps lie within it and it ends with a return.
 * Ownership The program is the caller's. Nothing is kept; thread-safe.
 */
#ifndef MIDPOOL_INTERPOSE_FILTER_H
#define MIDPOOL_INTERPOSE_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>

/*
 * The value that the program returns, SECCOMP_RET_KILL_PROCESS for a program
 * that the kernel would not have accepted.
 */
unsigned filter_run(const struct sock_fprog *program,
                    const struct seccomp_data *call);

/* True if the program lets the call pass: SECCOMP_RET_ALLOW or _LOG. */
bool filter_allows(const struct sock_fprog *program,
                   const struct seccomp_data *call);

#endif
