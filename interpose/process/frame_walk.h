/*
 * frame_walk.h - the calling thread's return addresses, by kept rules.
 *
 * Purpose   libgcc's unwinder reads the tables anew for each frame, about
 *           1,000 instructions; here a rule (frame_rule.h) is read once and
 *           kept by address, and a frame then costs about 40.
 * Model     A table of rules in our own memory, for all threads. A rule is
 *           found by its address and its object's stamp: a file that was
 *           loaded where another one was brings rules of its own. An entry is
 *           two words, written and read without a lock; the first is the key
 *           mixed with the second, so that halves of two entries match no key.
 * Limits    x86-64 with glibc 2.35 and later. Elsewhere, and at a rule that is
 *           too complex, the caller takes libgcc's unwinder.
 * Safety    Async-signal-safe. Only words between the stack pointer and the end
 *           of the thread's stack are read. Where the stack is none that libc
 *           knows (a coroutine's, an alternate one) its end is unknown; there,
 *           as in libgcc, the tables are trusted.
 */
#ifndef MIDPOOL_INTERPOSE_FRAME_WALK_H
#define MIDPOOL_INTERPOSE_FRAME_WALK_H

#include <stdint.h>

enum { FRAME_WALK_FAILED = -1 };

/*
 * Part of each rule's key. dlopen adds to it before it loads a file, so that
 * what was learned of a closed one, however alike, is not used any more.
 */
extern uint64_t frame_walk_generation __attribute__((visibility("hidden")));

/*
 * As stack_take (stack.h), with tables. FRAME_WALK_FAILED: another way is to
 * be taken.
 */
int frame_walk(uintptr_t *address, unsigned most);

/*
 * Up to where the stack at that address is certainly mapped: a thread's ends
 * at its descriptor, the first one's where libc says. 0: it is another stack.
 */
uintptr_t frame_stack_end(uintptr_t stack);

#endif
