/*
 * unreported.h - reports of forked processes that could not be written.
 *
 * Purpose   A worker of a server often may not write where its parent may: it
 *           runs as another user, in another root directory, in a sandbox.
 *           Its counters would then be lost.
 * Model     A process shares a page of memory with all processes that it and
 *           its children fork. A process that can not write a report adds its
 *           counts; the next of them that reports at its end, usually the
 *           parent, takes the sum and reports it (advice "unreported"). A
 *           program that was started by exec does not share the page.
 * Ownership One anonymous shared mapping. If there is no memory for it, nothing
 *           is reported. No lock: the sums are made by atomic additions.
 */
#ifndef MIDPOOL_INTERPOSE_UNREPORTED_H
#define MIDPOOL_INTERPOSE_UNREPORTED_H

#include "page.h"

/* Makes the shared page; called at start, before any fork. */
void unreported_start(void);

/* Takes the sum, which is then 0. Async-signal-safe. */
struct stats_unreported unreported_take(void);

/* Adds to the sum. Async-signal-safe. */
void unreported_add(const struct stats_unreported *more);

#endif
