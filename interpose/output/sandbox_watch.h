/*
 * sandbox_watch.h - detects the seccomp filters that the program sets.
 *
 * Programs set filters through libc's prctl or syscall, as libseccomp does. At
 * start the imports of prctl and syscall are redirected in all objects that
 * import prctl, which an unprivileged program must call before it sets a
 * filter. No symbol is exported for this purpose. Right before a filter is set,
 * stderr_target_confirm makes the checks that the filter may forbid; then
 * sandbox_apply reads the filter.
 * Not detected: filters that the program sets by its own system call
 * instructions or through a library opened later, and filters that were in
 * force at the start. The latter allow files to be opened and examined, because
 * the loader does so.
 */
#ifndef MIDPOOL_INTERPOSE_SANDBOX_WATCH_H
#define MIDPOOL_INTERPOSE_SANDBOX_WATCH_H

/* Redirects the imports. Thread: the constructor's. */
void sandbox_watch(void);

#endif
