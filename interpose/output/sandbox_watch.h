/*
 * sandbox_watch.h - notices the seccomp filters that the program sets.
 *
 * Programs set filters through libc's prctl or syscall, as libseccomp does. At
 * start the imports of prctl and syscall are redirected in all objects that
 * import prctl, which an unprivileged program must call before it sets a
 * filter; no symbol is exported for it. Before a filter is set,
 * stderr_target_confirm makes the checks that may be forbidden afterwards; then
 * sandbox_apply reads the filter.
 * Not seen: filters set by instructions of the program's own or by libraries
 * opened later, and those that the process was started with. The latter let
 * the loader open and stat files, too.
 */
#ifndef MIDPOOL_INTERPOSE_SANDBOX_WATCH_H
#define MIDPOOL_INTERPOSE_SANDBOX_WATCH_H

/* In the constructor. */
void sandbox_watch(void);

#endif
