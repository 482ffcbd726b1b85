/*
 * snapshot_base.h - counting anew from a reset: the sums of then are taken off
 * those of now. For snapshot.c only.
 */
#ifndef MIDPOOL_STATS_SNAPSHOT_BASE_H
#define MIDPOOL_STATS_SNAPSHOT_BASE_H

#include "snapshot.h"

/* Subtracts the counts that the last reset noted. */
void snapshot_take_off_bin(struct stats_counts *c,
                           const struct stats_base_bin *base);
void snapshot_take_off_profile(struct stats_snapshot *out,
                               const struct stats_base *base);

#endif
