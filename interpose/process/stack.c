/* stack.c - see stack.h. */
#include "stack.h"

#include <pthread.h>
#include <unwind.h>

#include "base.h"
#include "libc_release.h"
#include "own_image.h"

enum { LOCK_FREE_LIBC = 35 };

/* How far a frame may be from the next one, and a thread's from its end. */
enum { FRAME_BYTES_MAX = 1 << 20, STACK_BYTES_MAX = 64 << 20 };

#if defined(__x86_64__)
enum { FRAME_REGISTER = 6 };
#elif defined(__aarch64__)
enum { FRAME_REGISTER = 29 };
#else
enum { FRAME_REGISTER = -1 };
#endif

struct walk {
    uintptr_t *address;
    unsigned count;
    unsigned most;
    bool by_frame_pointers;
    uintptr_t frame; /* pointer of the first frame outside, where that is so */
    uintptr_t stack; /* and its stack pointer */
};

/* glibc's: the end of the first thread's stack. Other libcs lack it. */
extern void *__libc_stack_end __attribute__((weak));

bool
stack_eh_is_safe(void)
{
    return libc_release_since(LOCK_FREE_LIBC);
}

static void
note(struct walk *walk, uintptr_t address)
{
    if (walk->count < walk->most)
        walk->address[walk->count++] = address;
}

static _Unwind_Reason_Code
take_frame(struct _Unwind_Context *context, void *arg)
{
    struct walk *walk = arg;
    int before = 0; /* the address is the instruction's own: a signal frame */
    uintptr_t address = _Unwind_GetIPInfo(context, &before);

    if (address == 0 || walk->count == walk->most)
        return _URC_END_OF_STACK;
    if (walk->count == 0 && own_image_holds(address))
        return _URC_NO_REASON;
    note(walk, before ? address : address - 1);
    if (!walk->by_frame_pointers || FRAME_REGISTER < 0)
        return _URC_NO_REASON;
    walk->frame = _Unwind_GetGR(context, FRAME_REGISTER);
    walk->stack = _Unwind_GetCFA(context);
    return _URC_END_OF_STACK;
}

/*
 * Up to where the stack at that address is certainly mapped: a thread's ends
 * at its descriptor, the first one's where libc says. Of any other stack only
 * the page is known.
 */
static uintptr_t
end_of(uintptr_t stack)
{
    uintptr_t thread = (uintptr_t)pthread_self();
    uintptr_t first =
        &__libc_stack_end != NULL ? (uintptr_t)__libc_stack_end : 0;

    if (stack < first && first - stack < STACK_BYTES_MAX)
        return first;
    if (stack < thread && thread - stack < STACK_BYTES_MAX)
        return thread;
    return (stack | (SMALL_PAGE_BYTES - 1)) + 1;
}

/* A frame begins with the caller's frame pointer and the return address. */
static void
follow(struct walk *walk)
{
    uintptr_t end = end_of(walk->stack);
    uintptr_t from = walk->stack;
    uintptr_t frame = walk->frame;

    while (frame >= from && frame - from < FRAME_BYTES_MAX &&
           frame % sizeof(uintptr_t) == 0 &&
           frame + 2 * sizeof(uintptr_t) <= end && walk->count < walk->most) {
        const uintptr_t *word = (const uintptr_t *)frame;

        if (word[1] < SMALL_PAGE_BYTES)
            break;
        note(walk, word[1] - 1);
        from = frame + 2 * sizeof(uintptr_t);
        frame = word[0];
    }
}

unsigned
stack_take(uintptr_t *address, unsigned most, bool by_frame_pointers)
{
    struct walk walk = {
        .address = address,
        .most = most,
        .by_frame_pointers = by_frame_pointers,
    };

    _Unwind_Backtrace(take_frame, &walk);
    if (walk.frame != 0)
        follow(&walk);
    return walk.count;
}
